"""The dashboard's figures, as values: they are those of ledger, totals and export, whatever the office."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline.collection.ledger import TO_REMIND, UnitState, make_ledger
from pipeline.collection.ledger_text import line_note
from pipeline.collection.tables import missing_csv
from pipeline.collection.totals import make_totals
from pipeline.collection.workbook.totals_sheet import printed_total
from pipeline.office.intervals import interval
from pipeline.store import Store, open_store, set_collection
from pipeline.web.dashboard.charts import HEIGHT, WIDTH, arrivals_chart, nice_amounts, nice_steps, units_chart
from pipeline.web.dashboard.files import choose_files, file_row, size_text
from pipeline.web.dashboard.overview import error_rate, make_overview, pace, time_left
from pipeline.web.dashboard.said import Said, line_notes, range_notes
from pipeline.web.dashboard.sheet import entries_of, sheet_of, times_out
from pipeline.web.dashboard.snapshot import Kept, Snapshot, take_snapshot
from pipeline.web.dashboard.unit_sheet import unit_sheet
from pipeline.web.dashboard.units import aside_rows, ask_rows, choose_units, make_reminder, return_rows
from schemas.form import SlotKind
from schemas.office import Collection, FileState, Receipt, StoredReturn, Unit
from schemas.safety_month import SAFETY_MONTH
from schemas.values import plain_number
from tests.office import DEADLINE, START, UNREADABLE, collection_of, corrected, made_office, reading_of, receipt, stored

SEEDS = range(1, 7)

NOW = DEADLINE - timedelta(days=1, hours=3)


def picture(collection: Collection, returns: list[StoredReturn], receipts: list[Receipt]) -> Snapshot:
    """The office as the store would show it."""
    ledger = make_ledger(collection, returns, receipts, SAFETY_MONTH)
    totals = make_totals(ledger, SAFETY_MONTH)
    return Snapshot("", NOW, 0.0, collection, SAFETY_MONTH, tuple(returns), tuple(receipts), ledger, totals)


@pytest.fixture(params=SEEDS)
def office(request: pytest.FixtureRequest) -> Snapshot:
    """An invented office."""
    return picture(*made_office(seed=request.param))


def told(said: Said) -> str:
    """A sentence in Chinese."""
    return said.text.format(**said.values)


def test_every_unit_is_in_one_share(office: Snapshot) -> None:
    """The bar's pieces are the ledger's states, of all units and below each parent."""
    overview = make_overview(office, NOW)
    assert {one.state: one.count for one in overview.shares} == office.ledger.states
    assert sum(one.share for one in overview.shares) == pytest.approx(1)
    assert sum(parent.expected for parent in overview.parents) == overview.expected == len(office.collection.units)
    assert sum(parent.returned for parent in overview.parents) == overview.returned


def test_arrivals_add_up(office: Snapshot) -> None:
    """Day follows day; by the last, every unit that has returned and every file has come."""
    days = make_overview(office, NOW).days
    assert [day.day for day in days] == [days[0].day + timedelta(days=place) for place in range(len(days))]
    assert days[-1].returned == sum(day.units for day in days) == make_overview(office, NOW).returned
    assert sum(day.files for day in days) == len(office.receipts)


def test_review_counts_what_the_ledger_counts(office: Snapshot) -> None:
    """Open slots are the ledger's, those on pages that have not come apart; decided ones have been flagged."""
    review = make_overview(office, NOW).review
    assert review.open + review.absent == sum(line.open_slots for line in office.ledger.lines)
    assert review.absent == sum(
        slot.open
        for line in office.ledger.lines
        for _, slot in line.slots
        if slot.path.partition(".")[0] in line.missing_items
    )
    assert 0 <= review.decided <= review.flagged <= review.slots
    fixes = sum(len(stored.corrections) for stored in office.returns)
    assert sum(one.decided for one in review.people) == fixes


def test_sheet_reads_like_the_workbook(office: Snapshot) -> None:
    """The printed sentences with the totals in their parentheses are the workbook's, slot by slot."""
    cells = [cell for item in sheet_of(office.totals, office.form) for cell in item.cells]
    assert [cell.path for cell in cells] == [slot.path for slot in office.form.slots]
    for cell, total in zip(cells, office.totals, strict=True):
        if total.slot.kind is SlotKind.COUNT and not total.provisional:
            assert f"{cell.before}（{cell.value}）{cell.after}" == printed_total(total)
        assert cell.provisional == total.provisional


