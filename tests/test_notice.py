"""Rules over a notice's words: what is found, in which spelling, and what is sent to a person."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import docx
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.commands.desk import open_office
from pipeline.commands.notice import notice_command
from pipeline.notice import read_notice
from pipeline.notice.assemble import assemble
from pipeline.notice.dates import find_dates, find_period
from pipeline.notice.markdown import to_markdown
from pipeline.notice.record import list_notices
from pipeline.settings import Settings
from samples.notices import make_notice
from schemas.errors import ConfigError, NoNotice, UnreadableFile
from schemas.notice import EXPECTED, FieldReason, FieldState, Notice
from schemas.text import TextLine, TextPage
from tests.bench.notices import score

HEAD = (
    "云川市总工会文件",
    "云工基〔2026〕10号",
    "云川市总工会关于开展职工技能竞赛的通知",
    "各县（市、区）总工会、市各产业工会：",
)
OPENING = "为推动技能竞赛扎实开展，进一步团结动员广大职工立足岗位作贡献，现将有关事项通知如下："
SIGNED = ("云川市总工会", "2026年6月1日")


def page(*lines: str, sure: float = 1.0) -> TextPage:
    """Paragraphs of a file that was never on paper."""
    made = [TextLine(0, text, (sure,) * len(text), frame=(0.0, place, 0.0, place + 1.0)) for place, text in enumerate(lines)]
    return TextPage(0, (0, 0), tuple(made))


def notice(*body: str, head: tuple[str, ...] = HEAD, signed: tuple[str, ...] = SIGNED, sure: float = 1.0) -> Notice:
    """A notice with these paragraphs between its head and its signature."""
    return assemble("通知.docx", [page(*head, OPENING, *body, *signed, sure=sure)])


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("云工基〔2026〕10号", "云工基〔2026〕10号"),
        ("云工基[2026]10号", "云工基〔2026〕10号"),
        ("云工办发【2026】第3号", "云工办发〔2026〕3号"),
        ("云工字（2026）12 号", "云工字〔2026〕12号"),
        ("云工 ［２０２６］ ７号", "云工〔2026〕7号"),
    ],
)
def test_number_has_one_spelling_whatever_its_brackets(printed: str, value: str) -> None:
    """Office, year and ordinal are parted, and put together in the canonical way."""
    number = notice(head=(HEAD[0], printed, *HEAD[2:])).number
    assert (number.value, number.year, number.state) == (value, 2026, FieldState.FOUND)
    assert number.value == f"{number.office}〔{number.year}〕{number.ordinal}号"


def test_number_that_a_sentence_refers_to_is_not_the_notices_own() -> None:
    """A notice without a number says so, and goes to a person."""
    read = notice("根据《关于开展竞赛的通知》（云安委办〔2026〕27号）要求，制定方案。", head=(HEAD[0], *HEAD[2:]))
    assert read.number.state is FieldState.NOT_FOUND
    assert "number" in read.missing
    assert read.review
    assert read.number.reasons == (FieldReason.NOT_FOUND,)


@pytest.mark.parametrize(
    "printed", ["2026年6月1日", "二〇二六年六月一日", "2026.6.1", "2026 年 6 月 1 日", "二○二六年六月一日"]
)
def test_day_of_issue_is_read_in_every_spelling(printed: str) -> None:
    """Digits, Chinese numerals and points."""
    assert notice(signed=(SIGNED[0], printed)).issued.iso == "2026-06-01"


@pytest.mark.parametrize(
    ("sentence", "iso", "time"),
    [
        ("请于6月30日前将活动总结报送市总工会组织部。", "2026-06-30", None),
        ("请各单位于2026年7月3日18:00前将统计表报市总工会。", "2026-07-03", "18:00"),
        ("务必于6月底前将总结和统计表报送至市总工会宣传教育部。", "2026-06-30", None),
        ("报送截止时间为7月5日，逾期不再受理。", "2026-07-05", None),
        ("请于1月15日下班前将总结报送我会。", "2027-01-15", None),
        ("请于6月25日（星期四）下午5时前将材料报送我会办公室。", "2026-06-25", "17:00"),
        ("总结请于六月三十日之前发送至邮箱。", "2026-06-30", None),
    ],
)
def test_deadline_is_the_day_before_which_to_report(sentence: str, iso: str, time: str | None) -> None:
    """Its year follows from the day of issue; other days in the notice are none."""
    read = notice("一、有关要求", f"6月15日前后要开展一次走访。5月底前督促企业设置公示牌。{sentence}")
    assert (read.deadline.iso, read.deadline.time, read.deadline.sentence) == (iso, time, sentence)
    assert not read.deadline.review


def test_addressees_without_their_colon_go_to_a_person() -> None:
    """A small point that was not seen loses no unit."""
    read = notice(head=(*HEAD[:3], HEAD[3][:-1]))
    assert [(one.value, one.review) for one in read.addressees] == [("各县（市、区）总工会", True), ("市各产业工会", True)]
    assert read.title.value == HEAD[2]


def test_deadline_that_contradicts_its_weekday_goes_to_a_person() -> None:
    """30 June 2026 is a Tuesday."""
    read = notice("请于6月30日（星期五）前将活动总结报送市总工会。")
    assert read.deadline.review
    assert FieldReason.UNUSUAL in read.deadline.reasons


def test_two_deadlines_go_to_a_person() -> None:
    """What could be either is nobody's guess."""
    read = notice("请于6月10日前将名单报送市总工会。", "请于6月30日前将总结报送市总工会。")
    assert FieldReason.SEVERAL in read.deadline.reasons
    assert read.deadline.review


