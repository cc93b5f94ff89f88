"""A form from its blank: sentences, grids, fields and titles, and the built-in form's blanks in every kind of file."""

from __future__ import annotations

import json
from pathlib import Path

import docx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.forms import form as form_commands
from pipeline.forms.blank import BlankCell, BlankLine, BlankTable, compact
from pipeline.forms.compose import FoundForm, blank_to_form
from pipeline.forms.doubts import Why
from pipeline.forms.fields import find_title, read_fields
from pipeline.forms.finding import find_blank_form
from pipeline.forms.joining import join_tables
from pipeline.forms.marks import find_boxes
from pipeline.forms.sentence import read_sentence
from pipeline.forms.spelling import mend, spell
from samples import containers
from samples.capture import capture, render, sheet_dpi
from samples.clauses import Clause, Manner, TypedReturn
from samples.sheet_file import write_sheets
from samples.word_file import write_word
from schemas.errors import ConfigError, NoTable
from schemas.form import FieldKind, Form, Mark, SlotKind
from schemas.form_file import toml_to_form
from schemas.safety_month import SAFETY_MONTH

BLANK = Path(__file__).parent.parent / "samples" / "blank.pdf"


def sentences(form: Form) -> list[tuple[str, str]]:
    """Headings and printed sentences, as both are printed."""
    return [(item.heading, slot.label) for item in form.items for slot in item.slots]


def printed(text: str) -> list[str]:
    """The slots of a cell's text, each with the words around it."""
    return [f"{slot.before}{slot.mark.value}{slot.after}" for slot in read_sentence(spell_lines(text)).slots]


def spell_lines(text: str) -> str:
    """A cell's text as forms spell it, paragraphs kept."""
    return "\n".join(spell(line) for line in text.split("\n"))


def table(*rows: list[str | None], above: tuple[str, ...] = (), below: tuple[str, ...] = ()) -> BlankTable:
    """A blank table of texts: None goes on from the cell to its left, "^" from the one above."""
    cells: list[BlankCell] = []
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text is None or text == "^":
                continue
            wide = next((n for n, more in enumerate(row[column + 1 :]) if more is not None), len(row) - column - 1)
            high = next((n for n, more in enumerate(rows[number + 1 :]) if more[column] != "^"), len(rows) - number - 1)
            lines = tuple(BlankLine(spell(line)) for line in text.split("\n") if line)
            cells.append(BlankCell(number, column, high + 1, wide + 1, lines))
    return BlankTable(tuple(cells), *(tuple(BlankLine(spell(text)) for text in texts) for texts in (above, below)))


def made(blank: BlankTable) -> FoundForm:
    """The form of a table that has one."""
    found = blank_to_form(blank)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("组织宣讲（）场，参与（）人次；发表文章（）篇。", ["组织宣讲（）场，", "参与（）人次；", "发表文章（）篇。"]),
        (
            "答题(  )人次\n开展“乡村行”活动(　　)场,受众（）人次",
            ["答题（）人次", "开展“乡村行”活动（）场，", "受众（）人次"],
        ),
        ("答题（）人次开展“应急、志愿”活动（）场", ["答题（）人次", "开展“应急、志愿”活动（）场"]),
        ("网络直播（）场、（）人观看。", ["网络直播（）场、", "（）人观看。"]),
        ("公布案例（）个，衔接（含危险、作业罪）案例（）个。", ["公布案例（）个，", "衔接（含危险、作业罪）案例（）个。"]),
        ("培训（）人其中女职工（）人", ["培训（）人", "其中女职工（）人"]),
        ("投入＿＿＿万元；购置设备___台（套）", ["投入＿＿万元；", "购置设备＿＿台（套）"]),
        ("是否成立：□是 □否；配备（）人", ["是否成立：□是", " □否；", "配备（）人"]),
        ("是□ 否□；台账（）本", ["是□", "否□；", "台账（）本"]),
        ("举办时间（    年  月  日），地点（）。", ["举办时间（），", "地点（）。"]),
        ("时间：____年___月___日", ["时间：＿＿"]),
        ("支出（）万\n元，救助（）人\n次", ["支出（）万元，", "救助（）人次"]),
        ("不需要填写（盖章）", []),
    ],
)
def test_sentences_are_split_as_people_read_them(text: str, expected: list[str]) -> None:
    """Each slot gets the words before it and its word of measure with what joins it; a pair with words in it is print."""
    assert printed(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("参与（）人次", SlotKind.COUNT, "人次"),
        ("投入（）万元", SlotKind.MONEY, "万元"),
        ("面积（）平方米", SlotKind.MONEY, "平方米"),
        ("培训金额（万元）（）", SlotKind.MONEY, "万元"),
        ("组织（）场/次，", SlotKind.COUNT, "场"),
        ("活动名称（），", SlotKind.TEXT, ""),
        ("主要做法（不超过30字）（）；", SlotKind.TEXT, ""),
        ("启动时间（），", SlotKind.DATE, ""),
        ("活动时间（ 年 月 日）", SlotKind.DATE, ""),
        ("参加人数（）", SlotKind.COUNT, ""),
        ("□已完成", SlotKind.TICK, ""),
    ],
)
def test_kinds_come_from_the_words_around(text: str, kind: SlotKind, unit: str) -> None:
    """A word of measure, or the last word before the mark, says what is written in it."""
    (slot,) = read_sentence(spell(text)).slots
    assert (slot.kind, slot.unit) == (kind, unit)


