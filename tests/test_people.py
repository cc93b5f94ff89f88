"""People on record, on SQLite and on a real PostgreSQL: who may sign in, with what, and who has tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from pipeline.store import (
    add_person,
    add_token,
    failed_logins,
    password_hash,
    people,
    person,
    record_login,
    revoke_token,
    set_active,
    set_password,
    set_role,
    token_owner,
    tokens,
)
from schemas.errors import ConfigError
from schemas.office import Role
from tests.test_store import Made, made

__all__ = ["made"]


def test_what_ends_sessions_raises_the_generation(made: Made) -> None:
    """A new password, a dismissal, another role; names are given once."""
    add_person(made.store, "王文", "h1", Role.REVIEWER)
    with pytest.raises(ConfigError):
        add_person(made.store, "王文", "h2", Role.ADMIN)
    generations = []
    changes: list[Callable[[], None]] = [
        partial(set_password, made.store, "王文", "h3"),
        partial(set_active, made.store, "王文", False),
        partial(set_role, made.store, "王文", Role.ADMIN),
    ]
    for change in changes:
        change()
        known = person(made.store, "王文")
        assert known is not None
        generations.append(known.generation)
    assert generations == [2, 3, 4]
    assert (password_hash(made.store, "王文"), password_hash(made.store, "李四")) == ("h3", None)
    assert [(one.role, one.active, one.added) for one in people(made.store)] == [(Role.ADMIN, False, made.clock())]
    with pytest.raises(ConfigError):
        set_active(made.store, "李四", True)


def test_token_opens_until_it_is_revoked_or_its_owner_is_dismissed(made: Made) -> None:
    """Its hash alone is kept, and the same one is put on record once."""
    add_person(made.store, "王文", "h", Role.REVIEWER)
    number = add_token(made.store, "王文", "脚本", "a" * 64)
    assert add_token(made.store, "王文", "脚本", "a" * 64) == number
    owner = token_owner(made.store, "a" * 64)
    assert owner is not None
    assert (owner.name, token_owner(made.store, "b" * 64)) == ("王文", None)
    set_active(made.store, "王文", False)
    assert token_owner(made.store, "a" * 64) is None
    set_active(made.store, "王文", True)
    revoke_token(made.store, number)
    assert token_owner(made.store, "a" * 64) is None
    assert [(one.name, one.label, one.revoked) for one in tokens(made.store)] == [("王文", "脚本", made.clock())]


def test_failures_to_sign_in_are_counted_by_name_and_by_address(made: Made) -> None:
    """A success forgives a name's failures, not an address's; what is long ago does not count."""
    for name, address in (("王文", "10.0.0.1"), ("王文", "10.0.0.2"), ("李四", "10.0.0.2")):
        record_login(made.store, name, address, False)
    since = made.clock() - timedelta(minutes=5)
    assert failed_logins(made.store, "王文", "10.0.0.9", since) == 2
    assert failed_logins(made.store, "王文", "10.0.0.2", since) == 3
    record_login(made.store, "王文", "10.0.0.9", True)
    assert failed_logins(made.store, "王文", "10.0.0.9", since) == 0
    assert failed_logins(made.store, "王文", "10.0.0.2", since) == 2
    made.clock.set(600)
    assert failed_logins(made.store, "王文", "10.0.0.2", made.clock() - timedelta(minutes=5)) == 0
