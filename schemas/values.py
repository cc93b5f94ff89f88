"""What may stand in a slot: a whole number, one with decimals, words, nothing. JSON has them as number, string and null."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Annotated, TypeAlias, TypeGuard

from pydantic import BeforeValidator, PlainSerializer

# Largest number of a slot: nine digits are more than a province has people.
MOST = 999_999_999

Number: TypeAlias = int | Decimal
"""A count, or an amount with decimals, which no float may spoil."""

# A tuple is asked about several times as fast as a union, and totals ask a million times.
_NUMBERS = (int, Decimal)

Value: TypeAlias = Number | str | None
"""What stands in a slot: a number, words (a date as 2027-06-03), or nothing."""


def number_to_json(number: Number) -> int | float:
    """A number as JSON has it. Nine digits before the point and six behind it come back from a float as they went in."""
    return int(number) if number == int(number) else float(number)


def value_to_json(value: Value) -> int | float | str | None:
    """A value as JSON has it."""
    return number_to_json(value) if isinstance(value, int | Decimal) else value


def json_to_value(found: object) -> Value:
    """What JSON holds for a value, with amounts as decimals again. Raises ValueError for what is none."""
    if found is None or isinstance(found, str) or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    if isinstance(found, Decimal) and found.is_finite():
        return plain_number(found)
    if isinstance(found, float) and isfinite(found):
        # The shortest text that names the float is the amount as it was written.
        return plain_number(Decimal(repr(found)))
    raise ValueError(f"no value: {found!r}")


def plain_number(number: Number) -> Number:
    """A number in its one canonical shape: whole ones as int, no noughts at the end of decimals."""
    if isinstance(number, int) or number == number.to_integral_value():
        return int(number)
    return number.normalize()


def decimals_of(number: Number) -> int:
    """How many decimals a number needs."""
    exponent = Decimal(number).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def number_text(number: Number, decimals: int = 0) -> str:
    """A number as people read it: thousands in groups, with all of its decimals and at least so many."""
    return f"{Decimal(number):,.{max(decimals, decimals_of(number))}f}"


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is one that can be summed."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


JsonValue = Annotated[Value, BeforeValidator(json_to_value), PlainSerializer(value_to_json, when_used="json")]
"""A value as a field of a Pydantic model: amounts go into JSON as numbers and come back as decimals."""