def test_people_right_behind_events_took_part_in_them() -> None:
    """人次 behind 场 in one clause is tied to it; behind ； or behind other units it is not."""
    text = "宣讲（）场，参与（）人次；答题（）人次；检查（）次；表彰（）人；举办培训班（）个，参训（）人次"
    assert [slot.events for slot in read_sentence(text).slots] == [False, True, False, False, False, False, True]


def test_boxes_of_one_question_are_one_choice() -> None:
    """Boxes side by side exclude each other, those of the next question are its own; 可多选 says otherwise."""
    text = "是否成立：□是 □否；是否持证：□全部 □部分 □无"
    assert [slot.choice for slot in read_sentence(spell(text)).slots] == ["c1", "c1", "c2", "c2", "c2"]
    assert {slot.choice for slot in read_sentence(spell(text), "排查方式（可多选）").slots} == {""}


CLAUSES = st.lists(
    st.tuples(
        st.sampled_from(["组织宣讲", "参与", "发放资料", "查改隐患"]), st.sampled_from(["场", "人次", "份", "个", "万元"])
    ),
    min_size=1,
    max_size=8,
)


@given(CLAUSES, st.sampled_from(["，", "；", "、", "。"]))
def test_clauses_come_back_whole(clauses: list[tuple[str, str]], joint: str) -> None:
    """Clauses that points join are found one by one, each to the letter, and nothing of the sentence is lost."""
    words = [f"{before}（）{unit}{joint}" for before, unit in clauses]
    assert printed("".join(words)) == words


@pytest.mark.parametrize(
    ("read", "meant"),
    [("（）场.参与（）人次：", "（）场，参与（）人次；"), ("1.开展", "1.开展"), ("12.5", "12.5"), ("（（）场", "（）场")],
)
def test_points_that_cannot_be_are_mended(read: str, meant: str) -> None:
    """What a recogniser makes of commas and semicolons is put right; points of numbers stay."""
    assert mend(spell(read)) == meant


def test_a_lone_parenthesis_before_a_unit_is_a_slot_and_told() -> None:
    """Where one half was not recognised the slot is there all the same, and a person is asked to look."""
    found = made(table(["项目", "情况"], ["宣讲", "组织）场，参与（）人次"]))
    assert [slot.label for slot in found.form.slots] == ["组织（）场", "参与（）人次"]
    assert Why.UNCLOSED in {doubt.why for doubt in found.doubts}


def test_slots_outside_the_table_are_told() -> None:
    """Where a photo has lost a table's first rows, what stands in them is seen above it, and a person told."""
    found = made(table(["项目", "情况"], ["宣讲", "组织（）场"], above=("统计表", "1.培训 举办（）期，参训（）人次")))
    assert [doubt.words for doubt in found.doubts if doubt.why is Why.OUTSIDE] == ["1.培训 举办（）期，参训（）人次"]


