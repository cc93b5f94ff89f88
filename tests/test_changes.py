"""What changed since the last export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from pipeline.collection.changes import (
    ChangeKind,
    Memory,
    Snapshot,
    changes_csv,
    changes_text,
    list_changes,
    read_memory,
    remember,
    take_snapshot,
)
from pipeline.collection.ledger import make_ledger
from pipeline.collection.totals import make_totals
from schemas.office import StoredReturn
from schemas.safety_month import SAFETY_MONTH
from schemas.values import Value
from tests.office import UNREADABLE, collection_of, corrected, reading_of, stored

UNIT, OTHER = "青禾县总工会", "白石区总工会"

PATH = "item1.lectures"

DAYS = [date(2026, 7, day) for day in (1, 2, 3)]


def snapshot(*returns: StoredReturn, as_of: date = DAYS[0], units: Sequence[str] = (UNIT, OTHER)) -> Snapshot:
    ledger = make_ledger(collection_of(*units), returns, [], SAFETY_MONTH)
    return take_snapshot(ledger, make_totals(ledger, SAFETY_MONTH), as_of)


def test_a_unit_newly_returned_is_one_change() -> None:
    """A new return is told once, not slot by slot; the totals that it moves are told."""
    changes = list_changes(snapshot(), snapshot(stored(1, reading_of({PATH: 1200}))))
    assert [(one.kind, one.unit, one.before, one.after) for one in changes] == [
        (ChangeKind.RETURNED, UNIT, "未报", "已报"),
        (ChangeKind.TOTAL, "", "0", "1,200"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (12, 15, ("12", "15")),
        (None, 0, ("空白", "0")),
        (0, None, ("0", "空白")),
        (UNREADABLE, 3, ("无法辨认", "3")),
        (12, 12, None),
        (None, None, None),
    ],
)
def test_a_figure_that_changed(before: Value, after: Value, told: tuple[str, str] | None) -> None:
    """Per unit and slot what it was and is, by whom; blank, 0 and unreadable are different."""
    reading = reading_of({PATH: before})
    was, now = snapshot(stored(1, reading)), snapshot(stored(1, reading, corrections=[corrected(PATH, after)]))
    values = [one for one in list_changes(was, now) if one.kind is ChangeKind.VALUE]
    assert [(one.unit, one.path, one.before, one.after, one.who) for one in values] == (
        [(UNIT, PATH, *told, "王文")] if told else []
    )


def test_states_and_provisional_totals() -> None:
    """A review that ends changes the state, and the total is no longer provisional."""
    reading = reading_of({PATH: 12}, flagged=[PATH])
    changes = list_changes(snapshot(stored(1, reading)), snapshot(stored(1, reading, corrections=[corrected(PATH, 12)])))
    assert [(one.kind, one.before, one.after) for one in changes] == [
        (ChangeKind.STATE, "待审核", "已报"),
        (ChangeKind.TOTAL, "12（暂定，1 项待审核）", "12"),
    ]


def test_a_unit_struck_off_the_roster() -> None:
    """A unit that is no longer expected is told."""
    (change,) = list_changes(snapshot(), snapshot(units=[UNIT]))
    assert (change.unit, change.after) == (OTHER, "不在名单中")


def test_the_changes_in_words() -> None:
    """A few lines for the morning, and a row for each change."""
    before = snapshot(stored(1, reading_of({PATH: 12})))
    after = snapshot(
        stored(1, reading_of({PATH: 12})), stored(2, reading_of({PATH: 5}, unit=OTHER), unit=OTHER), as_of=DAYS[1]
    )
    changes = list_changes(before, after)
    assert changes_text(before, changes, SAFETY_MONTH) == (
        "与2026年7月1日的汇总相比：\n新报 1 个单位：白石区总工会。\n合计变化 1 项：\n  1.1 组织开展宣讲（）场：12 → 17\n"
    )
    assert changes_text(before, (), SAFETY_MONTH) == "与2026年7月1日的汇总相比：没有变化。\n"
    assert changes_csv(changes, SAFETY_MONTH).decode("utf-8-sig").splitlines() == [
        "类别,单位,项目,原来,现在,审核员",
        "新报,白石区总工会,,未报,已报,",
        "合计变化,,1.1 组织开展宣讲（）场,12,17,",
    ]


def test_exports_of_one_day_are_compared_with_the_day_before() -> None:
    """A second export of a day does not forget what the first one was compared with."""
    one, two, again, three = (snapshot(as_of=day) for day in (DAYS[0], DAYS[1], DAYS[1], DAYS[2]))
    memory: Memory | None = None
    seen = []
    for now in (one, two, again, three):
        memory = remember(memory, now)
        seen.append(memory.previous.as_of if memory.previous else None)
    assert seen == [None, DAYS[0], DAYS[0], DAYS[1]]


def test_memory_survives_a_file_and_not_a_spoilt_one() -> None:
    """What an export leaves behind comes back as it was; what somebody has spoilt is nothing."""
    memory = remember(None, snapshot(stored(1, reading_of({PATH: 12, "item7.name": "征文"}))))
    assert read_memory(memory.model_dump_json().encode()) == memory
    assert read_memory(b"{") is None
    assert read_memory(None) is None


def test_another_collection_is_compared_with_nothing() -> None:
    """Next year's first export is not compared with this year's last."""
    this_year = remember(None, snapshot())
    next_year = snapshot(as_of=DAYS[1]).model_copy(update={"collection": "2027年“安全生产月”"})
    assert remember(this_year, next_year).previous is None
