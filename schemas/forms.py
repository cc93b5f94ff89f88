"""The forms that there are, by id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from schemas.form import Form
from schemas.safety_month import SAFETY_MONTH

FORMS: Mapping[str, Form] = MappingProxyType({SAFETY_MONTH.id: SAFETY_MONTH})