def test_a_grid_of_fixed_rows() -> None:
    """Empty cells under headings are slots; two storeys of headings are joined; numbers of rows are no words of theirs."""
    found = made(
        table(
            ["序号", "工种", "培训", None, "金额\n（万元）"],
            ["^", "^", "期数", "人次", "^"],
            ["1", "焊工", "", "", ""],
            ["2", "电工", "", "", ""],
            ["", "合计", "", "", ""],
        )
    )
    form = found.form
    assert form.columns == ("序号", "工种", "培训·期数", "培训·人次", "金额（万元）")
    assert [item.heading for item in form.items] == ["焊工", "电工", "合计"]
    first = form.items[0].slots
    assert [(slot.column, slot.kind, slot.unit) for slot in first] == [
        ("培训·期数", SlotKind.COUNT, "期"),
        ("培训·人次", SlotKind.COUNT, "人次"),
        ("金额（万元）", SlotKind.MONEY, "万元"),
    ]
    assert first[1].events == first[0].path
    assert all(slot.mark is Mark.CELL for slot in form.slots)
    sums = [slot.sums for slot in form.items[2].slots]
    assert sums == [(one.path, two.path) for one, two in zip(first, form.items[1].slots, strict=True)]


def test_a_second_totals_row_is_doubted() -> None:
    """Which rows the last of several totals rows adds up, a person must say."""
    found = made(table(["类别", "人数"], ["甲", ""], ["乙", ""], ["小计", ""], ["丙", ""], ["丁", ""], ["总计", ""]))
    assert Why.TOTAL in {doubt.why for doubt in found.doubts}


def test_rows_to_repeat_and_their_totals() -> None:
    """Rows with nothing but a number in them are one item that repeats; the totals row adds up its numbers alone."""
    form = made(
        table(
            ["序号", "单位名称", "班组（个）", "日期"],
            ["1", "", "", ""],
            ["2", "", "", ""],
            ["…", "", "", ""],
            ["合计", None, "", ""],
        )
    ).form
    rows, totals = form.items
    assert rows.repeats
    assert [(slot.column, slot.kind) for slot in rows.slots] == [
        ("单位名称", SlotKind.TEXT), ("班组（个）", SlotKind.COUNT), ("日期", SlotKind.DATE),
    ]  # fmt: skip
    assert [slot.sums for slot in totals.slots] == [(rows.slots[1].path,)]


def test_cells_among_sentences() -> None:
    """A row whose right cell is empty is one cell to fill in; its unit stands in its heading. 备注 takes words."""
    form = made(table(["项目", "数据"], ["工作室（个）", ""], ["成果", "攻关（）项，专利（）项"], ["备注", ""])).form
    assert [(slot.mark, slot.kind, slot.unit) for slot in form.slots] == [
        (Mark.CELL, SlotKind.COUNT, "个"),
        (Mark.PARENTHESES, SlotKind.COUNT, "项"),
        (Mark.PARENTHESES, SlotKind.COUNT, "项"),
        (Mark.CELL, SlotKind.TEXT, ""),
    ]


def test_fields_within_the_table_are_fields() -> None:
    """Labels beside empty cells in a table's first rows are the form's fields, not slots."""
    form = made(
        table(
            ["填报单位（盖章）", "", "联系人", ""],
            ["活动项目", "活动情况", None, None],
            ["宣讲", "组织（）场", None, None],
            above=("附件1", "云川市总工会", "2028年读书活动统计表"),
        )
    ).form
    assert [(field.key, field.label) for field in form.header] == [("unit", "填报单位（盖章）"), ("contact", "联系人")]
    assert (form.title, len(form.slots)) == ("2028年读书活动统计表", 1)


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("填报单位（盖章）____ 联系人____ 电话____ 填报日期____", ["填报单位（盖章）", "联系人", "电话", "填报日期"]),
        ("填报单位（盖章）联系人电话填报日期", ["填报单位（盖章）", "联系人", "电话", "填报日期"]),
        ("单位：（盖章）        经办人：       时间：    年  月  日", ["单位（盖章）", "经办人", "时间"]),
        ("汇总单位（公章）：      审核人：     负责人：", ["汇总单位（公章）", "审核人", "负责人"]),
        ("填报单位（公章）____ 填报人____ 电话一____ 填报日期一", ["填报单位（公章）", "填报人", "电话", "填报日期"]),
        ("注：1.金额保留两位小数。", []),
    ],
)
def test_fields_are_told_from_lines(line: str, labels: list[str]) -> None:
    """Labels are found by gaps, colons and lines, and usual ones even without any."""
    assert [field.label for field in read_fields([spell(line)])] == labels


