"""One file of returns from recipes and a seed: invent, print, write, stamp, take, save, and tell the truth."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from samples import containers, hands, mishaps, printer, writing
from samples.capture import Captured, Picture, capture, render, sheet_dpi
from samples.digits import DigitBank
from samples.hard import NONE, Draft, capture_for, check_kinds, harden
from samples.layout import BLANK_ROWS, RETYPED_SHARE, draw_layout, fit_form, retype
from samples.made import Made, tell_truth
from samples.oddities import Oddity, draw_oddities
from samples.returns import ODD_SHARE, Filled, blank_return, invent_return
from samples.seal import Seal, covers, draw_seal, press
from samples.styles import check_styles, fit_layout, lengthen
from samples.truth import TruthFile, write_truth
from schemas.flow import Image
from schemas.form import Form
from schemas.safety_month import SAFETY_MONTH

_SEAL_SHARE = 0.7
_ELECTRONIC_SEAL_SHARE = 0.25
_VALUE_SEAL_SHARE = 0.08
_TURN_SHARE = 0.15
_SWAP_SHARE = 0.05


@dataclass(frozen=True)
class Recipe:
    """What a return shall be; None leaves it to chance.

    `hand` is the style of a pen's return, "" for a pen of no named style; `odd` the share of its counts that are odd.
    `blank` is a form that nobody has written on.
    """

    capture: str
    filling: str = "typed"
    unit: str | None = None
    suffix: str | None = None
    pages: int | None = None
    turn: int | None = None
    exif: bool | None = None
    seal: bool | None = None
    seal_values: bool | None = None
    retyped: bool | None = None
    activities: int | None = None
    radicals: bool | None = None
    odd_share: float = ODD_SHARE
    hard: tuple[str, ...] = ()
    hand: str = ""
    odd: float = 0.0
    blank: bool = False


def make_file(
    recipes: Sequence[Recipe], seed: int, stem: Path, *, form: Form = SAFETY_MONTH, bank: DigitBank | None = None
) -> TruthFile:
    """Make one file of one return, or of several taken alike, and its truth beside it.

    `stem` is the path without a suffix, which the first recipe or chance decides.
    A hard kind that the recipe's capture cannot have is taken with one that can.
    Raises ValueError for several returns as digital, for filling with digits where there is no bank, and for an unknown
    hard kind.
    """
    recipes = [_settled(recipe) for recipe in recipes]
    rng = np.random.default_rng(seed)
    if recipes[0].capture == "digital":
        if len(recipes) != 1:
            raise ValueError("a digital file holds one return")
        return _make_digital(recipes[0], seed, stem, form, rng, _hard_rng(seed, 0))
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "print.pdf"
        taken = [
            _take(recipe, form, rng, pdf, bank, _hard_rng(seed, place), _hand_rng(seed, place))
            for place, recipe in enumerate(recipes)
        ]
    pictures = tuple(picture for _, captured in taken for picture in captured.pictures)
    modifiers: tuple[str, ...] = ()
    order = list(range(len(pictures)))
    if len(recipes) == 1 and len(pictures) == 2 and rng.random() < _SWAP_SHARE:
        order, modifiers = [1, 0], ("pages-swapped",)
    suffix = recipes[0].suffix or containers.draw_suffix(recipes[0].capture, len(pictures), rng)
    if "low-res" in recipes[0].hard and recipes[0].suffix is None and len(pictures) == 1:
        suffix = ".jpg"
    footer = suffix == ".pdf" and "camscanner" in (recipes[0].capture, *taken[0][1].modifiers) and rng.random() < 0.5
    first = taken[0][1]
    if footer:
        modifiers = (*modifiers, "footer-text")
    pictures, turned = _exif_turns(pictures, suffix, recipes[0], rng)
    path = stem.with_name(stem.name + suffix)
    containers.save(replace(first, pictures=tuple(pictures[place] for place in order)), path, footer=footer)
    returns = []
    start = 0
    for recipe, (made, captured) in zip(recipes, taken, strict=True):
        own = pictures[start : start + len(captured.pictures)]
        numbers = [order.index(start + place) + 1 for place in range(len(own))]
        start += len(own)
        done = (*_seal_modifiers(made), *captured.modifiers, *turned, *modifiers, *recipe.hard)
        returns.append(
            tell_truth(
                path.name, made, own, numbers, capture=recipe.capture, filling=recipe.filling, seed=seed, modifiers=done
            )
        )
    truth = TruthFile(file=path.name, returns=tuple(returns))
    write_truth(truth, path.parent)
    return truth


def _settled(recipe: Recipe) -> Recipe:
    """The recipe without `none`, its capture one with which its hard kinds can be had."""
    check_kinds(recipe.hard)
    for kind in recipe.hard:
        recipe = replace(recipe, capture=capture_for(kind, recipe.capture))
    check_styles([recipe.hand] if recipe.hand else [])
    if recipe.blank:
        recipe = replace(recipe, filling="typed", seal=False, seal_values=False, retyped=False)
    if recipe.filling == "typed" or recipe.capture == "digital":
        recipe = replace(recipe, hand="")
    return replace(recipe, hard=tuple(kind for kind in recipe.hard if kind != NONE))


def _hard_rng(seed: int, place: int) -> np.random.Generator:
    """Chance for the hard kinds of a file's n-th return, apart from all other: without kinds nothing changes."""
    return np.random.default_rng((seed, 7, place))


