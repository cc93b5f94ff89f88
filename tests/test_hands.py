"""Pens of made returns: banks of digits, strokes, styles and oddities, and that the truth tells where their ink lies."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from samples import oddities
from samples.characters import learn
from samples.cheques import lift_ink
from samples.digits import DigitBank, choose_digits, load_digits
from samples.layout import plain_layout
from samples.legibility import is_legible
from samples.make import main, make_set, recipe_in_turn
from samples.maker import Recipe, make_file
from samples.oddities import ODDITIES, draw_oddities
from samples.pen import Pen, draw_ink
from samples.printer import Printed, print_return
from samples.returns import Filled, invent_return
from samples.strokes import trace
from samples.styles import STYLES, draw_writer, fit_layout, lengthen, parse_styles
from samples.truth import Truth, TruthSlot, read_truth, truth_path
from samples.writing import write_return
from schemas.flow import Box, Image, State
from schemas.form import SlotKind
from schemas.safety_month import SAFETY_MONTH

DPI = 150

SHEET = (round(11.69 * DPI), round(8.27 * DPI))

PATHS: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((0.5, 0), (0.85, 0.2), (0.9, 0.5), (0.8, 0.85), (0.5, 1), (0.2, 0.85), (0.1, 0.5), (0.15, 0.2), (0.5, 0)),),
    (((0.5, 0), (0.5, 1)),),
    (((0.1, 0.25), (0.3, 0), (0.7, 0), (0.9, 0.25), (0.8, 0.5), (0.1, 1), (0.9, 1)),),
    (((0.1, 0.1), (0.5, 0), (0.85, 0.2), (0.75, 0.42), (0.4, 0.5), (0.8, 0.6), (0.9, 0.8), (0.5, 1), (0.1, 0.9)),),
    (((0.6, 0), (0.1, 0.65), (0.9, 0.65)), ((0.65, 0.35), (0.65, 1))),
    (((0.85, 0), (0.2, 0), (0.15, 0.45), (0.6, 0.4), (0.9, 0.7), (0.6, 1), (0.1, 0.95)),),
    (((0.7, 0), (0.3, 0.3), (0.15, 0.7), (0.4, 1), (0.8, 0.9), (0.8, 0.65), (0.5, 0.52), (0.2, 0.7)),),
    (((0.1, 0), (0.9, 0), (0.4, 1)),),
    (((0.5, 0.48), (0.2, 0.25), (0.5, 0), (0.8, 0.25), (0.5, 0.48), (0.15, 0.75), (0.5, 1), (0.85, 0.75), (0.5, 0.48)),),
    (((0.8, 0.3), (0.5, 0.5), (0.2, 0.3), (0.5, 0), (0.8, 0.3), (0.7, 1)),),
)
"""The strokes of each digit, its height and width 1."""


@dataclass(frozen=True)
class Written:
    """A return's white sheets with ink on them, what was filled in and where, and where the truth says that values lie."""

    sheets: tuple[Image, ...]
    filled: Filled
    printed: Printed
    boxes: Mapping[int, Box]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> DigitBank:
    """A bank of a few digits."""
    return load_digits(arrays_at(tmp_path_factory.mktemp("bank") / "digits.npz"))


@pytest.fixture(scope="module")
def bank_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of one."""
    return arrays_at(tmp_path_factory.mktemp("bank") / "digits.npz")


@pytest.mark.parametrize(("split", "count"), [("", 20), (":test", 20), (":train", 40)])
def test_arrays_are_read_by_split(split: str, count: int, bank_path: Path) -> None:
    """A file of arrays gives its test digits, or those of the split behind its name."""
    assert len(load_digits(f"{bank_path}{split}").labels) == count


@pytest.mark.parametrize(("split", "numbers"), [("", 4), (":train", 3), (":val", 1)])
def test_cheques_are_read_by_folder(split: str, numbers: int, tmp_path: Path) -> None:
    """An archive gives the digits of all its numbers, or of one folder's; digits of a number stay together, in order."""
    path = archive_at(tmp_path / "cheques.zip")
    found = load_digits(f"{path}{split}")
    assert found.numbers is not None
    assert len(np.unique(found.numbers)) == numbers
    assert found.labels[:10].tolist() == list(range(10))