def test_headings_have_levels_and_the_words_below_them() -> None:
    """一、 is level 1, （一） 2, 1. 3; a heading may have words behind it."""
    read = notice(
        "一、活动主题", "技能成就梦想。", "二、活动内容", "(一)摸底。要逐户走访。", "1.建立台账", "按月更新。", "（二）办赛"
    )
    told = [(one.level, one.mark, one.value, one.text) for one in read.sections]
    assert told == [
        (1, "一、", "活动主题", "技能成就梦想。"),
        (1, "二、", "活动内容", ""),
        (2, "（一）", "摸底", "要逐户走访。"),
        (3, "1.", "建立台账", "按月更新。"),
        (2, "（二）", "办赛", ""),
    ]
    assert read.theme.value == "技能成就梦想"


def test_heading_out_of_order_goes_to_a_person() -> None:
    """三、 does not follow 一、."""
    read = notice("一、活动主题", "技能成就梦想。", "三、活动内容", "逐户走访。")
    assert [one.review for one in read.sections] == [False, True]


@pytest.mark.parametrize(
    ("lines", "people", "phones", "emails"),
    [
        (("联系人：王平 李芳英 联系电话：5501234",), ("王平", "李芳英"), ("5501234",), ()),
        (("联系人：王平（0990-5501234）、李芳（13900001234）",), ("王平", "李芳"), ("0990-5501234", "13900001234"), ()),
        (
            ("联 系 人：王 平，电话：(0990)5501234，邮箱：a_b.1@example.com",),
            ("王平",),
            ("0990-5501234",),
            ("a_b.1@example.com",),
        ),
        (("联系人：王平李芳英", "E-mail：gh01＠example．com"), ("王平", "李芳英"), (), ("gh01@example.com",)),
        (("联系人：王平 电话：0990-550123413900001234",), ("王平",), ("0990-5501234", "13900001234"), ()),
        (("联系人：王平", "传真：0990-5501234", "举报电话12350"), ("王平",), (), ()),
    ],
)
def test_contacts_are_told_apart(
    lines: tuple[str, ...], people: tuple[str, ...], phones: tuple[str, ...], emails: tuple[str, ...]
) -> None:
    """Names, numbers and addresses, however they are strung together; fax and hotline are no telephone numbers."""
    read = notice(*lines)
    assert tuple(one.value for one in read.contacts) == people
    assert tuple(one.value for one in read.phones) == phones
    assert tuple(one.value for one in read.emails) == emails


