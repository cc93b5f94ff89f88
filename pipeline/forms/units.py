"""Words of measure, and what they and the words beside a slot say about what is written in it."""

from __future__ import annotations

import re

from schemas.form import SlotKind

MONEY_UNITS = ("亿元", "万元", "千元", "百元", "元")
PEOPLE_UNITS = ("人次", "人", "名")
EVENT_UNITS = ("场次", "班次", "场", "次", "期", "班", "批次", "批", "轮")

# What is measured in these may have decimals, as money has.
DECIMAL_UNITS = (*MONEY_UNITS, "平方米", "公里", "千米", "公顷", "吨", "亩", "%")

# Two words of measure for one number: the first counts.
_EITHER = {"场/次": "场", "人/次": "人次", "次/场": "次"}

# The longer ones first, for 人次 is no 人.
UNITS = sorted(
    {
        *MONEY_UNITS,
        *PEOPLE_UNITS,
        *EVENT_UNITS,
        *DECIMAL_UNITS,
        *_EITHER,
        *"个篇份条件项起处家户本册张块台套辆支队天例幅部封间所组吨米亩座栋枚首株只对盏瓶箱盒袋桶",
        *("课时", "学时", "小时", "分钟", "家次", "户次", "余人", "余次"),
    },
    key=len,
    reverse=True,
)

# Characters behind a word of measure that make another word of it: 人员, 项目, 次数, 名称.
_OTHER_WORDS = {
    "人": "员民均才数事物工口",
    "项": "目",
    "次": "数序",
    "名": "称额单",
    "场": "所地馆景合",
    "部": "门分署位",
    "班": "组子级前",
    "家": "庭属长",
    "期": "间限末",
    "条": "件例款",
    "件": "数",
    "份": "额数",
    "个": "人别体",
    "户": "籍主外",
    "组": "织建长",
    "队": "伍员长",
    "批": "评准示复",
    "台": "账风",
    "处": "理罚置",
    "所": "有属在",
    "起": "草来",
    "元": "旦素",
    "天": "气",
    "对": "象于",
    "支": "持部付出",
    "本": "单年月地次级人",
    "首": "次先",
    "例": "如会",
    "间": "接隔",
    "套": "餐",
}

_MATCH = re.compile("|".join(map(re.escape, UNITS)))

# Last words before a slot that say what is written in it.
_TEXT = re.compile(
    r"(?:名称|姓名|地点|地址|主题|内容|形式|方式|原因|备注|负责人|联系人|填报人|单位|部门|工种|岗位|职务|说明|注明|措施|意见|建议|"
    r"情况|题目|标题|文号|类型|类别|编号|号码|电话|身份证号|其他|其它|为|性别|专业|等级|签名|特色做法|做法|经验|问题)$"
)
_DATE = re.compile(r"(?:日期|时间|年月日?|日)$")
_MONEY = re.compile(r"(?:金额|资金|经费|费用|款项|投入|善款|慰问金|救助金|补助金|保费)$")
_COUNT = re.compile(r"(?:数|数量|人数|次数|场次|人次|个数|总数|件数|户数|家数|场数|合计|总计|共计|共|约|达)$")
_IN_PARENTHESES = re.compile(r"（(?:单位：?)?([^（）]*)）$")
_COUNTED = re.compile(f"({'|'.join(map(re.escape, UNITS))})(?:总)?数$")
_COLON = re.compile(r"[：:\s]+$")

# Words in parentheses before a slot say how it is filled in, not what: 主要做法（不超过30字）（）.
_ASIDE = re.compile(r"(?:（[^（）]+）)+$")


def leading_unit(text: str) -> str:
    """The word of measure with which words behind a slot begin, as printed; "" for none."""
    match = _MATCH.match(text.lstrip())
    if match is None:
        return ""
    behind = text.lstrip()[len(match[0]) :][:1]
    return "" if behind and behind in _OTHER_WORDS.get(match[0], "") else match[0]


def plain_unit(unit: str) -> str:
    """One word of measure where two are printed: 场/次 → 场."""
    return _EITHER.get(unit, unit)


def unit_in(words: str) -> tuple[str, str]:
    """A heading's word of measure, and the parentheses that hold it where it has some: 金额（万元） → 万元, （万元）."""
    match = _IN_PARENTHESES.search(words)
    if match is not None and match[1] in UNITS:
        return match[1], match[0]
    return "", ""


def heading_unit(heading: str) -> str:
    """What a column of numbers counts, by its heading: in parentheses, or its last word (人数, 场次, 参与人次)."""
    unit, _ = unit_in(heading)
    if unit:
        return unit
    last = re.split(r"[·\n]", heading)[-1].strip()
    if last.endswith("人次"):
        return "人次"
    if last.endswith("场次"):
        return "场"
    counted = _COUNTED.search(last)
    return counted[1] if counted is not None else ""


def kind_of(before: str, unit: str) -> tuple[SlotKind, bool]:
    """What a slot holds by the words before it and its word of measure, and whether that is clear."""
    words = _COLON.sub("", _ASIDE.sub("", before))
    if unit:
        return (SlotKind.MONEY if unit in DECIMAL_UNITS else SlotKind.COUNT), True
    if _MONEY.search(words):
        return SlotKind.MONEY, True
    if _COUNT.search(words):
        return SlotKind.COUNT, True
    if _DATE.search(words):
        return SlotKind.DATE, True
    # Numbers have a word of measure nearly always.
    return SlotKind.TEXT, _TEXT.search(words) is not None


def column_kind(heading: str, unit: str) -> tuple[SlotKind, bool]:
    """What the cells below a heading hold, and whether that is clear."""
    return kind_of(re.split(r"[·\n]", heading)[-1].strip() or heading, unit)