def test_paper_stays_behind() -> None:
    """Of a digit on dark, striped paper with a printed line, the ink alone is lifted."""
    paper = np.full((50, 120), 120, np.uint8)
    paper[::4] -= 25
    paper[46:48] = 60
    ink = np.zeros_like(paper)
    ink[4:44, 20:60], ink[4:44, 60:100] = drawn(2, 40), drawn(0, 40)
    lifted = lift_ink(np.where(ink > 127, 20, paper).astype(np.uint8))
    both, either = ((lifted > 118) & (ink > 127)).sum(), ((lifted > 118) | (ink > 127)).sum()
    assert both / either > 0.75


def test_a_box_without_clean_ink_is_left_out(tmp_path: Path) -> None:
    """A box around nothing gives no digit, and ends the run of its number."""
    found = load_digits(archive_at(tmp_path / "cheques.zip", erased=4))
    assert found.numbers is not None
    runs = [found.labels[found.numbers == number].tolist() for number in np.unique(found.numbers)]
    assert runs == [[*range(10)]] * 3 + [[0, 1, 2, 3], [5, 6, 7, 8, 9]]


WRONG: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("none.npz", lambda path: None, "no file of digits"),
    ("text.npz", lambda path: path.write_text("digits"), "needs arrays test_x and test_y"),
    ("other.npz", lambda path: np.savez(path, x=np.zeros(3)), "needs arrays test_x and test_y"),
    ("shape.npz", lambda path: np.savez(path, test_x=np.zeros((9, 9)), test_y=np.zeros(9)), r"uint8 \(n, h, w\)"),
    ("few.npz", lambda path: np.savez(path, test_x=np.zeros((9, 9, 9), np.uint8), test_y=np.arange(9)), "each of 0 to 9"),
    ("text.zip", lambda path: path.write_text("digits"), "no archive of labelled numbers"),
    ("empty.zip", lambda path: zipfile.ZipFile(path, "w").close(), "needs labels.json"),
    ("digits.csv", lambda path: path.write_text("1,2"), "an .npz of arrays or a .zip"),
    ("some.npz:dev", lambda path: None, "no such split: dev; choose from train, test, val"),
)