def test_damaged_address_is_mended_and_shown() -> None:
    """What a recogniser does to an address is undone where there is one way only, and a person sees it."""
    (email,) = notice("邮箱：tongj1gh@l63.com", sure=0.9999).emails
    assert (email.value, email.review) == ("tongjlgh@163.com", True)
    (typed,) = notice("邮箱：a1b@c1d.com").emails
    assert (typed.value, typed.review) == ("a1b@c1d.com", False)


def test_link_may_go_on_behind_a_space() -> None:
    """A line's end within a link is a space here."""
    read = notice("资料下载链接：https://pan.example.com/s/ 15QXz2ib?pwd=gd3j），提取码gd3j。")
    assert [one.value for one in read.links] == ["https://pan.example.com/s/15QXz2ib?pwd=gd3j"]


def test_annexes_are_listed_with_their_numbers() -> None:
    """One alone has none; what is listed is no heading."""
    read = notice("一、总体要求", "附件：1.报名表", "2.职工技能竞赛项目安排表。")
    assert [(one.number, one.value) for one in read.annexes] == [(1, "报名表"), (2, "职工技能竞赛项目安排表")]
    assert [one.value for one in read.sections] == ["总体要求"]
    assert [(one.number, one.value) for one in notice("附件：报名表").annexes] == [(None, "报名表")]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("6月1日至6月30日", "2026-06-01", "2026-06-30"),
        ("2026年12月1日—1月15日", "2026-12-01", "2027-01-15"),
        ("即日起至9月底", None, "2026-09-30"),
        ("2026年6月至9月", "2026-06-01", "2026-09-30"),
        ("6月1日至30日", "2026-06-01", "2026-06-30"),
    ],
)
def test_period_has_days_where_they_are_certain(text: str, start: str | None, end: str) -> None:
    """The words stay as they are; days are worked out beside them."""
    period = notice("一、活动时间", f"{text}。").period
    assert (period.value, period.start, period.end) == (text, start, end)


def test_a_doubtful_character_is_a_doubtful_field() -> None:
    """What the recogniser was not sure of goes to a person, with a confidence below the words that it was sure of."""
    sure, unsure = notice(), notice(sure=0.99)
    assert unsure.title.confidence < sure.title.confidence
    assert unsure.title.review
    assert not sure.title.review


@given(st.dates(date(2001, 1, 1), date(2099, 12, 31)))
def test_every_day_is_found_as_it_is_written(day: date) -> None:
    """In digits and in numerals alike, and within a sentence."""
    numerals = "〇一二三四五六七八九"

    def words(number: int) -> str:
        tens, ones = divmod(number, 10)
        return ("" if not tens else ("十" if tens == 1 else numerals[tens] + "十")) + (numerals[ones] if ones else "")

    year = "".join(numerals[int(digit)] for digit in str(day.year))
    for text in (f"{day.year}年{day.month}月{day.day}日", f"{year}年{words(day.month)}月{words(day.day)}日"):
        (found,) = find_dates(f"请于{text}前报送")
        assert found.first() == day


@given(st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(0, 30))
def test_every_period_is_found_as_it_is_written(start: date, days: int) -> None:
    """From one day to another of the same year."""
    end = min(start + timedelta(days=days), date(2026, 12, 31))
    span = find_period(f"时间为{start.month}月{start.day}日至{end.month}月{end.day}日。")
    assert span is not None
    assert span.start is not None
    assert (span.start.first(2026), span.until.last(2026)) == (start, end)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_are_read_without_a_failure(first: str, second: str) -> None:
    """Whatever is written: a notice, or the reason that it is none."""
    lines = [text for text in (*first.splitlines(), *second.splitlines()) if text.strip()]
    try:
        read = assemble("甲.docx", [page(*lines)])
    except NoNotice:
        return
    assert Notice.model_validate_json(read.model_dump_json()) == read
    assert to_markdown(read)


