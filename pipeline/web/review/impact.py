"""Which open slots could change the totals most: those are worth a look first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.collection.totals import Contribution, Total
from schemas.paths import form_path
from schemas.values import Number


@dataclass(frozen=True)
class Stake:
    """An open slot and what hangs on it: `reach` is by how much its total could change, `share` that of the whole total.

    `known`: a number was read in it; else `reach` is the largest that any other unit has there.
    """

    order: int
    number: int
    path: str
    unit: str
    heading: str
    reach: Number
    share: float
    known: bool


def by_impact(totals: Iterable[Total]) -> tuple[Stake, ...]:
    """Every open slot of a total that stands on a page, the one with most at stake first; a return's in printed order."""
    stakes: list[Stake] = []
    for total in totals:
        if total.slot.kind.summed and total.open:
            largest = _largest_usual(total) if total.unknown else 0
            stakes += [_stake(total, one, largest) for one in total.opened if _is_on_a_page(one)]
    return tuple(sorted(stakes, key=lambda stake: (-stake.share, -stake.reach)))


def _stake(total: Total, one: Contribution, largest: Number) -> Stake:
    reach = max(one.options) if one.options else largest
    stored = one.filed.stored
    whole = max(total.high, reach)
    return Stake(
        stored.order,
        stored.number,
        one.slot.own_path,
        one.unit,
        total.heading,
        reach,
        float(reach / whole) if whole else 0.0,
        bool(one.options),
    )


def _largest_usual(total: Total) -> Number:
    return max((one.value for one in total.contributions if not one.slot.open), default=0)


def _is_on_a_page(one: Contribution) -> bool:
    """What is missing as a whole item is no slot to look at: its page has to come."""
    return form_path(one.slot.path).partition(".")[0] in one.filed.items