@pytest.mark.parametrize(("name", "make", "message"), WRONG)
def test_wrong_banks(name: str, make: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    """A file that is no bank is refused with what is wrong about it."""
    make(tmp_path / name)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load_digits(str(tmp_path / name))


def test_a_wrong_bank_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says in one line what is wrong about a bank."""
    arguments = ["--out", str(tmp_path), "--count", "1", "--captures", "fax", "--fillings", "digits"]
    assert main([*arguments, "--digits", str(tmp_path / "none.npz")]) == 1
    assert "no file of digits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "runs"), [("320", [[0, 1, 2]]), ("20", [[1, 2]]), ("3207", [[0, 1, 2], [6]]), ("77", [[6], [6]])]
)
def test_digits_of_one_number_are_preferred(text: str, runs: list[list[int]]) -> None:
    """A number is put together from the longest pieces that one hand wrote."""
    labels = np.array([3, 2, 0, 0, 2, 3, 7], np.uint8)
    numbers = np.array([0, 0, 0, 1, 1, 1, 2], np.int32)
    found = DigitBank(np.zeros((7, 9, 9), np.uint8), labels, numbers)
    assert choose_digits(found, text, np.random.default_rng(1)) == [place for run in runs for place in run]


def test_a_traced_stroke_has_no_staircase() -> None:
    """A slanting line of 20 pixels is traced as one stroke within half a pixel of the straight one."""
    picture = np.zeros((28, 28), np.uint8)
    cv2.line(picture, (10, 4), (17, 24), 255, 2, cv2.LINE_AA)
    strokes = trace(picture, smooth=0.05).strokes
    assert len(strokes) == 1
    way = np.array([7, 20]) / np.hypot(7, 20)
    apart = (strokes[0][:, :2] - (10.5, 4.5)) @ np.array([-way[1], way[0]])
    assert np.abs(apart - apart.mean()).max() < 0.5
    assert np.ptp(strokes[0][:, 1]) > 18


@pytest.mark.parametrize(("label", "strokes", "loops"), [(0, 1, 1), (1, 1, 0), (6, 1, 1), (8, 1, 2), (7, 1, 0)])
def test_strokes_run_through_crossings(label: int, strokes: int, loops: int) -> None:
    """A digit is traced in about as many strokes as people write it in, with its loops."""
    traced = trace(drawn(label, 56), smooth=0.05)
    assert strokes <= len(traced.strokes) <= strokes + 2
    assert traced.loops == loops


@pytest.mark.parametrize(("label", "ends"), [(0, 0), (1, 2), (4, 4), (7, 2), (9, 1)])
def test_free_ends_are_counted(label: int, ends: int) -> None:
    """A digit is traced with the ends at which its writer put the pen down and took it up."""
    assert trace(drawn(label, 56), smooth=0.05).ends == ends


def test_nobody_writes_a_four_that_is_a_nine() -> None:
    """A closed 4 that has lost the end of its bar is passed over where there is another."""
    nines = np.stack([drawn(9, 28)] * 5 + [drawn(4, 28)] + [drawn(label, 28) for label in (0, 1, 2, 3, 5, 6, 7, 8, 9)])
    labels = np.array([4] * 6 + [0, 1, 2, 3, 5, 6, 7, 8, 9], np.uint8)
    speller = learn(("wenkai",), DigitBank(nines, labels), np.random.default_rng(1))
    assert [len(found.strokes) for found in speller.habits[4]] == [2]


@pytest.mark.parametrize("width", [0.25, 0.5, 1.1])
def test_a_pen_is_as_wide_as_it_says(width: float) -> None:
    """A straight stroke is as broad as the pen, to a tenth of a millimetre."""
    sheet = np.full((60, 200, 3), 255, np.uint8)
    stroke = np.c_[np.linspace(20, 180, 60), np.full(60, 30.0), np.ones(60)]
    box = draw_ink(sheet, [stroke], Pen((0, 0, 0), width, 1.0, grain=0.0), np.random.default_rng(1), mm=10)
    darkness = (255 - sheet[:, 60:140, 0].astype(float)).sum(axis=0) / 255
    assert box is not None
    assert float(np.median(darkness)) / 10 == pytest.approx(width, abs=0.1)
    assert np.abs(np.subtract((box[0], box[2]), (20, 180))).max() < 7


@pytest.mark.parametrize("style", STYLES)
def test_ink_lies_where_the_truth_says(style: str, bank: DigitBank, tmp_path: Path) -> None:
    """Of every style, each value's ink fills its box, and there is none outside the boxes."""
    written = write(style, bank, tmp_path, odd=0.0)
    assert sorted(written.boxes) == [place for place, slot in enumerate(written.filled.slots) if slot.raw is not None]
    masks = [ink_of(sheet) for sheet in written.sheets]
    for place, box in written.boxes.items():
        left, top, right, bottom = pixels(box)
        piece = masks[written.printed.slots[place].page - 1][top:bottom, left:right]
        for across in (0, 1):
            inked = np.flatnonzero(piece.any(axis=1 - across))
            # A worn pen may leave the very end out.
            slack = 1 + 0.15 * piece.shape[across]
            assert inked[0] <= slack, place
            assert inked[-1] >= piece.shape[across] - 1 - slack, place
    for page, mask in enumerate(masks, 1):
        for place, box in written.boxes.items():
            if written.printed.slots[place].page == page:
                left, top, right, bottom = pixels(box)
                mask[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = False
        assert not mask.any()


def heights(written: Written) -> float:
    """Middle height of counts, in mm."""
    return float(np.median([(box[3] - box[1]) * 297 for place, box in written.boxes.items() if is_count(written, place)]))


def darkness(written: Written) -> float:
    """How dark ink is, of 255."""
    levels = np.concatenate([255 - sheet.min(axis=2)[ink_of(sheet)].astype(float) for sheet in written.sheets])
    return float(np.median(levels))


def breadth(written: Written) -> float:
    """How broad strokes are, in mm: twice the way from their middle to the paper."""
    deepest = []
    for sheet in written.sheets:
        ink = ink_of(sheet).astype(np.uint8)
        depth = np.asarray(cv2.distanceTransform(ink, cv2.DIST_L2, 5))
        _, parts, facts, _ = cv2.connectedComponentsWithStats(ink)
        deepest += [2 * depth[parts == part].max() / DPI * 25.4 for part in range(1, len(facts)) if facts[part, 4] > 20]
    return float(np.median(deepest))


def redness(written: Written) -> float:
    """How much redder ink is than blue."""
    colours = np.concatenate([sheet[ink_of(sheet)].astype(float) for sheet in written.sheets])
    return float((colours[:, 2] - colours[:, 0]).mean())


def overrun(written: Written) -> float:
    """Share of counts with ink a fifth of an em outside the parentheses' inner edges."""
    outside = []
    for place, box in written.boxes.items():
        room = written.printed.slots[place].room
        if is_count(written, place) and room is not None:
            slack = 0.2 * 12 / 595
            outside.append(box[0] < room[0] - slack or box[2] > room[2] + slack)
    return float(np.mean(outside))


def parts_per_digit(written: Written) -> float:
    """Separate pieces of ink a digit, in counts of three digits and more."""
    masks = [ink_of(sheet).astype(np.uint8) for sheet in written.sheets]
    pieces = digits = 0
    for place, box in written.boxes.items():
        raw = written.filled.slots[place].raw or ""
        if is_count(written, place) and len(raw) >= 3:
            left, top, right, bottom = pixels(box)
            pieces += cv2.connectedComponents(masks[written.printed.slots[place].page - 1][top:bottom, left:right])[0] - 1
            digits += len(raw)
    return pieces / max(digits, 1)


def digits_per_em(written: Written) -> float:
    """Digits for every em of a slot's width."""
    crowds = [
        len(slot.raw or "") / max((printed.room[2] - printed.room[0]) * 595 / 12, 0.1)
        for slot, printed in zip(written.filled.slots, written.printed.slots, strict=True)
        if printed.room is not None and slot.raw is not None and slot.slot.kind is SlotKind.COUNT
    ]
    return float(np.mean(crowds))


DIFFERENT: tuple[tuple[str, Callable[[Written], float], float, float], ...] = (
    ("thin", breadth, 0.3, 0.9),
    ("faint", darkness, 0.2, 0.9),
    ("thick", breadth, 1.4, 4),
    ("large", heights, 1.3, 4),
    ("small", heights, 0.2, 0.8),
    ("touching", parts_per_digit, 0.1, 0.8),
    ("over-parenthesis", overrun, 2, 1000),
    ("red", redness, 60, 255),
    ("cramped", digits_per_em, 1.5, 10),
)


@pytest.mark.parametrize(("style", "measure", "least", "most"), DIFFERENT)
def test_styles_differ_from_a_plain_hand(
    style: str, measure: Callable[[Written], float], least: float, most: float, bank: DigitBank, tmp_path: Path
) -> None:
    """What a style is about is so many times what it is in a plain hand; redness is so much more."""
    ours, plain = (
        float(np.mean([measure(write(name, bank, tmp_path, odd=0.0, seed=seed)) for seed in (1, 2, 3)]))
        for name in (style, "plain")
    )
    assert least <= (ours - plain if measure is redness else ours / max(plain, 0.01)) <= most


def test_slanted_hands_slant() -> None:
    """Either way, and far more than plain ones."""
    slants = {
        style: [draw_writer(style, np.random.default_rng(seed)).slant for seed in range(30)]
        for style in ("slanted", "plain")
    }
    assert min(slants["slanted"]) < -0.2 < 0.35 < max(slants["slanted"])
    assert min(np.abs(slants["slanted"])) > np.median(np.abs(slants["plain"]))


# What an oddity's slot is: its states, whether something is written for raw, whether something was written before.
ODD: tuple[tuple[str, set[State], bool, bool], ...] = (
    ("struck-above", {State.VALUE}, True, True),
    ("struck-beside", {State.VALUE}, True, True),
    ("struck-only", {State.UNREADABLE}, False, True),
    ("overwritten", {State.VALUE}, True, True),
    ("tick", {State.UNREADABLE}, True, False),
    ("scribble", {State.UNREADABLE}, False, False),
    ("word", {State.VALUE, State.UNREADABLE}, True, False),
    ("slash", {State.BLANK}, True, False),
    ("dash", {State.BLANK}, True, False),
    ("circled", {State.VALUE}, True, False),
    ("stray-line", {State.BLANK}, False, False),
    ("dot", {State.BLANK}, False, False),
)


@pytest.mark.parametrize(("kind", "states", "raw", "first"), ODD)
def test_what_oddities_are_worth(
    kind: str, states: set[State], raw: bool, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An oddity decides the slot's state; values stand for numbers only, and 无 for nought."""
    filled, found = odd_return(kind, monkeypatch)
    slots = [filled.slots[place] for place in found]
    assert {slot.state for slot in slots} == states
    assert {slot.raw is not None for slot in slots} == {raw}
    assert {bool(odd.first) for odd in found.values()} == {first}
    assert all((slot.value is not None) == (slot.state is State.VALUE) for slot in slots)
    for place, slot in ((place, filled.slots[place]) for place in found):
        if slot.state is State.VALUE:
            assert slot.value == (0 if slot.raw == "无" else int(slot.raw or ""))
            assert slot.raw != found[place].first


def test_every_oddity_has_an_example() -> None:
    """No kind is left out of the table."""
    assert {kind for kind, *_ in ODD} == {*ODDITIES}


@pytest.mark.parametrize("kind", ODDITIES)
def test_oddities_leave_ink(kind: str, bank: DigitBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every odd slot has ink in its box; strays and dots leave ink, but no box."""
    monkeypatch.setattr(oddities, "ODDITIES", {kind: ODDITIES[kind]})
    written = write("plain", bank, tmp_path, odd=1.0)
    counts = [place for place in range(len(written.filled.slots)) if is_count(written, place)]
    masks = [ink_of(sheet) for sheet in written.sheets]
    assert any(mask.any() for mask in masks)
    if kind in {"stray-line", "dot"}:
        assert not {*counts} & {*written.boxes}
        return
    assert {*counts} <= {*written.boxes}
    for place in counts:
        left, top, right, bottom = pixels(written.boxes[place])
        piece = masks[written.printed.slots[place].page - 1][top:bottom, left:right]
        assert piece.any(axis=0).mean() > 0.5, place


def test_a_correction_stands_above_what_is_struck(bank: DigitBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value's box is that of the correction: above the middle of its slot, the struck number's ink below it."""
    monkeypatch.setattr(oddities, "ODDITIES", {"struck-above": ODDITIES["struck-above"]})
    written = write("plain", bank, tmp_path, odd=1.0)
    masks = [ink_of(sheet) for sheet in written.sheets]
    for place, box in written.boxes.items():
        printed = written.printed.slots[place]
        if is_count(written, place) and printed.room is not None:
            assert (box[1] + box[3]) / 2 < (printed.room[1] + printed.room[3]) / 2
            left, _, right, bottom = pixels(box)
            assert masks[printed.page - 1][bottom + 2 : bottom + 12, left - 8 : right + 8].any(), place


def test_same_bytes_whatever_the_workers(bank_path: Path, tmp_path: Path) -> None:
    """With hands and oddities, too, the same seed makes the same bytes in one process and in two."""
    made = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        make_set(
            folder, seed=8, count=3, captures=("fax",), fillings=("digits", "font"), digits=bank_path,
            hands=("plain", "faint", "cramped"), odd=0.3, workers=workers,
        )  # fmt: skip
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]


def test_the_truth_names_hand_and_oddity(tmp_path: Path) -> None:
    """Every slot names the return's hand; odd ones say what is odd, and struck ones what was struck."""
    truth = make_font_return(tmp_path, Recipe("fax", "font", hand="small", odd=0.5))
    assert {slot.hand for slot in truth.slots} == {"small"}
    odd = [slot for slot in truth.slots if slot.oddity]
    assert len(odd) > 5
    assert all(slot.struck == slot.oddity.startswith("struck-") for slot in truth.slots)
    assert all(slot.struck_raw for slot in truth.slots if slot.struck)


def test_a_hand_leaves_the_contents(tmp_path: Path) -> None:
    """A return has the values that it would have without a hand, where nothing is odd."""
    without, hand = (make_font_return(tmp_path / name, Recipe("fax", "font", hand=name)) for name in ("", "plain"))
    assert [(slot.path, slot.raw) for slot in without.slots] == [(slot.path, slot.raw) for slot in hand.slots]
    assert without.header == hand.header


def test_without_a_hand_nothing_is_told_of_one(tmp_path: Path) -> None:
    """The truth of a return without a hand has no new keys: its bytes are what they always were."""
    truth = make_font_return(tmp_path, Recipe("fax", "font"))
    keys = {*json.loads(truth_path(tmp_path / truth.file).read_text(encoding="utf-8"))["returns"][0]["slots"][0]}
    assert keys == {*TruthSlot.model_fields} - {"hand", "oddity", "struck_raw", "illegible"}


@pytest.mark.parametrize(
    ("tall", "level", "shown", "legible"),
    [
        (30, 20, 1.0, True),
        (30, 175, 1.0, True),
        (9, 20, 1.0, True),
        (6, 20, 1.0, False),
        (30, 225, 1.0, False),
        (30, 20, 0.06, False),
    ],
    ids=["ball pen", "pencil", "small", "too small", "lost in noise", "a fax of a pencil"],
)
def test_what_nobody_can_read_is_illegible(tall: int, level: int, shown: float, legible: bool) -> None:
    """Ink of a grey level on paper, of which a share of pixels is left, is legible where it is high and dark enough."""
    rng = np.random.default_rng(8)
    page = np.full((160, 200, 3), 235.0, np.float64)
    ink = np.zeros((160, 200), np.uint8)
    box = (60.0, 60.0, 60.0 + tall, 60.0 + tall)
    for share in (0.2, 0.6):
        x = 60 + round(tall * share)
        cv2.line(ink, (x, 60), (x, 59 + tall), 1, max(1, tall // 12))
    written = (ink > 0) & (rng.random((160, 200)) < shown)
    page[written] = level
    noisy = np.clip(page + rng.normal(0, 4, ink.shape)[:, :, None], 0, 255).astype(np.uint8)
    assert is_legible(noisy, box) is legible


def test_typed_returns_have_no_hand(tmp_path: Path) -> None:
    """Nobody writes by pen into a typed return or a PDF."""
    for recipe in (Recipe("fax", "typed", hand="red"), Recipe("digital", "font", hand="red")):
        truth = make_font_return(tmp_path, recipe)
        assert {(slot.hand, slot.oddity) for slot in truth.slots} == {("", "")}


@pytest.mark.parametrize("captures", [("flatbed",), ("flatbed", "photo"), ("flatbed", "photo", "fax", "wechat")])
def test_hands_meet_captures(captures: tuple[str, ...]) -> None:
    """In turns, every hand comes with every capture and every filling."""
    hands, fillings = tuple(STYLES), ("font", "digits")
    recipes = [
        recipe_in_turn(index, captures=captures, fillings=fillings, hard=(), hands=hands)
        for index in range(2 * len(hands) * len(captures) * len(fillings))
    ]
    assert len({(recipe.hand, recipe.capture) for recipe in recipes}) == len(hands) * len(captures)
    assert len({(recipe.hand, recipe.filling) for recipe in recipes}) == len(hands) * len(fillings)


@pytest.mark.parametrize("hands", [("plain", "red"), ("plain", "red", "thin", "large"), tuple(STYLES)])
def test_hands_meet_hard_kinds(hands: tuple[str, ...]) -> None:
    """In turns, every hand comes with every hard kind."""
    kinds = ("words", "none", "dates", "many-seals")
    recipes = [
        recipe_in_turn(index, captures=("fax",), fillings=("font",), hard=kinds, hands=hands)
        for index in range(2 * len(hands) * len(kinds))
    ]
    assert len({(recipe.hand, recipe.hard) for recipe in recipes}) == len(hands) * len(kinds)


def test_unknown_hands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown style is refused, and the message names those there are."""
    with pytest.raises(ValueError, match=r"no such hand: quill; choose from plain.*cramped"):
        make_set(tmp_path, seed=1, count=1, hands=("plain", "quill"))
    with pytest.raises(SystemExit, match="2"):
        main(["--hands", "quill"])
    assert "quill" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "styles"), [("", ()), ("red", ("red",)), ("red,thin", ("red", "thin")), ("all", tuple(STYLES))]
)
def test_styles_are_named_by_comma(text: str, styles: tuple[str, ...]) -> None:
    """All means every one."""
    assert parse_styles(text) == styles


def write(style: str, bank: DigitBank, folder: Path, *, odd: float, seed: int = 1) -> Written:
    """A return by a pen on white sheets, its header empty."""
    rng = np.random.default_rng(seed)
    filled = lengthen(invent_return(SAFETY_MONTH, rng, filling="digits", odd_share=0.0), style, rng)
    header = filled.header.model_copy(update=dict.fromkeys(("unit", "contact", "phone", "date")))
    filled, found = draw_oddities(replace(filled, header=header), rng, odd)
    layout = fit_layout(plain_layout(), style, rng)
    printed = print_return(SAFETY_MONTH, filled, layout, folder / f"{style}.pdf")
    sheets = tuple(np.full((*SHEET, 3), 255, np.uint8) for _ in range(printed.pages))
    boxes = write_return(sheets, filled, printed, rng, style=style, size=layout.size, bank=bank, odd=found)
    return Written(sheets, filled, printed, boxes)


def odd_return(kind: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Filled, dict[int, oddities.Oddity]]:
    """A return all of whose counts are odd in one way, and how."""
    monkeypatch.setattr(oddities, "ODDITIES", {kind: ODDITIES[kind]})
    rng = np.random.default_rng(4)
    return draw_oddities(invent_return(SAFETY_MONTH, rng, filling="digits", odd_share=0.0), rng, 1.0)


def make_font_return(folder: Path, recipe: Recipe) -> Truth:
    """A return in a font, and its truth as it was written."""
    folder.mkdir(exist_ok=True)
    made = make_file([replace(recipe, turn=0)], 5, folder / "return")
    return read_truth(truth_path(folder / made.file)).returns[0]


def is_count(written: Written, place: int) -> bool:
    """Whether a slot is one for a number."""
    return written.filled.slots[place].slot.kind is SlotKind.COUNT


def ink_of(sheet: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where ink is on a white sheet."""
    return np.asarray(sheet.min(axis=2) < 235, np.bool_)


def pixels(box: Box) -> tuple[int, int, int, int]:
    """A box of fractions in a sheet's pixels."""
    height, width = SHEET
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)


def drawn(label: int, side: int) -> Image:
    """A digit of a thin pen."""
    picture = np.zeros((side, side), np.uint8)
    for path in PATHS[label]:
        points = np.array(path) * (0.45 * side, 0.7 * side) + (0.27 * side, 0.15 * side)
        cv2.polylines(picture, [(points * 16).astype(np.int32)], False, 255, 2, cv2.LINE_AA, 4)
    return picture


def arrays_at(path: Path) -> Path:
    """A file of arrays: two of each digit to test, four to train."""
    test, train = (np.tile(np.arange(10), times) for times in (2, 4))
    np.savez(
        path, test_x=np.stack([drawn(int(label), 28) for label in test]), test_y=test,
        train_x=np.stack([drawn(int(label), 28) for label in train]), train_y=train,
    )  # fmt: skip
    return path


def archive_at(path: Path, *, erased: int | None = None) -> Path:
    """An archive of the number 0123456789, three times to train and once to validate; there one digit may be erased."""
    whole = np.full((60, 400), 190, np.uint8)
    boxes = []
    for label in range(10):
        ink = drawn(label, 40)
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        boxes.append([label * 40 + int(columns[0]), 10 + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1])
        whole[10:50, label * 40 : label * 40 + 40][ink > 127] = 30
    lacking = whole.copy()
    if erased is not None:
        lacking[:, erased * 40 : erased * 40 + 40] = 190
    names = ("train/a.jpg", "train/b.jpg", "train/c.jpg", "val/a.jpg")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("labels.json", json.dumps({name: {"text": "0123456789", "boxes_xywh": boxes} for name in names}))
        for name in names:
            picture = lacking if name.startswith("val") else whole
            archive.writestr(name, cv2.imencode(".jpg", picture)[1].tobytes())
    return path