def test_printed_notice_is_read_by_its_text_layer(tmp_path: Path) -> None:
    """What a born-digital notice says is found, each thing where it was printed; its blank form's pages are known."""
    truth = make_notice("digital", 72, tmp_path / "通知")
    read = read_notice(tmp_path / truth.file)
    assert [one.told for one in score(truth, read) if not one.right and not one.review] == []
    assert read.pages == truth.pages
    assert [form.pages for form in read.forms] == ([truth.form_pages] if truth.form_pages else [])


def test_word_file_is_read_by_its_paragraphs(tmp_path: Path) -> None:
    """Without pages and boxes; its blank table has the title above it."""
    document = docx.Document()
    for text in (*HEAD, OPENING, "请于6月30日前将统计表报送市总工会。", *SIGNED, "技能竞赛情况统计表"):
        document.add_paragraph(text)
    document.add_table(2, 2).cell(0, 0).text = "项目"
    document.save(str(tmp_path / "通知.docx"))
    read = read_notice(tmp_path / "通知.docx")
    assert (read.number.value, read.deadline.iso) == ("云工基〔2026〕10号", "2026-06-30")
    assert [(form.value, form.pages) for form in read.forms] == [("技能竞赛情况统计表", ())]
    assert not read.missing or not set(EXPECTED) & set(read.missing)
    assert (read.pages, read.title.page, read.title.box) == (0, None, None)


def test_command_tells_writes_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON on a line for each file, Markdown and JSON in the folder, a row in the office; a file that fails ends with 3."""
    document = docx.Document()
    for text in (*HEAD, OPENING, "请于6月30日前将统计表报送市总工会。", *SIGNED):
        document.add_paragraph(text)
    document.save(str(tmp_path / "通知.docx"))
    home, files = tmp_path / "办公室", [tmp_path / "通知.docx", tmp_path / "没有.pdf"]
    with pytest.raises(typer.Exit) as ended:
        notice_command(files, as_json=True, output=tmp_path / "结果", home=home)
    assert ended.value.exit_code == 3
    told, failed = capsys.readouterr().out.splitlines()
    assert Notice.model_validate_json(told).deadline.iso == "2026-06-30"
    assert json.loads(failed)["error"]["code"] == UnreadableFile.code
    assert (tmp_path / "结果" / "通知.json").read_text(encoding="utf-8").startswith("{")
    assert "云工基〔2026〕10号" in (tmp_path / "结果" / "通知.md").read_text(encoding="utf-8")
    store = open_office(Settings(home=home))
    assert [one.notice.title.value for one in list_notices(store)] == [HEAD[2]]
    store.close()
    with pytest.raises(ConfigError):
        notice_command(files, as_json=True, as_markdown=True)


def test_what_is_no_notice_says_so(tmp_path: Path) -> None:
    """A file without words and one that does not open are told apart."""
    document = docx.Document()
    document.add_paragraph("统计表")
    document.save(str(tmp_path / "空.docx"))
    with pytest.raises(NoNotice):
        read_notice(tmp_path / "空.docx")
    (tmp_path / "坏.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(UnreadableFile):
        read_notice(tmp_path / "坏.pdf")


def test_markdown_tells_what_was_not_found() -> None:
    """A person reads it as it is; what stands in the notice makes no Markdown of its own."""
    told = to_markdown(notice("联系人：王平", head=(HEAD[0], HEAD[2].replace("职工", "*职工*"), HEAD[3])))
    assert r"\*职工\*" in told
    assert "| 发文字号 | （没有找到） |" in told
    assert "## 待审核" in told