def _hand_rng(seed: int, place: int) -> np.random.Generator:
    """Chance for the hand of a file's n-th return, apart from all other: what is printed stays as it is."""
    return np.random.default_rng((seed, 11, place))


def _make_digital(
    recipe: Recipe, seed: int, stem: Path, form: Form, rng: np.random.Generator, hard: np.random.Generator
) -> TruthFile:
    path = stem.with_name(stem.name + ".pdf")
    made = _print(replace(recipe, filling="typed"), form, rng, path, hard, rng, seal_share=_ELECTRONIC_SEAL_SHARE)
    if made.seals:
        printer.print_return(made.form, made.filled, made.layout, path, seals=made.seals)
    radicals = ("radicals",) if made.layout.radicals else ()
    flat = [_flat_picture() for _ in range(made.printed.pages)]
    numbers = list(range(1, made.printed.pages + 1))
    done = (*_seal_modifiers(made), *radicals, *recipe.hard)
    own = tell_truth(path.name, made, flat, numbers, capture=recipe.capture, filling="typed", seed=seed, modifiers=done)
    truth = TruthFile(file=path.name, returns=(own,))
    write_truth(truth, path.parent)
    return truth


def _take(
    recipe: Recipe,
    form: Form,
    rng: np.random.Generator,
    pdf: Path,
    bank: DigitBank | None,
    hard: np.random.Generator,
    hand: np.random.Generator,
) -> tuple[Made, Captured]:
    """Print, write and stamp a return, and take pictures of it."""
    if recipe.filling == "digits" and bank is None:
        raise ValueError("filling with digits needs a file of digits: --digits FILE")
    made = _print(recipe, form, rng, pdf, hard, hand, seal_share=_SEAL_SHARE)
    dpi = sheet_dpi(recipe.capture, rng)
    sheets: list[Image] = list(render(pdf, dpi))
    if recipe.filling != "typed":
        made = replace(made, ink=_write(sheets, made, recipe, bank if recipe.filling == "digits" else None, rng, hand))
    for seal in made.seals:
        sheets[seal.page - 1] = press(sheets[seal.page - 1], seal)
    turn = recipe.turn
    if turn is None:
        turn = int(rng.choice([90, 180, 270])) if rng.random() < _TURN_SHARE else 0
    skew = mishaps.draw_skew(recipe.hard, hard)
    captured = capture(sheets, recipe.capture, rng, dpi=dpi, turn=turn, skew=skew)
    return made, mishaps.spoil(captured, recipe.hard, hard)


def _write(
    sheets: Sequence[Image], made: Made, recipe: Recipe, bank: DigitBank | None,
    rng: np.random.Generator, hand: np.random.Generator,
) -> hands.Inked:  # fmt: skip
    """Write a return by pen: in its style, or in none."""
    size = made.layout.size
    if not recipe.hand:
        return hands.write_pen(sheets, made.filled, made.printed, rng, size=size, bank=bank)
    boxes = writing.write_return(
        sheets, made.filled, made.printed, hand, style=recipe.hand, size=size, bank=bank, odd=made.odd
    )
    return hands.Inked(boxes, frozenset(place for place, odd in made.odd.items() if odd.struck))


