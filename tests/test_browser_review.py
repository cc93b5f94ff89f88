"""Reviewing in a real browser, by keys alone: how many they are, two people at once, undo, a server that starts anew."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pipeline.collection.corrections import Worth
from pipeline.settings import Settings
from pipeline.store import (
    Store,
    add_person,
    audited,
    awaiting_second,
    load_return,
    open_store,
    set_collection,
    set_second_share,
)
from schemas.flow import State
from schemas.office import Role
from schemas.reading import Problem
from schemas.values import Value
from tests.browser import LAPTOP, free_port, serving
from tests.filled import fill
from tests.office import UNREADABLE, collection_of, reading_of, stored
from tests.web import HASH, PASSWORD

WANG, LI = "王芳", "李强"

FIRST, SECOND, WORDS = "item1.lectures", "item1.articles", "item7.name"

FLAGGED = (FIRST, SECOND, WORDS)

RETURNS = 8

PATIENCE = 60.0
"""Seconds that a page or a decision may take on a busy machine."""


class Office:
    """An office whose server can be stopped and started, on the same port."""

    def __init__(self, home: Path, store: Store) -> None:
        self.home, self.store, self.port = home, store, free_port()
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve."""
        self._stack.enter_context(serving(self.home, port=self.port))

    def stop(self) -> None:
        """End the server as systemd would."""
        self._stack.close()

    def decided(self, key: str, path: str) -> Worth | None:
        """What a person has decided about a slot; None for nothing."""
        order, _, number = key.partition("-")
        said = load_return(self.store, int(order), int(number)).stored.corrections.get(path)
        return None if said is None else said.after

    def await_decided(self, key: str, path: str, worth: Worth | None) -> None:
        """Wait until that has reached the store."""
        end = time.monotonic() + PATIENCE
        while self.decided(key, path) != worth:
            assert time.monotonic() < end, self.decided(key, path)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Office]:
    """Returns with three flagged slots each: a number read right, one that nobody could read, and words. Two people."""
    home = tmp_path_factory.mktemp("office")
    store = open_store(Settings(home=home).database_url)
    units = [f"第{turn}县总工会" for turn in range(1, RETURNS + 1)]
    set_collection(store, collection_of(*units))
    values: dict[str, Value] = {FIRST: 5, "item1.lecture_attendance": 300, SECOND: UNREADABLE, WORDS: "演讲"}
    returns = [
        stored(turn, reading_of(values, unit=unit, flagged=FLAGGED, candidates={FIRST: ("6",)}), name=f"{turn}.png")
        for turn, unit in enumerate(units, 1)
    ]
    # Of the last, one item stands on no page.
    missing = reading_of(values, unit=units[-1], lost=("item4",))
    fill(store, home, [*returns, stored(RETURNS + 1, missing, unit=units[-1], name="少一页.png")])
    for name in (WANG, LI):
        add_person(store, name, HASH, Role.REVIEWER)
    made = Office(home, store)
    made.start()
    yield made
    made.stop()
    store.close()


