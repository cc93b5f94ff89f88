"""What the review pages show and take, without a server: entries, the form's sentences, units, the order by impact."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.collection.corrections import HEADER, Worth
from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import Total, make_totals
from pipeline.web import review
from pipeline.web.review.entries import MANY_DIGITS, Refused, doubtful_from, kind_of, understand
from pipeline.web.review.impact import by_impact
from pipeline.web.review.office import parse_key
from pipeline.web.review.sentences import sheets_of
from pipeline.web.review.slot_views import printed_view
from pipeline.web.review.units import unit_choices, units_like
from pipeline.web.review.words import told_sureness, worth_text
from pipeline.web.texts import english
from schemas.flow import State
from schemas.form import FieldKind, SlotKind
from schemas.office import Unit
from schemas.paths import form_path
from schemas.reading import Problem, Reading, Reason
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Number, Value
from tests.mixed import FORM
from tests.office import UNREADABLE, collection_of, reading_of, stored

A, B, C = "青禾县总工会", "山阳区总工会", "白塘县总工会"


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("300", (State.VALUE, 300)),
        (300, (State.VALUE, 300)),
        ("３００", (State.VALUE, 300)),
        (" 1,280 ", (State.VALUE, 1280)),
        ("三十", (State.VALUE, 30)),
        ("1.2万", (State.VALUE, 12000)),
        ("0", (State.VALUE, 0)),
        ("无", (State.VALUE, 0)),
        ("/", (State.BLANK, None)),
        ("－", (State.BLANK, None)),
        ("b", (State.BLANK, None)),
        ("＊", (State.UNREADABLE, None)),
    ],
)
def test_a_count_is_taken_as_people_write_it(text: int | str, worth: object) -> None:
    """Full-width digits, groups, Chinese numerals, and what means blank or unreadable where a key could not."""
    assert understand(SlotKind.COUNT, State.VALUE, text) == worth


@pytest.mark.parametrize("text", ["", None, "约300", "007", "五六", "-5", "1.5", "abc", "1" * 10, "12a", "一百五"])
def test_what_is_no_whole_number_is_refused(text: str | None) -> None:
    """A guess is never kept."""
    with pytest.raises(Refused):
        understand(SlotKind.COUNT, State.VALUE, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(SlotKind.TEXT, " "), (SlotKind.TEXT, "a\x00b"), (SlotKind.TEXT, "字" * 201), (FieldKind.UNIT, "字" * 101)],
)
def test_words_that_cannot_be_kept_are_refused(kind: SlotKind | FieldKind, text: str) -> None:
    """Nothing, control characters, too much."""
    with pytest.raises(Refused):
        understand(kind, State.VALUE, text)


ENTRIES: list[tuple[SlotKind, str | float, Worth]] = [
    (SlotKind.MONEY, "12.5", (State.VALUE, Decimal("12.5"))),
    (SlotKind.MONEY, "12.50", (State.VALUE, Decimal("12.5"))),
    (SlotKind.MONEY, "１２．５", (State.VALUE, Decimal("12.5"))),
    (SlotKind.MONEY, "12。5", (State.VALUE, Decimal("12.5"))),
    (SlotKind.MONEY, 12.5, (State.VALUE, Decimal("12.5"))),
    (SlotKind.MONEY, 0.000001, (State.VALUE, Decimal("0.000001"))),
    (SlotKind.MONEY, 1280, (State.VALUE, 1280)),
    (SlotKind.MONEY, "1,280.00", (State.VALUE, 1280)),
    (SlotKind.MONEY, "3.6万", (State.VALUE, 36000)),
    (SlotKind.MONEY, "0", (State.VALUE, 0)),
    (SlotKind.MONEY, "-", (State.BLANK, None)),
    (SlotKind.MONEY, "*", (State.UNREADABLE, None)),
    (SlotKind.DATE, "2027年6月3日", (State.VALUE, "2027-06-03")),
    (SlotKind.DATE, "2027-6-3", (State.VALUE, "2027-06-03")),
    (SlotKind.DATE, "2027.6.3", (State.VALUE, "2027-06-03")),
    (SlotKind.DATE, "20270603", (State.VALUE, "2027-06-03")),
    (SlotKind.DATE, "/", (State.BLANK, None)),
    (SlotKind.TICK, "1", (State.VALUE, 1)),
    (SlotKind.TICK, "√", (State.VALUE, 1)),
    (SlotKind.TICK, "Y", (State.VALUE, 1)),
    (SlotKind.TICK, "是", (State.VALUE, 1)),
    (SlotKind.TICK, "-", (State.BLANK, None)),
    (SlotKind.TICK, "0", (State.BLANK, None)),
    (SlotKind.TICK, "×", (State.UNREADABLE, None)),
]


@pytest.mark.parametrize(("kind", "typed", "worth"), ENTRIES)
def test_amounts_dates_and_ticks_as_people_type_them(kind: SlotKind, typed: str | float, worth: Worth) -> None:
    """An amount is exact, a date a day, a tick 1 or blank; marks mean blank and unreadable as in a count."""
    found = understand(kind, State.VALUE, typed)
    assert found == worth
    assert type(found[1]) is type(worth[1])


@pytest.mark.parametrize(
    ("kind", "typed", "unit"),
    [
        (SlotKind.COUNT, "12.5", ""),
        (SlotKind.MONEY, "1,28.5", ""),
        (SlotKind.MONEY, "12.1234567", ""),
        (SlotKind.MONEY, "约12.5", ""),
        (SlotKind.MONEY, "3.6万", "万元"),
        (SlotKind.MONEY, float("nan"), ""),
        (SlotKind.MONEY, float("inf"), ""),
        (SlotKind.MONEY, "", ""),
        (SlotKind.DATE, "6月3日", ""),
        (SlotKind.DATE, "2027-2-30", ""),
        (SlotKind.TICK, "2", ""),
        (SlotKind.TICK, "", ""),
    ],
)
def test_what_is_no_value_of_its_kind_is_refused(kind: SlotKind, typed: str | float, unit: str) -> None:
    """Decimals in a count, a measure said twice, a day without its year, a tick that is none."""
    with pytest.raises(Refused):
        understand(kind, State.VALUE, typed, unit)


def test_blank_and_unreadable_have_no_value() -> None:
    """Whatever came along."""
    assert understand(SlotKind.COUNT, State.BLANK, 7) == (State.BLANK, None)
    assert understand(SlotKind.TEXT, State.UNREADABLE, "x") == (State.UNREADABLE, None)


@pytest.mark.parametrize(
    "path",
    ["item9.x", "item1.x", "header.x", "item1[2].lectures", "item7[02].name", "item7[1].name", "item7[x].name", ""],
)
def test_paths_that_the_form_has_not_are_refused(path: str) -> None:
    """Also other spellings of one that it has."""
    with pytest.raises(Refused):
        kind_of(path, SAFETY_MONTH)


def test_further_activities_may_be_filled_in() -> None:
    """Where the form says that an item repeats."""
    assert kind_of("item7[2].name", SAFETY_MONTH) is SlotKind.TEXT
    assert kind_of("item7[12].sessions", SAFETY_MONTH) is SlotKind.COUNT
    assert kind_of(HEADER + "unit", SAFETY_MONTH) is FieldKind.UNIT


@pytest.mark.parametrize(
    ("read", "candidates", "least"),
    [
        (5, (), 50),
        (5, ("51",), 510),
        (0, (), 10),
        (None, (), MANY_DIGITS),
        (None, ("三十",), 300),
        (9_000_000, (), MANY_DIGITS),
        (Decimal("12.5"), (), 125),
        (Decimal("0.5"), ("12.75",), 127),
    ],
)
def test_a_number_unlike_all_readings_is_doubtful(read: Number | None, candidates: tuple[str, ...], least: int) -> None:
    """From ten times the largest on, and with eight digits in any case."""
    assert doubtful_from(read, candidates) == least


def test_the_form_reads_as_it_is_printed() -> None:
    """Segments and empty slots make the printed sentence, in each item."""
    (sheet,) = sheets_of(SAFETY_MONTH, [slot.path for slot in SAFETY_MONTH.slots])
    for row, item in zip(sheet.rows, SAFETY_MONTH.items, strict=True):
        heading, words = row.cells
        assert (heading.is_heading, heading.words) == (True, item.heading)
        assert "".join(one.before + one.opening + one.closing + one.after for one in words.activities[0]) == item.sentence
    assert [segment.number for segment in sheet.rows[6].cells[1].activities[0]] == ["7.1", "7.2", "7.3"]


def test_a_list_has_a_row_for_each_of_its_turns() -> None:
    """And one more where it is asked for; cells hold a slot each, sentences theirs between their marks."""
    paths = [*(slot.path for slot in FORM.slots), "places[2].name", "places[4].area"]
    first, second = sheets_of(FORM, paths, more="places")
    marks = [(one.opening, one.closing) for one in first.rows[0].cells[2].activities[0]]
    assert marks == [("（", "）"), ("＿", "＿"), ("（", "）"), ("", ""), ("", "")]
    assert [row.key for row in second.rows] == [*["places"] * 4, "sum"]
    shown = [cell.activities[0][0].path for row in second.rows[:4] for cell in row.cells[:1]]
    assert shown == ["places.name", "places[2].name", "places[4].name", "places[5].name"]
    assert [row.more for row in second.rows] == ["", "", "", "row", ""]


CARDS = [
    ("lectures.talks", "", ("宣讲", "＿", "＿", "场，")),
    ("lectures.people", "宣讲＿…＿场，", ("参与", "（", "）", "人次；")),
    ("lectures.online", "", ("", "", "", "线上 ")),
    ("lectures.onsite", "□线上 ", ("", "", "", "线下。")),
    ("lectures.cost", "", ("政策宣讲 投入（元）", "：", "", "")),
    ("places[3].area", "服务阵地 3 ", ("面积（平方米）", "：", "", "")),
]


@pytest.mark.parametrize(("path", "context", "words"), CARDS)
def test_a_card_says_what_is_asked(path: str, context: str, words: tuple[str, ...]) -> None:
    """The printed words around a slot, and what they follow on: the events attended, the question of a box, the row."""
    slot = next(slot for slot in FORM.slots if slot.path == form_path(path))
    view = printed_view("1-1", path, slot, FORM, State.BLANK, None)
    assert view.context == context
    assert (view.before, view.opening, view.closing, view.after) == words


def test_further_activities_stand_below_the_first() -> None:
    """Those that were read, and one more where it is asked for."""
    paths = [*(slot.path for slot in SAFETY_MONTH.slots), "item7[2].name"]
    assert [segment.path for segment in sheets_of(SAFETY_MONTH, paths)[0].rows[6].cells[1].activities[1]] == [
        "item7[2].name",
        "item7[2].sessions",
        "item7[2].attendance",
    ]
    assert len(sheets_of(SAFETY_MONTH, paths, more="item7")[0].rows[6].cells[1].activities) == 3


def test_units_to_choose_from() -> None:
    """By likeness to what was read, by the file's name; by words while one is typed, aliases too."""
    units = (Unit(A, ("青禾",)), Unit(B), Unit(C))
    assert unit_choices("青木县总工会", "x.pdf", units)[0] == A
    assert unit_choices("", "山阳区.pdf", units) == (B,)
    assert A not in unit_choices(A, "青禾县.pdf", units)
    assert units_like("青禾", units, 5) == (A,)
    assert units_like("总工会", units, 2) == (A, B)