def test_entries_make_the_total(office: Snapshot) -> None:
    """What is listed below a total sums up to it; blank, 0 and unreadable are told apart as the total counts them."""
    for total in office.totals:
        entries = entries_of(total, office.form, total.contributions)
        assert sum(one.value for one in entries) == total.value
        kinds = [one.kind for one in entries]
        assert (kinds.count("zero"), kinds.count("blank"), kinds.count("unreadable")) == (
            total.zero,
            total.blank,
            total.unreadable,
        )
        assert kinds.count("number") + kinds.count("words") == total.given
        assert sum(one.open for one in entries) == total.open
        assert all(0 <= one.bar <= 1 for one in entries)


def test_notes_say_what_the_export_says(office: Snapshot) -> None:
    """In Chinese a unit's notes and a total's range are those of the tables."""
    for line in office.ledger.lines:
        assert "；".join(told(note) for note in line_notes(line, office.form)) == line_note(line, office.form)
    for total in office.totals:
        notes = "，".join(told(note) for note in range_notes(total))
        assert (f"暂定：{notes}" if notes else "") == total.told


def test_whoever_is_to_be_reminded_is_in_the_text(office: Snapshot) -> None:
    """The list to remind, its text and missing.csv name the same units."""
    reminder = make_reminder(office.ledger, office.form)
    named = [line.unit.name for line in (*reminder.missing, *reminder.partial)]
    table = missing_csv(office.ledger, office.form, date(2026, 7, 1)).decode("utf-8-sig")
    for line in office.ledger.lines:
        assert (line.unit.name in named) == (line.state in TO_REMIND)
        assert (f"\n{line.unit.name}," in table.replace("\r", "")) == (line.state in TO_REMIND)
    assert all(name in reminder.text for name in named)


def test_units_are_found_by_state_parent_and_name(office: Snapshot) -> None:
    """Filters leave the ledger's order; the counts of the states are those before a state is asked for."""
    found = choose_units(office.ledger, state=UnitState.RETURNED)
    assert found.lines == tuple(line for line in office.ledger.lines if line.state is UnitState.RETURNED)
    assert found.states == dict(office.ledger.states)
    parent = office.ledger.parents[0].parent
    assert choose_units(office.ledger, parent=parent).total == office.ledger.parents[0].expected
    assert [line.unit.name for line in choose_units(office.ledger, search="青禾县").lines] == ["青禾县总工会"]
    assert not choose_units(office.ledger, search="没有这个单位").lines


def test_search_takes_parts_of_other_names_and_files() -> None:
    """A unit is found by an alias, in whatever case, and by the name of a file."""
    known = Collection("x", SAFETY_MONTH.id, (Unit("甲工会", ("ABC Union",)), Unit("乙工会")))
    ledger = picture(known, [stored(1, reading_of({}, unit="乙工会"), unit="乙工会", name="扫描件7.pdf")], []).ledger
    assert [line.unit.name for line in choose_units(ledger, search="abc").lines] == ["甲工会"]
    assert [line.unit.name for line in choose_units(ledger, search="扫描件7").lines] == ["乙工会"]


def test_values_of_a_unit_stand_in_the_form() -> None:
    """Blank, 0 and unreadable look different; what no page holds is said to be missing."""
    values: dict[str, int | str | None] = {"item1.lectures": 1200, "item1.articles": 0, "item1.discussions": UNREADABLE}
    office = picture(collection_of("青禾县总工会"), [stored(1, reading_of(values, lost=("item7",)))], [])
    items = unit_sheet(office.ledger.lines[0], office.form)
    cells = {cell.path: (cell.kind, cell.text) for cell in items[0].cells}
    assert cells["item1.lectures"] == ("number", "1,200")
    assert cells["item1.articles"] == ("zero", "0")
    assert cells["item1.discussions"] == ("unreadable", "？")
    assert cells["item1.lecture_attendance"] == ("blank", "")
    assert [item.missing for item in items] == [False] * 6 + [True]


def test_returns_of_a_unit_say_what_counts_from_which() -> None:
    """Of two pages in two files each item counts from the file that has it; a superseded return says by which."""
    first, second = reading_of({"item1.lectures": 1}, lost=("item7",)), reading_of({"item7.sessions": 2}, lost=("item1",))
    office = picture(collection_of("青禾县总工会"), [stored(1, first, name="一.jpg"), stored(2, second, name="二.jpg")], [])
    rows = return_rows(office.ledger.lines[0], office.form)
    assert [row.items[0] for row in rows] == ["counts", ""]
    assert [row.items[6] for row in rows] == ["", "counts"]
    assert [row.items[1] for row in rows] == ["there", "counts"]