def test_usual_fields_have_their_kinds() -> None:
    """Who, by whom, by which telephone, and when are known by their labels' words."""
    fields = read_fields([spell("推荐单位（盖章）： 填表人： 手机： 推荐日期： 职务：")])
    assert [field.kind for field in fields] == [
        FieldKind.UNIT, FieldKind.NAME, FieldKind.PHONE, FieldKind.DATE, FieldKind.TEXT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["请于6月30日前报送。", "附件：", "青禾县总工会“送清凉”活动统计表", "单位：＿＿ 电话：＿＿"], "“送清凉”活动统计表"),
        (["2028年全市职工", "书屋建设情况表", "（单位：个）"], "2028年全市职工书屋建设情况表"),
        (["工会干部登记表", "— 3 —"], "工会干部登记表"),
        (["请认真填写。"], ""),
    ],
)
def test_the_title_is_told_from_other_lines(lines: list[str], title: str) -> None:
    """Neither sentences, page numbers, fields nor the note about units are titles; the issuer's name is no part of one."""
    assert find_title([spell(line) for line in lines]) == title


def test_a_table_that_a_page_end_parts_is_one() -> None:
    """Rows on the next page go on, with or without the heading printed again."""
    first = table(["项目", "情况"], ["一", "（）场"], above=("统计表",))
    for second in (table(["二", "（）人"]), table(["项目", "情况"], ["二", "（）人"])):
        (joined,) = join_tables([first, second])
        assert [item.heading for item in made(joined).form.items] == ["一", "二"]
    assert len(join_tables([first, table(["二", "（）人"], above=("劳动竞赛汇总表",))])) == 2


def test_doubled_cells_are_one() -> None:
    """Where a doubled rule makes an empty cell upon another one, the words stay."""
    doubled = BlankTable((BlankCell(0, 0, 1, 1, ()), BlankCell(0, 0, 1, 1, (BlankLine("项目"),))))
    assert [cell.text for cell in compact(doubled).cells] == ["项目"]


def test_boxes_are_found_by_their_frames() -> None:
    """A hollow square is a box; a filled one, one with a stroke in it, and a flat frame are none."""
    ink = np.zeros((48, 300), np.uint8)
    for left, inside in ((10, 0), (70, 255), (130, 0), (190, 0)):
        ink[12:36, left : left + 24] = 255
        ink[15:33, left + 3 : left + 21] = inside
    ink[15:33, 140:144] = 255
    ink[12:20, 190:214] = 0
    ink[26:36, 190:214] = 0
    assert find_boxes(ink) == [(10.0, 34.0)]


def typed_blank() -> TypedReturn:
    """The built-in form as a unit would type it, with nothing filled in."""
    rows = tuple(
        (item.heading, (tuple(Clause(slot.before, None, slot.after, False) for slot in item.slots),))
        for item in SAFETY_MONTH.items
    )
    fields = tuple((field.label, None) for field in SAFETY_MONTH.header)
    return TypedReturn(f"云川市总工会{SAFETY_MONTH.title}", fields, ("活动项目", "活动进展情况"), rows)


