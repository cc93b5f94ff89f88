"""Invented notices: who writes to whom, about what, until when. Nothing in them is anybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from samples import names
from samples.names import pick
from samples.notice_topics import (
    ABOUT,
    CITIES,
    CONTENTS,
    DEMANDS,
    DEPARTMENTS,
    DISTRACTORS,
    DOMAINS,
    GOALS,
    LETTERS,
    OPENINGS,
    PLAN_ABOUT,
    REPORTING,
    SENTENCES,
    THEMES,
    TIMES,
    TOPICS,
    UNITS,
    Topic,
)


@dataclass(frozen=True)
class Part:
    """A paragraph of the body: `kind` is heading, run-in (a heading with words behind it) or text."""

    kind: str
    text: str
    level: int = 0
    mark: str = ""
    behind: str = ""


@dataclass(frozen=True)
class Words:
    """All that a notice says, as it is to be printed, and what is meant by it; empty or None for what it does not say."""

    city: str
    issuer: str
    number: str | None
    number_printed: str | None
    title: str
    plan: str | None
    issued: date
    issued_printed: str
    addressees: tuple[str, ...]
    theme: str | None
    period_printed: str | None
    period: tuple[str | None, str | None]
    body: tuple[Part, ...]
    deadline: date | None
    deadline_time: str | None
    sentence: str
    contacts: tuple[str, ...]
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    links: tuple[str, ...]
    annexes: tuple[str, ...]
    annexes_numbered: bool
    topic: Topic
    printed_by: str | None


def invent_notice(rng: np.random.Generator) -> Words:
    """A notice with its meaning."""
    city, topic = pick(rng, CITIES), TOPICS[max(0, int(rng.integers(-2, len(TOPICS))))]
    department = pick(rng, DEPARTMENTS)
    issuer = f"{city}总工会"
    if rng.random() < 0.3:
        issuer += pick(rng, ("办公室", department))
    issued = date(2026, 1, 5) + timedelta(days=int(rng.integers(0, 720)))
    number, printed = _number(city, issued, rng)
    year = issued.year
    plan = None
    if rng.random() < 0.35:
        plan = f"{year}年{topic.name}实施方案"
        about = PLAN_ABOUT.format(year=year, name=topic.name)
    else:
        about = pick(rng, ABOUT).format(name=topic.name, year=year)
    title = f"{issuer}{about}" if rng.random() < 0.75 else about
    theme = pick(rng, topic.themes) if rng.random() < 0.75 else None
    period_printed, period = _period(issued, rng) if rng.random() < 0.75 else (None, (None, None))
    deadline, time, until = _deadline(issued, rng)
    annexes = _annexes(topic, f"{city}总工会", rng)
    link = _link(rng) if rng.random() < 0.45 else None
    count = int(rng.choice([1, 1, 2, 2, 3]))
    people = tuple(dict.fromkeys(names.person(rng) for _ in range(count)))
    phones = _phones(len(people), rng)
    emails = (_email(rng),) if rng.random() < 0.85 else ()
    office = pick(rng, ("市总工会", "市总", "我会")) + department
    reported = pick(
        rng, ("活动总结和统计表", "工作总结及附件表格", "相关材料（含电子版）", "开展情况统计表", "总结、图片和附件1")
    )
    sentence = _report_sentence(until, reported, office, rng)
    contacts_printed = _contact_lines(people, phones, emails, rng)
    body = _body(topic, theme, period_printed, sentence, link, contacts_printed, issued, rng)
    addressees = tuple(str(unit) for unit in rng.permutation(UNITS)[: int(rng.integers(2, 6))])
    return Words(
        city, issuer, number, printed, title, plan, issued, _date_printed(issued, rng), addressees, theme, period_printed,
        period, body, deadline, time, sentence, people, phones, emails, (link,) if link else (), annexes,
        len(annexes) > 1, topic, f"{city}总工会办公室" if rng.random() < 0.3 else None,
    )  # fmt: skip


def _number(city: str, issued: date, rng: np.random.Generator) -> tuple[str | None, str | None]:
    """The number as it is meant and as it is printed."""
    if rng.random() < 0.06:
        return None, None
    letters, ordinal = city[0] + pick(rng, LETTERS), int(rng.integers(1, 140))
    brackets = pick(rng, ("〔〕", "〔〕", "〔〕", "〔〕", "[]", "【】", "［］", "（）"))
    first = pick(rng, ("", "", "", "", "第"))
    gap = pick(rng, ("", "", " "))
    printed = f"{letters}{brackets[0]}{issued.year}{brackets[1]}{gap}{first}{ordinal}{gap}号"
    return f"{letters}〔{issued.year}〕{ordinal}号", printed


def _date_printed(day: date, rng: np.random.Generator) -> str:
    digits = "〇一二三四五六七八九"
    chinese = "".join(digits[int(digit)] for digit in str(day.year))
    forms = (
        f"{day.year}年{day.month}月{day.day}日", f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月 {day.day} 日", f"{chinese}年{_words(day.month)}月{_words(day.day)}日",
        f"{day.year}.{day.month}.{day.day}",
    )  # fmt: skip
    return pick(rng, forms)


def _words(number: int) -> str:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones or not tens else "")


def _period(issued: date, rng: np.random.Generator) -> tuple[str, tuple[str | None, str | None]]:
    start = issued + timedelta(days=int(rng.integers(5, 30)))
    end = start + timedelta(days=int(rng.integers(10, 75)))
    iso = start.isoformat(), end.isoformat()
    dash = pick(rng, ("至", "至", "—", "－", "到"))
    manner = int(rng.integers(5))
    if manner == 0 or start.year != end.year:
        return f"{_whole(start)}{dash}{_whole(end)}", iso
    if manner == 1:
        return f"{_whole(start)}{dash}{end.month}月{end.day}日", iso
    if manner == 2 and start.year == issued.year:
        return f"即日起至{end.month}月{end.day}日", (None, end.isoformat())
    if manner == 3 and start.year == issued.year and start.month != end.month:
        last = (date(end.year + end.month // 12, end.month % 12 + 1, 1) - timedelta(days=1)).isoformat()
        return f"{start.year}年{start.month}月{dash}{end.month}月", (start.replace(day=1).isoformat(), last)
    if start.year != issued.year:
        return f"{_whole(start)}{dash}{end.month}月{end.day}日", iso
    return f"{start.month}月{start.day}日{dash}{end.month}月{end.day}日", iso


def _whole(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _deadline(issued: date, rng: np.random.Generator) -> tuple[date | None, str | None, str]:
    """The last day, the hour if any, and how it is put."""
    if rng.random() < 0.05:
        return None, None, ""
    day = issued + timedelta(days=int(rng.integers(10, 100)))
    short = f"{day.month}月{day.day}日"
    hour = int(rng.choice([12, 17, 18]))
    shown = pick(rng, (f"{hour}时", f"{hour}:00", f"{hour}：00", f"{hour}点"))
    last = date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)
    forms = (
        *[(day, None, f"{short}前")] * 3,
        (day, None, f"{_whole(day)}前"),
        (day, f"{hour}:00", f"{short}{shown}前"),
        (day, None, f"{short}（星期{'一二三四五六日'[day.weekday()]}）前"),
        (day, None, f"{short}下班前"),
        (last, None, f"{day.month}月底前"),
        (day, None, f"{short}之前"),
    )
    return forms[int(rng.integers(len(forms)))]


def _report_sentence(until: str, reported: str, office: str, rng: np.random.Generator) -> str:
    if not until:
        return ""
    forms = (
        f"请于{until}将{reported}报送{office}。", f"请各单位于{until}将{reported}报{office}，逾期不再受理。",
        f"各级工会要明确专人负责，务必于{until}将{reported}盖章扫描后报送至{office}。",
        f"{reported}请于{until}发送至指定邮箱。",
        f"报送截止时间为{until.removesuffix('前').removesuffix('之')}，逾期视为放弃。",
    )  # fmt: skip
    return pick(rng, forms)


def _annexes(topic: Topic, office: str, rng: np.random.Generator) -> tuple[str, ...]:
    if rng.random() < 0.1:
        return ()
    count = min(int(rng.choice([1, 1, 2, 3])), len(topic.annexes))
    first = office if rng.random() < 0.4 else ""
    return tuple(first + annex for annex in topic.annexes[:count])


def _link(rng: np.random.Generator) -> str:
    letters = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
    key = "".join(pick(rng, letters) for _ in range(int(rng.integers(6, 24))))
    host = pick(rng, ("pan.example.com/s", "www.example.org/gonghui", "study.example.cn"))
    tail = pick(rng, ("", "", ".html", "?pwd=" + "".join(pick(rng, letters.lower()) for _ in range(4))))
    return f"{pick(rng, ('https', 'https', 'http'))}://{host}/{key}{tail}"


def _phones(count: int, rng: np.random.Generator) -> tuple[str, ...]:
    def one() -> str:
        if rng.random() < 0.4:
            return f"1{pick(rng, ('39', '58', '86', '99'))}0000{int(rng.integers(10000)):04d}"
        local = f"55{int(rng.integers(100000)):05d}"
        return pick(rng, (f"0990-{local}", local, f"0990-{local}"))

    return tuple(dict.fromkeys(one() for _ in range(int(rng.integers(1, count + 1)))))


def _email(rng: np.random.Generator) -> str:
    syllables = ("gh", "zgh", "jcgz", "ldjj", "xcjy", "sbb", "ycs", "lx", "bgs", "nzg")
    name = pick(rng, syllables) + pick(rng, syllables) + pick(rng, ("", "", "_", "."))
    name += pick(rng, ("1", "2026", "88", "b", "office", "01"))
    return f"{name}@{pick(rng, DOMAINS)}"


def _contact_lines(
    people: tuple[str, ...], phones: tuple[str, ...], emails: tuple[str, ...], rng: np.random.Generator
) -> tuple[str, ...]:
    mail = f"{pick(rng, ('电子邮箱', '邮箱', '电子邮件', 'E-mail'))}：{emails[0]}" if emails else ""
    manner = int(rng.integers(4))
    together = pick(rng, ("、", "  ", " ")).join(people)
    if manner == 0 and len(people) == len(phones):
        pairs = "、".join(f"{person}（{phone}）" for person, phone in zip(people, phones, strict=True))
        lines = [f"联系人：{pairs}", mail]
    elif manner == 1:
        lines = [f"联系人：{together}", f"联系电话：{'、'.join(phones)}", mail]
    elif manner == 2:
        lines = [f"联系人：{together}，电话：{'、'.join(phones)}" + (f"，{mail}" if mail else "")]
    else:
        lines = [f"联 系 人：{together}    联系电话：{'  '.join(phones)}", mail]
    return tuple(line for line in lines if line)


def _body(
    topic: Topic, theme: str | None, period: str | None, sentence: str, link: str | None, contacts: tuple[str, ...],
    issued: date, rng: np.random.Generator,
) -> tuple[Part, ...]:  # fmt: skip
    """The paragraphs in order."""
    second = pick(rng, ("（一）", "（一）", "1."))
    run_in = bool(rng.random() < 0.5)
    parts = [Part("text", pick(rng, OPENINGS).format(name=topic.name))]
    chapters: list[tuple[str, list[Part]]] = []
    if rng.random() < 0.7:
        chapters.append((pick(rng, GOALS), [Part("text", _prose(rng, 2))]))
    if theme:
        chapters.append((pick(rng, THEMES), [Part("text", theme + pick(rng, ("", "。")))]))
    if period:
        chapters.append((pick(rng, TIMES), [Part("text", period + pick(rng, ("", "。")))]))
    tasks = [str(task) for task in rng.permutation(topic.tasks)[: int(rng.integers(2, 5))]]
    content = [_item(place, task, second, run_in, rng) for place, task in enumerate(tasks)]
    flat = [part for item in content for part in item]
    if rng.random() < 0.6:
        words = pick(rng, DISTRACTORS).format(month=issued.month % 12 + 1)
        flat.append(Part("text", pick(rng, SENTENCES) + words + pick(rng, SENTENCES)))
    if link:
        before = pick(rng, ("相关资料可从网上下载（下载链接：", "学习资料下载地址：", "登录网址"))
        flat.append(Part("text", f"{pick(rng, SENTENCES)}{before}{link}" + ("）。" if before.startswith("相关") else " 。")))
    chapters.append((pick(rng, CONTENTS), flat))
    last = _prose(rng, 1) + sentence
    if rng.random() < 0.5 and sentence:
        demands = [
            Part("run-in", "强化组织领导", 2, second, _prose(rng, 1)),
            Part("run-in", pick(rng, REPORTING), 2, second, last),
        ]
    else:
        demands = [Part("text", last)]
    chapters.append((pick(rng, DEMANDS), demands))
    for place, (heading, inner) in enumerate(chapters, 1):
        parts.append(Part("heading", heading, 1, f"{_words(place)}、"))
        parts += _numbered(inner, second)
    return (*parts, *(Part("text", line) for line in contacts))


def _item(place: int, task: str, second: str, run_in: bool, rng: np.random.Generator) -> list[Part]:
    level = 2 if second == "（一）" else 3
    if run_in:
        return [Part("run-in", task, level, second, _prose(rng, int(rng.integers(1, 3))))]
    below = [Part("text", _prose(rng, int(rng.integers(1, 4))))]
    if level == 2 and rng.random() < 0.25:
        below = [Part("run-in", words, 3, "1.", _prose(rng, 1)) for words in ("摸清底数", "建立台账")]
    return [Part("heading", task, level, second), *below]


def _numbered(parts: list[Part], second: str) -> list[Part]:
    """The parts with their marks counted on, lower levels anew below each higher one."""
    level = 2 if second == "（一）" else 3
    made, counts = [], {2: 0, 3: 0}
    for part in parts:
        if part.kind == "text":
            made.append(part)
            continue
        own = level if part.level <= level else part.level
        counts[own] += 1
        if own == 2:
            counts[3] = 0
        mark = f"（{_words(counts[2])}）" if own == 2 else f"{counts[3]}."
        made.append(Part(part.kind, part.text, own, mark, part.behind))
    return made


def _prose(rng: np.random.Generator, count: int) -> str:
    return "".join(str(sentence) for sentence in rng.permutation(SENTENCES)[:count])