def test_only_what_a_person_cannot_read_is_asked_again() -> None:
    """What the machine alone could not read is for the reviewer; what the reviewer cannot read is for the unit."""
    values = {"item1.lectures": UNREADABLE, "item1.lecture_attendance": UNREADABLE}
    reading = reading_of(values, flagged=tuple(values))
    fix = corrected("item1.lecture_attendance", UNREADABLE)
    office = picture(collection_of("青禾县总工会"), [stored(1, reading, corrections=[fix])], [])
    (row,) = ask_rows(office.ledger, office.form)
    assert row.name == "青禾县总工会"
    assert [slot.name for slot in row.slots] == ["第1项“组织开展宣讲（）场，参与（）人次”"]
    assert "1 处字迹无法辨认" in row.text


def test_returns_that_do_not_count_are_listed(office: Snapshot) -> None:
    """Every one of them, with the unit that its file's name may mean."""
    rows = aside_rows(office.ledger, office.form)
    assert len(rows) == len(office.ledger.aside)
    assert "云川市水务工会" in told(next(row for row in rows if not row.unit).notes[1])


def test_files_are_found_by_state_name_and_number() -> None:
    """The newest stands first; waiting takes in what is being read; an unreadable file may be a unit's."""
    files = [
        receipt(1, "青禾县.pdf", FileState.ACCEPTED),
        receipt(2, "b.pdf", FileState.WAITING),
        receipt(3, "c.pdf", FileState.READING),
        receipt(4, "青禾县2.pdf", FileState.FAILED, reason="文件有密码"),
        receipt(5, "d.pdf", FileState.DUPLICATE, of=1),
    ]
    assert [one.order for one in choose_files(files).receipts] == [5, 4, 3, 2, 1]
    assert [one.order for one in choose_files(files, state=FileState.WAITING).receipts] == [3, 2]
    assert [one.order for one in choose_files(files, search="密码").receipts] == [4]
    assert [one.order for one in choose_files(files, search="3").receipts] == [3]
    found = choose_files(files, search="青禾")
    assert found.states[FileState.FAILED] == 1
    assert not found.at_work
    assert file_row(files[3], found, (Unit("青禾县总工会"),)).like == ("青禾县总工会",)
    assert file_row(files[4], choose_files(files), ()).of_name == "青禾县.pdf"
    assert file_row(files[1], found, ()).link == ""


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (82_400, "82 KB"), (2_340_000, "2.3 MB")]
)
def test_sizes_are_told_in_file_managers_units(size: int, text: str) -> None:
    """In thousands."""
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(days=2, hours=5), "还剩 2 天 5 小时"),
        (timedelta(hours=3, minutes=20), "还剩 3 小时 20 分钟"),
        (-timedelta(minutes=5), "已过期 0 小时 5 分钟"),
        (-timedelta(days=3, hours=1), "已过期 3 天"),
    ],
)
def test_time_left(before: timedelta, text: str) -> None:
    """Days where there are any, else hours and minutes."""
    assert told(time_left(DEADLINE, DEADLINE - before)) == text


def test_pace_leaves_out_pauses() -> None:
    """The usual time between two decisions of one person: dinner does not count, and two people are not one."""
    fixes = [replace(corrected("item1.lectures", 1), when=START + timedelta(seconds=7 * place)) for place in range(6)]
    fixes += [replace(fix, when=fix.when + timedelta(hours=2)) for fix in fixes]
    assert pace(fixes) == pytest.approx(7)
    assert pace(replace(fix, who=str(place)) for place, fix in enumerate(fixes)) is None


def test_error_rate_has_bounds() -> None:
    """None before anything is checked; no error in 300 is up to 1.2 % by Clopper and Pearson."""
    assert error_rate(0, 0) is None
    rate = error_rate(0, 300)
    assert rate is not None
    assert (rate.low, rate.high) == interval(0, 300)
    assert rate.low == 0
    assert rate.high == pytest.approx(0.01222, abs=1e-4)


