"""Written numbers to values: plain and grouped digits, Chinese numerals, 1.2万, words of measure, rough ones, strokes.

A count is a whole number (`read_number`); an amount may have decimals (`read_amount`), which stay exact.

Chinese numerals are read here, not by cn2an: it guesses at malformed ones (一百五), and here a guess is a wrong figure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from extractors.glyphs import DIGITS, fold
from schemas.flow import State
from schemas.values import MOST, Number, decimals_of, plain_number

# Digits alone and digits in well-formed groups; [0-9], for \d takes every script's.
PLAIN = re.compile(r"[0-9]{1,9}")
GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")

# A stroke through the slot: nothing to report.
STROKE = re.compile(r"[-/\\]+")

# The number one looks like a dash; with a measure word behind it, it is the number.
ONE_OR_DASH = frozenset({"一", "一一"})

NOUGHT = frozenset({"零", "无"})

# What says that a box is ticked, and what that it is not: a box has no nought.
TICKED = frozenset("1y√✓✔☑■是有对")
UNTICKED = frozenset("0n/□☐否无")

# Words that make a number rough, and words of measure that repeat the printed ones behind the slot.
WORDED = re.compile(
    r"(?P<about>大约|约计|约有|约|近|将近|接近|超过|超|至少|不足)?(?:合计|共计|总共|共有|共)?"
    r"(?P<core>[0-9零一二三四五六七八九十百千万亿两,.无]+?)"
    r"(?P<more>余|多|来)?(?P<power>(?<=[余多来])[万亿])?"
    r"(?:场次|人次|场|次|人|个|篇|条|份|名|件|起|项|家|户|块|处|期|幅|部|例)?"
    r"(?P<or_so>左右|上下|以上|以下|\+)?"
)

# Powers of ten said in words, from the largest; what stands behind the last of them must fill its places.
POWERS = {10**8: "亿", 10**4: "万", 10**3: "千", 10**2: "百"}
MIXED = re.compile("".join(rf"(?:([0-9]+(?:\.[0-9]+)?){word})?" for word in POWERS.values()) + "([0-9]+)?")

# Digits with decimals: 12.50 and 1,280.00. More than six would not come back from a JSON number as they went in.
DECIMAL = re.compile(r"(?:[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})\.[0-9]{1,6}")
MOST_DECIMALS = 6

# What may be a grouped number whose comma looks like a point.
GROUP_OR_DECIMALS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")

# Money said as money; on bills the numerals are formal ones.
CURRENCY = re.compile(r"(?:人民币)?[¥￥]?(?P<core>[^元]+?)(?P<yuan>元|块钱)?(?P<whole>[整正])?")
COINS = re.compile(
    r"(?:人民币)?(?P<yuan>[^元]+)元(?:(?P<jiao>[0-9一二三四五六七八九])角)?(?:零?(?P<fen>[0-9一二三四五六七八九])分)?[整正]?"
)
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬圆圓", "一二三四五六七八九十百千万元元")

CHINESE_DIGITS = "零一二三四五六七八九"
SMALL_POWERS = {"十": 10, "百": 100, "千": 1000}


class Certainty(Enum):
    """How sure it is what a written number means, whatever the reader's eyes.

    PLAIN: digits, alone or in groups. CONVERTED: well-formed in another way (三十, 1.2万, 5场, 无). VAGUE: never to be
    taken without a person (约300, a stroke through the slot, 007), and what is no number.
    """

    PLAIN = "plain"
    CONVERTED = "converted"
    VAGUE = "vague"


@dataclass(frozen=True)
class Written:
    """What a text in a count slot means; `digits` are those in it, which is all that a reader of digits sees."""

    value: int | None
    state: State
    certainty: Certainty
    digits: str


def read_number(text: str) -> Written:
    """The count that a written text means.

    >>> [read_number(text).value for text in ("３20", "1,280", "1.2万", "三百二十", "约300人", "1,28")]
    [320, 1280, 12000, 320, 300, None]
    """
    normal = _normal(text)
    digits = "".join(char for char in normal if char in DIGITS)
    if not normal:
        return Written(None, State.BLANK, Certainty.PLAIN, digits)
    if STROKE.fullmatch(normal):
        return Written(None, State.BLANK, Certainty.VAGUE, digits)
    value = _digits_to_int(normal)
    if value is not None:
        # A nought in front is no way to write a count: more likely a stroke that belongs to something else.
        plain = normal == "0" or not normal.startswith("0")
        return Written(value, State.VALUE, Certainty.PLAIN if plain else Certainty.VAGUE, digits)
    core, vague = _without_words(normal)
    vague |= re.match("0[0-9]", core) is not None
    value = None if normal in ONE_OR_DASH else _core_to_int(core)
    if value is None or value > MOST:
        return Written(None, State.UNREADABLE, Certainty.VAGUE, digits)
    return Written(value, State.VALUE, Certainty.VAGUE if vague else Certainty.CONVERTED, digits)


@dataclass(frozen=True)
class WrittenAmount:
    """What a text in a slot of amounts means: whole ones are int, others Decimal without noughts behind."""

    value: Number | None
    state: State
    certainty: Certainty
    digits: str


def read_amount(text: str, unit: str = "") -> WrittenAmount:
    """The amount that a written text means, with six decimals at most; `unit` is the slot's own measure (万元).

    Where a slot is measured in 万元 and the text says 万 or 元 once more, a person must tell what was meant.

    >>> [str(read_amount(text).value) for text in ("12.50", "1,280.00", "3.6万", "¥0.5", "叁佰元伍角", "1,28.5")]
    ['12.5', '1280', '36000', '0.5', '300.5', 'None']
    """
    normal = _normal(text).translate(FORMAL)
    own = _normal(unit)
    if own and not set(own) & set("万亿元") and normal.endswith(own):
        # The printed measure said again; that of money is told by what is said.
        bare = read_amount(normal.removesuffix(own))
        if bare.state is State.VALUE:
            return replace(bare, certainty=max(bare.certainty, Certainty.CONVERTED, key=list(Certainty).index))
    digits = "".join(char for char in normal if char in DIGITS)
    value, certainty, state = _read_money(normal)
    said = re.search("[万亿元]", normal)
    power = next((power for power, word in POWERS.items() if unit.startswith(word)), 1)
    if value is not None and power >= 10**4 and said:
        value, certainty = Decimal(value) / power, Certainty.VAGUE
    if value is not None and (value >= MOST + 1 or decimals_of(value) > MOST_DECIMALS):
        value, state, certainty = None, State.UNREADABLE, Certainty.VAGUE
    return WrittenAmount(None if value is None else plain_number(value), state, certainty, digits)


def parse_count(text: str) -> tuple[int | None, bool]:
    """The count that a written text means, None where it is none, and whether it was written plainly."""
    written = read_number(text)
    return written.value, written.value is not None and written.certainty is Certainty.PLAIN


def int_to_chinese(number: int) -> str:
    """A number below a thousand million as it is written in Chinese, in its one canonical spelling.

    >>> int_to_chinese(10_280), int_to_chinese(15)
    ('一万零二百八十', '十五')
    """
    spelled, cut = "", False
    for power, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section, number = divmod(number, power)
        if section:
            # A nought stands for any number of empty places before the next digit.
            spelled += ("零" if spelled and (section < 1000 or cut) else "") + _section(section) + unit
        cut = bool(spelled) and not section
    return re.sub("^一十", "十", spelled) or "零"


def _normal(text: str) -> str:
    """A text as the recogniser's alphabet has it: NFKC, look-alikes folded to the one that names them, no spaces."""
    return "".join(fold(char) for char in unicodedata.normalize("NFKC", text) if not char.isspace())