@pytest.mark.parametrize(("text", "key"), [("12-1", (12, 1)), ("12", None), ("a-1", None), ("1-1-1", None), ("１-1", None)])
def test_a_returns_address(text: str, key: object) -> None:
    """Two numbers, and nothing that only looks like them."""
    assert parse_key(text) == key


def test_how_sure_in_words_and_figures() -> None:
    """Never told to be certain: what a person is shown is in doubt."""
    told = [told_sureness(sure, lambda text: text) for sure in (1.0, 0.96, 0.853, 0.5, 0.2)]
    assert told == ["很有把握 99.9%", "较有把握 96%", "把握一般 85.3%", "把握不大 50%", "没有把握 20%"]


def test_blank_nought_and_unreadable_are_told_apart() -> None:
    """In every sentence."""
    worths = [(State.BLANK, None), (State.VALUE, 0), (State.UNREADABLE, None)]
    assert len({worth_text(state, value, lambda text: text) for state, value in worths}) == 3


def test_every_text_has_english() -> None:
    """What handlers say, not templates alone: an English page holds no Chinese sentence of ours."""
    said = {reason.chinese for reason in Reason} | {problem.chinese for problem in Problem}
    for path in sorted(Path(review.__file__).parent.glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        # What stands alone is a docstring.
        alone = {node.value.value for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
        said |= {text for text in strings - alone if re.search("[一-鿿]", text)}
    assert said <= english().keys()


def totals_of(**readings: Reading) -> tuple[Total, ...]:
    """Totals over returns of these units."""
    returns = [stored(order, reading, unit=unit) for order, (unit, reading) in enumerate(readings.items(), 1)]
    return make_totals(make_ledger(collection_of(*readings), returns, [], SAFETY_MONTH), SAFETY_MONTH)


def test_what_could_change_a_total_most_comes_first() -> None:
    """The largest share of its total; with no number read, the largest of the others."""
    values: dict[str, Value] = {"item1.lectures": 5, "item1.articles": UNREADABLE, "item7.name": "演讲"}
    flagged = tuple(values)
    totals = totals_of(
        **{
            A: reading_of(values, unit=A, flagged=flagged, candidates={"item1.lectures": ("6",)}),
            B: reading_of(values | {"item1.lectures": 50}, unit=B, flagged=flagged),
            C: reading_of(values | {"item1.articles": 9}, unit=C),
        }
    )
    stakes = by_impact(totals)
    assert [(stake.path, stake.order, stake.reach, stake.known) for stake in stakes] == [
        ("item1.articles", 1, 9, False),
        ("item1.articles", 2, 9, False),
        ("item1.lectures", 2, 50, True),
        ("item1.lectures", 1, 6, True),
    ]
    assert stakes[2].share == pytest.approx(50 / 61)


def test_slots_without_a_page_are_not_in_the_order() -> None:
    """What is missing with its whole item is not there to be looked at."""
    reading = reading_of({"item1.lectures": 5}, unit=A, flagged=["item1.lectures"], lost=("item4",))
    assert {stake.path for stake in by_impact(totals_of(**{A: reading}))} == {"item1.lectures"}


def test_amounts_and_boxes_have_a_stake_too() -> None:
    """In numbers of their own: the amount at stake is exact, a box is worth one; words and dates move no total."""
    flagged = ["lectures.cost", "lectures.online", "lectures.day"]
    values: dict[str, Value] = {"lectures.cost": Decimal("12.5"), "lectures.online": None, "lectures.day": "2027-06-03"}
    returns = [
        stored(1, reading_of(values, unit=A, flagged=flagged, form=FORM), unit=A),
        stored(2, reading_of({"lectures.cost": Decimal("0.05"), "lectures.online": 1}, unit=B, form=FORM), unit=B),
    ]
    ledger = make_ledger(collection_of(A, B, form=FORM), returns, [], FORM)
    stakes = {stake.path: (stake.reach, stake.known) for stake in by_impact(make_totals(ledger, FORM))}
    assert stakes == {"lectures.cost": (Decimal("12.5"), True), "lectures.online": (1, True)}