def test_chart_stays_on_its_picture(office: Snapshot) -> None:
    """Every point lies within, the line never falls, and the deadline is where its day is."""
    overview = make_overview(office, NOW)
    chart = arrivals_chart(overview.days, overview.expected, DEADLINE, NOW)
    assert chart is not None
    points = [tuple(map(float, point.split(","))) for point in chart.line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert chart.deadline is not None
    assert points[0][0] < chart.deadline < WIDTH
    assert arrivals_chart((), 3, DEADLINE, NOW) is None


@pytest.mark.parametrize("days", [1, 2, 40, 400])
def test_a_chart_of_any_length_has_few_dates(days: int) -> None:
    """A deadline years away is not on it, and dates do not touch."""
    files = [receipt(24 * place, f"{place}.pdf", FileState.FAILED) for place in range(days)]
    office = picture(collection_of("甲"), [], files)
    overview = make_overview(office, START)
    chart = arrivals_chart(overview.days, 1, START + timedelta(days=4000), START)
    assert chart is not None
    assert 1 <= len(chart.dates) <= 7
    assert chart.deadline is None


@pytest.mark.parametrize("highest", [1, 3, 7, 60, 999, 5000, 1_234_567])
def test_steps_are_round_and_few(highest: int) -> None:
    """From nought, at most four steps of 1, 2 or 5 and noughts."""
    steps = nice_steps(highest)
    assert steps[0] == 0
    assert steps[-1] <= highest
    assert len(steps) <= 5


def test_bars_stand_in_order_and_show_who_stands_out() -> None:
    """The largest first; of thousands of units the largest are drawn and the rest is counted."""
    chart = units_chart([(f"{place}", place, False, place == 4999) for place in range(1, 5000)], 2500)
    assert chart is not None
    heights = [bar.height for bar in chart.bars]
    assert heights == sorted(heights, reverse=True)
    assert chart.bars[0].outlier
    assert len(chart.bars) + chart.beyond == 4999
    assert units_chart([], 0) is None


@pytest.mark.parametrize(
    ("highest", "steps"),
    [("0.05", "0 0.02 0.04"), ("1280.05", "0 500 1000"), ("7", "0 5"), ("0.9", "0 0.5"), ("999999999.99", "0 500000000")],
)
def test_amounts_have_round_ticks(highest: str, steps: str) -> None:
    """Also below 1: exact ones, up to the highest."""
    amount = plain_number(Decimal(highest))
    assert [str(step) for step in nice_amounts(amount, most=3)] == steps.split()
    chart = units_chart([("甲", amount, False, False), ("乙", amount, True, False)], float(amount))
    assert chart is not None
    assert [bar.value for bar in chart.bars] == [amount, amount]
    assert chart.median == chart.bars[0].y


@pytest.mark.parametrize(("value", "times"), [(100, 10), (99, 0), (1, 0.1), (2, 0), (0, 0)])
def test_a_nought_too_many_stands_out(value: int, times: float) -> None:
    """Ten times the median or a tenth of it; 0 is an answer, not a small number."""
    assert times_out(value, 10) == pytest.approx(times)


def test_many_ask_and_one_picture_is_made(database: str) -> None:
    """While one is being made others wait for it; a change of the store makes the next one."""
    made: list[str] = []

    def slowly(store: Store, before: Snapshot | None) -> Snapshot:
        time.sleep(0.05)
        made.append("")
        return take_snapshot(store, before)

    store = opened(database)
    kept = Kept(store, slowly)
    threads = [threading.Thread(target=kept.now) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    set_collection(store, collection_of("甲", "乙"))
    assert len(kept.now().collection.units) == 2
    assert len(made) == 2
    store.close()


def test_a_slow_picture_is_shown_while_the_next_is_made(database: str) -> None:
    """Nobody waits for it but the first: the last one is shown, with its time, and the next one comes by itself."""
    store = opened(database)
    gate = threading.Event()
    gate.set()

    def slowly(store: Store, before: Snapshot | None) -> Snapshot:
        gate.wait(10)
        return replace(take_snapshot(store, before), seconds=60.0)

    kept = Kept(store, slowly)
    before = kept.latest()
    gate.clear()
    set_collection(store, collection_of("甲"))
    kept._rested_at = 0.0
    assert kept.latest() is before
    gate.set()
    assert kept._thread is not None
    kept._thread.join(10)
    assert len(kept.latest().collection.units) == 1
    store.close()


def opened(database: str) -> Store:
    """An empty store."""
    return open_store(database, clock=lambda: datetime(2026, 6, 28, 7, 20, tzinfo=UTC))