@pytest.fixture
def visit(office: Office, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Sign somebody in, in a browser of their own; whatever a page complains of fails the test."""
    expect.set_options(timeout=PATIENCE * 1000)
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def sign_in(name: str) -> Page:
        context = chromium.new_context(viewport=LAPTOP, locale="zh-CN", base_url=office.url)  # type: ignore[arg-type]  # two ints
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
        page.goto("/login")
        page.fill('input[name="name"]', name)
        page.fill('input[name="password"]', PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{office.url}/")
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert complaints == []


def press(page: Page, *keys: str) -> int:
    """Press keys; of text each character is one. How many they were."""
    count = 0
    for key in keys:
        if len(key) > 1 and not key.isdecimal():
            page.keyboard.press(key)
            count += 1
        else:
            page.keyboard.type(key)
            count += len(key)
    return count


def in_hand(page: Page, key: str, path: str) -> None:
    """Wait until a slot of a return is in hand, and the keys are its."""
    expect(page).to_have_url(re.compile(rf"/returns/{key}\b"))
    expect(page.locator(f'.place.in-hand[data-path="{path}"]')).to_be_visible()
    expect(page.locator("#dock .c-input")).to_be_focused()


def test_a_review_by_keys_alone_takes_the_digits_and_one_more(office: Office, visit: Callable[[str], Page]) -> None:
    """Two returns, from the list on: confirm, correct, blank, unreadable, words. The second begins by itself."""
    page = visit(WANG)
    page.goto("/queue")
    expect(page.locator("#rows tr.in-hand")).to_have_count(1)
    press(page, "Enter")
    in_hand(page, "1-1", FIRST)
    count = press(page, "Enter")
    in_hand(page, "1-1", SECOND)
    count += press(page, "128", "Enter")
    in_hand(page, "1-1", WORDS)
    count += press(page, "Enter")
    in_hand(page, "2-1", FIRST)
    count += press(page, "-", "Enter")
    in_hand(page, "2-1", SECOND)
    count += press(page, "*", "Enter")
    in_hand(page, "2-1", WORDS)
    count += press(page, "Enter")
    in_hand(page, "3-1", FIRST)
    digits, marks, slots = 3, 2, 6
    assert count == digits + marks + slots
    office.await_decided("2-1", WORDS, (State.VALUE, "演讲"))
    decided = [office.decided(key, path) for key in ("1-1", "2-1") for path in (FIRST, SECOND)]
    assert decided == [(State.VALUE, 5), (State.VALUE, 128), (State.BLANK, None), (State.UNREADABLE, None)]


def test_undo_jumps_back_to_the_return_before(office: Office, visit: Callable[[str], Page]) -> None:
    """The last decision first, wherever it was; what is there is open again."""
    page = visit(LI)
    page.goto("/returns/3-1", wait_until="domcontentloaded")
    in_hand(page, "3-1", FIRST)
    press(page, "Enter", "7", "Enter", "Enter")
    in_hand(page, "4-1", FIRST)
    press(page, "8", "Enter")
    office.await_decided("4-1", FIRST, (State.VALUE, 8))
    press(page, "Control+z")
    office.await_decided("4-1", FIRST, None)
    in_hand(page, "4-1", FIRST)
    press(page, "Control+z")
    in_hand(page, "3-1", WORDS)
    office.await_decided("3-1", WORDS, None)
    press(page, "Control+z")
    in_hand(page, "3-1", SECOND)
    expect(page.locator("#dock .c-input")).to_have_value("")
    assert office.decided("3-1", FIRST) == (State.VALUE, 5)


def test_two_people_at_one_slot(office: Office, visit: Callable[[str], Page]) -> None:
    """The second is told who has decided what, and says by one key whether that stays."""
    first, second = visit(WANG), visit(LI)
    for page in (first, second):
        page.goto("/returns/5-1", wait_until="domcontentloaded")
        in_hand(page, "5-1", FIRST)
    press(first, "7", "Enter")
    office.await_decided("5-1", FIRST, (State.VALUE, 7))
    press(second, "9", "Enter")
    told = second.locator(".notice-line.conflict")
    expect(told).to_contain_text(WANG)
    expect(told).to_contain_text("7")
    expect(told).to_contain_text("9")
    assert office.decided("5-1", FIRST) == (State.VALUE, 7)
    press(second, "Alt+m")
    office.await_decided("5-1", FIRST, (State.VALUE, 9))
    expect(told).to_have_count(0)


def test_numbers_beyond_reason_are_asked_about_once_more(office: Office, visit: Callable[[str], Page]) -> None:
    """A digit typed twice is found; Esc restores what was read; a choice takes one key; full-width digits are digits."""
    page = visit(WANG)
    page.goto("/returns/6-1", wait_until="domcontentloaded")
    in_hand(page, "6-1", FIRST)
    press(page, "66", "Enter")
    expect(page.locator("#dock .c-told")).to_contain_text("66")
    press(page, "Escape")
    expect(page.locator("#dock .c-input")).to_have_value("5")
    press(page, "Alt+2")
    expect(page.locator("#dock .c-input")).to_have_value("6")
    press(page, "Enter")
    in_hand(page, "6-1", SECOND)
    page.keyboard.insert_text("１２")
    press(page, "Enter")
    office.await_decided("6-1", SECOND, (State.VALUE, 12))
    assert office.decided("6-1", FIRST) == (State.VALUE, 6)


def test_a_server_that_starts_anew_loses_nothing(office: Office, visit: Callable[[str], Page]) -> None:
    """Decisions made while it is away wait in the page and are sent; the session goes on."""
    page = visit(LI)
    page.goto("/returns/7-1", wait_until="domcontentloaded")
    in_hand(page, "7-1", FIRST)
    office.stop()
    press(page, "3", "Enter")
    in_hand(page, "7-1", SECOND)
    press(page, "4", "Enter")
    in_hand(page, "7-1", WORDS)
    expect(page.locator(".notice-line.offline")).to_be_visible()
    assert office.decided("7-1", FIRST) is None
    office.start()
    office.await_decided("7-1", FIRST, (State.VALUE, 3))
    office.await_decided("7-1", SECOND, (State.VALUE, 4))
    expect(page.locator(".notice-line.offline")).to_have_count(0)
    press(page, "Enter")
    office.await_decided("7-1", WORDS, (State.VALUE, "演讲"))


def test_what_is_wrong_with_a_return_is_the_last_to_be_confirmed(office: Office, visit: Callable[[str], Page]) -> None:
    """Its slots first; then what is wrong with the whole of it, by the same key."""
    page = visit(LI)
    page.goto("/returns/9-1", wait_until="domcontentloaded")
    for name in ("hotline_signs", "hazards_exposed", "dual_penalty_cases", "linked_prosecution_cases"):
        in_hand(page, "9-1", f"item4.{name}")
        press(page, "-", "Enter")
    expect(page.locator("#dock.about-problems")).to_contain_text(Problem.ITEMS_MISSING.chinese)
    press(page, "Enter")
    expect(page).not_to_have_url(re.compile("/returns/9-1"))
    assert load_return(office.store, 9, 1).stored.settled


def test_one_slot_of_all_returns_by_keys(office: Office, visit: Callable[[str], Page]) -> None:
    """Down the grid of cards: confirm, then the next."""
    page = visit(WANG)
    page.goto(f"/slots?slot={WORDS}", wait_until="domcontentloaded")
    key, path = _first_card(page)
    press(page, "Control+a")
    page.keyboard.insert_text("演讲")
    press(page, "Enter")
    office.await_decided(key, path, (State.VALUE, "演讲"))
    expect(page.locator(".slot-card.decided")).to_have_count(1)


def test_what_matters_most_comes_first_and_is_decided_by_keys(office: Office, visit: Callable[[str], Page]) -> None:
    """By impact: the first card takes a number and goes to the next."""
    page = visit(WANG)
    page.goto("/impact", wait_until="domcontentloaded")
    key, path = _first_card(page)
    press(page, "Control+a", "4", "Enter")
    office.await_decided(key, path, (State.VALUE, 4))


def test_a_second_entry_is_blind_and_told_whether_it_agrees(office: Office, visit: Callable[[str], Page]) -> None:
    """Somebody else's decisions, entered once more without seeing them: one agrees and is done with."""
    set_second_share(office.store, 1.0, who=WANG)
    before = awaiting_second(office.store, LI).total
    assert before > 0
    page = visit(LI)
    page.goto("/second", wait_until="domcontentloaded")
    key, path = _first_card(page)
    expect(page.locator(".slot-card.in-hand .c-input")).to_have_value("")
    _enter(page, office.decided(key, path))
    _until(lambda: awaiting_second(office.store, LI).total == before - 1)


def test_an_audit_counts_what_was_accepted_rightly(office: Office, visit: Callable[[str], Page]) -> None:
    """Slots that nobody has looked at, without what was read: what is seen is compared, and the estimate told."""
    page = visit(WANG)
    page.goto("/audit", wait_until="domcontentloaded")
    key, path = _first_card(page)
    expect(page.locator(".slot-card.in-hand .c-input")).to_have_value("")
    order, _, number = key.partition("-")
    reading = load_return(office.store, int(order), int(number)).stored.reading
    _enter(page, next((slot.state, slot.value) for slot in reading.slots if slot.path == path))
    _until(lambda: audited(office.store).n == 1)
    assert audited(office.store).wrong == 0


def _first_card(page: Page) -> tuple[str, str]:
    """The return and the path of the card in hand."""
    card = page.locator(".slot-card.in-hand")
    expect(card.locator(".c-input")).to_be_focused()
    model = json.loads(card.get_attribute("data-slot") or "")
    return model["key"], model["path"]


def _enter(page: Page, worth: Worth | None) -> None:
    """Type what a slot is worth, and confirm."""
    assert worth is not None
    state, value = worth
    marks = {State.BLANK: ["Alt+b"], State.UNREADABLE: ["Alt+x"], State.VALUE: []}
    for key in marks[state]:
        page.keyboard.press(key)
    if state is State.VALUE:
        page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)
