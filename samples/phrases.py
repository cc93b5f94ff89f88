"""Invented words that units add to the form: between its sentences, above and below its table, in its header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from samples import names
from samples.names import pick
from samples.spellings import chinese
from samples.truth import TruthHeader
from schemas.form import Form, FormItem

_ASIDES = (
    "（含线上）", "（详见附件）", "（2026年6月）", "（含基层工会）", "（见附件2）", "（6月1日至30日）", "（不含外包单位）",
    "（线上线下结合）", "(含直播)", "（附照片3张）",
)  # fmt: skip
"""Parentheses that are no slots: behind the counter of a slot."""

_SENTENCES = (
    "活动覆盖全部基层工会；",
    "现场发放宣传资料500余份；",
    "累计张贴标语30条，悬挂横幅12条；",
    "其中线上直播（含抖音、快手）同步开展；",
    "相关报道见县总工会公众号（6月18日）；",
    "排查隐患均已整改完毕（整改率100%）；",
    "活动由劳动保护部牵头（联系电话见表头）；",
    "组建志愿服务队2支，",
    "评选先进班组（3个）予以表彰；",
    "与应急管理局联合开展；",
)
"""Sentences of a unit's own: between those of the form, or behind them."""

_ABOVE = (
    "（统计时间：2026年6月1日—6月30日）",
    "各县（市、区）总工会、市各产业工会请于7月5日前报送（以收到时间为准）。",
    "附件2",
    "说明：本表由基层单位（含所属企业）填写，一式（两）份。",
)

_BELOW = (
    "备注：本表一式两份（市总工会1份，本单位存档1份）。",
    "填表说明：1.本表由各县（市、区）总工会汇总填报（含所属企业）；2.人次按实际参与人数累计；3.没有开展的填“0”。",
    "总体情况：全县共有基层工会（126）个，职工（35200）人，“安全生产月”期间组织开展各类活动（18）场，参与（4600）人次。",
    "注：“场”指集中组织的活动（线上、线下均可），“人次”可重复计算。",
)

_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def add_sentences(form: Form, rng: np.random.Generator) -> Form:
    """The form with sentences of the unit's own and with parentheses that are no slots."""
    return replace(form, items=tuple(_add_to_item(item, rng) for item in form.items))


def outside_text(rng: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paragraphs above and below the table: mostly both, at least one below."""
    above = tuple(text for text in _ABOVE if rng.random() < 0.4)
    signed = f"审核人：{names.person(rng)}    填表人：{names.person(rng)}    填表日期：6月{rng.integers(20, 31)}日"
    below = tuple(text for text in _BELOW if rng.random() < 0.5) or (pick(rng, _BELOW),)
    return above, ((*below, signed) if rng.random() < 0.5 else (signed, *below))


def spell_header(header: TruthHeader, rng: np.random.Generator) -> TruthHeader:
    """The header with date, phone and unit written in less common ways."""
    unit = _long_unit(rng) if rng.random() < 0.6 else header.unit
    return TruthHeader(unit=unit, contact=header.contact, phone=_phone(rng), date=_date(rng))


def _add_to_item(item: FormItem, rng: np.random.Generator) -> FormItem:
    slots = list(item.slots)
    for place, slot in enumerate(slots):
        after, before = slot.after, slot.before
        if rng.random() < 0.12:
            # Behind the counter, before the point: 场（含线上），
            words = after.rstrip("，。；、")
            after = words + pick(rng, _ASIDES) + after[len(words) :]
        if rng.random() < 0.06 and before:
            before += pick(rng, _ASIDES)
        if rng.random() < 0.16:
            after += ("" if after.endswith(tuple("，。；、")) else "；") + pick(rng, _SENTENCES)
        slots[place] = replace(slot, before=before, after=after)
    if rng.random() < 0.15:
        slots[0] = replace(slots[0], before=pick(rng, _SENTENCES) + slots[0].before)
    return replace(item, slots=tuple(slots))


def _date(rng: np.random.Generator) -> str:
    """A day of June or July in one of the spellings that header fields have."""
    year, month, day = int(rng.integers(2023, 2027)), int(rng.integers(6, 8)), int(rng.integers(1, 31))
    writings: tuple[Callable[[], str], ...] = (
        lambda: f"{year}年{month}月{day}日",
        lambda: f"{year}.{month}.{day}",
        lambda: f"{year}-{month:02d}-{day:02d}",
        lambda: f"{year}/{month}/{day}",
        lambda: f"{str(year).translate(_DIGITS)}年{chinese(month)}月{chinese(day)}日",
        lambda: f"{month}.{day}",
        lambda: f"{month}月{day}日",
        lambda: f"{year}{month:02d}{day:02d}",
        lambda: f"{year} 年 {month} 月 {day} 日",
    )
    return writings[int(rng.integers(len(writings)))]()


def _phone(rng: np.random.Generator) -> str:
    """A telephone number, or two: of an exchange that does not exist, or a mobile one of noughts."""
    land, other = (f"55{rng.integers(0, 100000):05d}" for _ in range(2))
    mobile = f"{rng.integers(0, 1000):04d}"
    return pick(
        rng,
        (
            f"0990-{land}", f"0990 {land}", f"（0990）{land}", f"0990—{land}", f"1390000{mobile}", f"139 0000 {mobile}",
            f"139-0000-{mobile}", f"{land} {other}", f"0990-{land}/{other}", f"{land}、1390000{mobile}",
        ),
    )  # fmt: skip


def _long_unit(rng: np.random.Generator) -> str:
    """A name of 12 to 24 characters, made of an invented one."""
    first = pick(rng, names.unit_names()).removesuffix("总工会").removesuffix("有限公司工会").removesuffix("工会")
    return first + pick(
        rng,
        (
            "经济技术开发区总工会", "先进制造业开发区总工会", "能源化工集团有限责任公司工会委员会",
            "教育体育局基层工会联合会",
            "城市管理局（综合执法支队）工会", "交通运输投资发展集团有限公司工会",
        ),
    )  # fmt: skip