def _read_money(normal: str) -> tuple[Number | None, Certainty, State]:
    """An amount as it is said, whatever its slot is measured in."""
    match = CURRENCY.fullmatch(normal)
    core = match["core"] if match else normal
    is_money = core != normal
    # With 元 behind it even 一 is a number, and no dash.
    whole = read_number(f"{core}个" if is_money and not GROUPED.fullmatch(core) else core)
    if whole.state is not State.UNREADABLE:
        plain = Certainty.CONVERTED if is_money and whole.certainty is Certainty.PLAIN else whole.certainty
        return whole.value, plain, whole.state
    core, vague = _without_words(core)
    vague |= re.match("0[0-9]", core) is not None
    value: Number | None = Decimal(core.replace(",", "")) if DECIMAL.fullmatch(core) else _mixed(core)
    if value is None:
        value = _coins(normal)
    if value is None:
        return None, Certainty.VAGUE, State.UNREADABLE
    is_plain = core == normal and DECIMAL.fullmatch(core) and not GROUP_OR_DECIMALS.fullmatch(core)
    return value, Certainty.VAGUE if vague else Certainty.PLAIN if is_plain else Certainty.CONVERTED, State.VALUE


def _coins(normal: str) -> Number | None:
    """元, 角 and 分 said in words, 三百元五角."""
    match = COINS.fullmatch(normal)
    whole = _core_to_int(match["yuan"]) if match else None
    if match is None or whole is None or not (match["jiao"] or match["fen"]):
        return None
    jiao, fen = (
        int(digit) if digit.isascii() else CHINESE_DIGITS.index(digit)
        for digit in (match["jiao"] or "零", match["fen"] or "零")
    )
    return whole + Decimal(10 * jiao + fen) / 100