def _print(
    recipe: Recipe,
    form: Form,
    rng: np.random.Generator,
    path: Path,
    hard: np.random.Generator,
    hand: np.random.Generator,
    *,
    seal_share: float,
) -> Made:
    filled = invent_return(
        form,
        rng,
        filling=recipe.filling,
        unit=recipe.unit,
        odd_share=0.0 if recipe.filling == "digits" else recipe.odd_share,
        activities=recipe.activities,
        drawn=recipe.capture != "digital",
    )
    layout = fit_form(draw_layout(rng, filling=recipe.filling, pages=recipe.pages), form, rng)
    if recipe.blank:
        filled, layout = blank_return(form), replace(layout, spare_rows=BLANK_ROWS - 1)
    radicals = recipe.radicals if recipe.radicals is not None else layout.radicals
    # Radicals are a text layer's trouble; in pictures they look like any other character.
    layout = replace(layout, radicals=radicals and recipe.capture == "digital")
    retyped = recipe.retyped if recipe.retyped is not None else bool(rng.random() < RETYPED_SHARE)
    numbers = {item.key: number for number, item in enumerate(form.items, 1)}
    if retyped:
        form, layout = retype(form, layout, rng)
    draft = harden(Draft(form, filled, layout), recipe.hard, hard)
    odd: Mapping[int, Oddity] = {}
    if recipe.hand:
        filled, odd = draw_oddities(lengthen(draft.filled, recipe.hand, hand), hand, recipe.odd)
        draft = replace(draft, filled=filled, layout=fit_layout(draft.layout, recipe.hand, hand))
    if "row-cut" in recipe.hard:
        draft, printed = _print_cut(draft, path, hard)
    else:
        printed = printer.print_return(draft.form, draft.filled, draft.layout, path)
    seals = _draw_seals(recipe, draft.filled, printed, rng, seal_share)
    seals = (*seals, *mishaps.more_seals(draft.filled.header.unit or "", printed, recipe.hard, hard))
    rows = tuple(numbers[item.key] for item in draft.form.items)
    nothing = hands.Inked({}, frozenset())
    return Made(draft.form, rows, draft.filled, draft.layout, printed, seals, nothing, retyped, recipe.hand, odd)


def _print_cut(draft: Draft, path: Path, rng: np.random.Generator) -> tuple[Draft, printer.Printed]:
    """Print with rows so high that the page ends within one."""
    for stretch in rng.permutation(np.linspace(1, 2.4, 15)):
        stretched = replace(draft, layout=replace(draft.layout, stretch=float(stretch)))
        printed = printer.print_return(stretched.form, stretched.filled, stretched.layout, path)
        parts = [(cell.row, cell.column) for cell in printed.cells]
        if len(set(parts)) < len(parts):
            return stretched, printed
    raise ValueError("row-cut: no row reaches the page's end")


def _draw_seals(
    recipe: Recipe, filled: Filled, printed: printer.Printed, rng: np.random.Generator, share: float
) -> tuple[Seal, ...]:
    """A seal over the unit's field, and seldom one over values."""
    seals = []
    text = filled.header.unit or ""
    if recipe.seal if recipe.seal is not None else rng.random() < share:
        seals.append(draw_seal(text, 1, printed.fields["unit"], rng))
    on_values = recipe.seal_values
    if on_values is None:
        on_values = recipe.capture != "digital" and bool(rng.random() < _VALUE_SEAL_SHARE)
    if on_values:
        slot = printed.slots[int(rng.integers(len(printed.slots)))]
        seals.append(draw_seal(text, slot.page, slot.box, rng))
    return tuple(seals)


def _seal_modifiers(made: Made) -> tuple[str, ...]:
    names = []
    if made.seals:
        names.append("seal")
    if any(covers(seal, slot.page, slot.box) for seal in made.seals for slot in made.printed.slots):
        names.append("seal-values")
    return tuple(names)


def _exif_turns(
    pictures: tuple[Picture, ...], suffix: str, recipe: Recipe, rng: np.random.Generator
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """JPEG as phones write it: turned pixels, and EXIF to say so."""
    wanted = recipe.exif if recipe.exif is not None else rng.random() < _TURN_SHARE
    if suffix != ".jpg" or not wanted:
        return pictures, ()
    orientation = int(rng.choice([3, 6, 8]))
    return tuple(replace(picture, exif=orientation) for picture in pictures), (f"exif{orientation}",)


def _flat_picture() -> Picture:
    """The page itself: fractions stay what they are."""
    return Picture(np.zeros((1, 1, 3), np.uint8), np.eye(3))