@pytest.mark.parametrize(
    ("layout", "manner"),
    [
        ("plain", Manner()),
        ("header-cells", Manner(half=True, gap="  ")),
        ("split", Manner(gap="    ")),
        ("nested", Manner()),
    ],
)
def test_a_word_blank_is_its_form(tmp_path: Path, layout: str, manner: Manner) -> None:
    """The built-in form's blank as a Word file gives its headings and sentences to the letter."""
    path = tmp_path / "表.docx"
    write_word(path, [typed_blank()], layout, manner, np.random.default_rng(3))
    form = find_blank_form(path).form
    assert sentences(form) == sentences(SAFETY_MONTH)
    assert (form.title, [field.kind for field in form.header]) == (SAFETY_MONTH.title, [f.kind for f in SAFETY_MONTH.header])
    assert form.items[-1].repeats


@pytest.mark.parametrize("layout", ["plain", "header-cells"])
def test_an_excel_blank_is_its_form(tmp_path: Path, layout: str) -> None:
    """The same of an Excel file."""
    path = tmp_path / "表.xlsx"
    write_sheets(path, [typed_blank()], layout, Manner(), np.random.default_rng(3))
    form = find_blank_form(path).form
    assert sentences(form) == sentences(SAFETY_MONTH)
    assert form.title == SAFETY_MONTH.title


def test_the_printed_blank_is_its_form() -> None:
    """The blank PDF, whose table goes on on a second page, gives what the built-in form prints and which rule ties what."""
    form = find_blank_form(BLANK).form
    assert sentences(form) == sentences(SAFETY_MONTH)
    events = [(slot.label, slot.events is not None) for slot in form.slots]
    assert events == [(slot.label, slot.events is not None) for slot in SAFETY_MONTH.slots]
    assert [field.label for field in form.header] == [field.label for field in SAFETY_MONTH.header]
    assert "（含危险作业罪）" in {plain.words for plain in form.plain}


def test_a_scanned_blank_is_its_form(tmp_path: Path) -> None:
    """A scan of the blank, read by the recogniser of all characters, gives the same."""
    rng = np.random.default_rng(5)
    dpi = sheet_dpi("flatbed", rng)
    path = tmp_path / "扫描.pdf"
    containers.save(capture(render(BLANK, dpi), "flatbed", rng, dpi=dpi), path)
    assert sentences(find_blank_form(path).form) == sentences(SAFETY_MONTH)


def test_the_command_writes_a_form_file_that_reads_back(tmp_path: Path) -> None:
    """`form new` writes TOML that is the form, tells what to look at, and overwrites nothing."""
    out = tmp_path / "表样.toml"
    runner = CliRunner()
    done = runner.invoke(app, ["form", "new", str(BLANK), "--output", str(out), "--id", "mine-2027"])
    assert done.exit_code == 0, done.output
    assert sentences(toml_to_form(out.read_text(encoding="utf-8"))) == sentences(SAFETY_MONTH)
    again = runner.invoke(app, ["form", "new", str(BLANK), "--output", str(out)])
    assert isinstance(again.exception, ConfigError)
    told = json.loads(runner.invoke(app, ["form", "new", str(BLANK), "--json"]).stdout)
    assert [item["key"] for item in told["form"]["items"]] == [f"item{number}" for number in range(1, 8)]


@pytest.mark.parametrize("name", ["Bad", "a b", "-x"])
def test_an_id_that_cannot_be_is_refused(name: str) -> None:
    """Before anything is read."""
    assert isinstance(CliRunner().invoke(app, ["form", "new", str(BLANK), "--id", name]).exception, ConfigError)


def test_a_file_without_a_blank_says_so(tmp_path: Path) -> None:
    """A table with nothing to fill in is no form."""
    document = docx.Document()
    document.add_table(2, 2).cell(0, 0).text = "时间"
    for cell, text in zip(document.tables[0]._cells, ("时间", "内容", "6月", "启动"), strict=True):
        cell.text = text
    path = tmp_path / "通知.docx"
    document.save(str(path))
    with pytest.raises(NoTable):
        find_blank_form(path)


def test_every_form_command_shows_an_example() -> None:
    """As all commands do."""
    shown = {command.name: str(command.epilog) for command in form_commands.registered_commands}
    assert set(shown) == {"new", "check", "fill"}
    assert all(example.startswith(f"Example: kuohao form {name}") for name, example in shown.items())