def _digits_to_int(normal: str) -> int | None:
    if PLAIN.fullmatch(normal) or (GROUPED.fullmatch(normal) and len(normal) <= len("999,999,999")):
        return int(normal.replace(",", ""))
    return None


def _without_words(normal: str) -> tuple[str, bool]:
    """The number alone, without words of measure, and whether the writer called it rough."""
    match = WORDED.fullmatch(normal)
    if match is None:
        return normal, False
    # 30余万 is 30万 and more.
    core = match["core"] + (match["power"] or "")
    return core, any(match[name] for name in ("about", "more", "or_so"))


def _core_to_int(core: str) -> int | None:
    value = _digits_to_int(core)
    if value is None and core in NOUGHT:
        value = 0
    if value is None:
        value = _mixed_to_int(core)
    return _chinese_to_int(core) if value is None else value


def _mixed_to_int(core: str) -> int | None:
    """Digits with powers of ten in words, 1.2万 or 3万2千; None for what is no whole number."""
    total = _mixed(core)
    return int(total) if total is not None and total == int(total) else None


def _mixed(core: str) -> Decimal | None:
    """The same with decimals left; None where a power is missing or said twice (1万2)."""
    match = MIXED.fullmatch(core)
    if match is None:
        return None
    total, least = Decimal(0), 10**9
    for part, power in zip(match.groups()[:-1], POWERS, strict=True):
        if part is None:
            continue
        # A part must fit below the one before it, and only a lone part may have a fraction: 1.2万, not 1.2万3千.
        if Decimal(part) * power >= least or ("." in part and part + POWERS[power] != core):
            return None
        total, least = total + Decimal(part) * power, power
    rest = match.groups()[-1]
    if least == 10**9 or (rest and len(rest) != len(str(least)) - 1):
        return None
    return total + int(rest or 0)


def _chinese_to_int(core: str) -> int | None:
    """Chinese numerals, digit by digit (一二八〇) or with powers; read loosely, and refused if written back differently.

    So what people say but reckon differently (一百五 is 150, 一万二 is 12,000, 三五 is three to five) is no number here.
    """
    # The alphabet folds 〇 to 0; two is 两 before a power, and ten is also 一十.
    text = core.replace("两", "二").replace("0", "零")
    if not text or set(text) - set("零一二三四五六七八九十百千万亿"):
        return None
    if not set(text) & set("十百千万亿"):
        lone = len(text) == 1
        return int("".join(str(CHINESE_DIGITS.index(char)) for char in text)) if lone or 3 <= len(text) <= 9 else None
    total = section = digit = 0
    for char in text:
        if char in CHINESE_DIGITS:
            digit = CHINESE_DIGITS.index(char)
        elif char in SMALL_POWERS:
            section, digit = section + (digit or 1) * SMALL_POWERS[char], 0
        else:
            total, section, digit = (total + section + digit) * (10**4 if char == "万" else 10**8), 0, 0
    total += section + digit
    bare = re.search("[万亿][一二三四五六七八九]$", text)
    return total if total <= MOST and not bare and _alike(int_to_chinese(total)) == _alike(text) else None


def _alike(text: str) -> str:
    """Spellings that are all in use made one: 一百一十五 and 一百十五, 一万零二百 and 一万二百."""
    return text.replace("一十", "十").replace("万零", "万").replace("亿零", "亿")


def _section(number: int) -> str:
    """A number from 1 to 9,999 in Chinese."""
    spelled = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, power)
        if digit:
            spelled += CHINESE_DIGITS[digit] + unit
        elif spelled and number and not spelled.endswith("零"):
            spelled += "零"
    return spelled
