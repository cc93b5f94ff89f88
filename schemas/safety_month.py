"""The 安全生产月 statistics table: seven activity items, 38 counts and one text.

The words follow the paper to the letter, its slips of the pen included (a doubled 志愿, a missing 记): what is printed
is what the reader will meet. Reading a return does not depend on them, for alignment lets words be missing or doubled.
"""

from __future__ import annotations

from typing import ClassVar

from schemas.form import Count, FieldKind, Item, ReturnModel, Text, form_of, header, slot


class Advocacy(Item):
    """1.开展习近平总书关于安全生产重要论述宣传贯彻活动"""

    lectures: Count = slot("组织开展宣讲（）场，")
    lecture_attendance: Count = slot("参与（）人次；", events="lectures")
    articles: Count = slot("发表评论文章或心得体会（）篇；")
    discussions: Count = slot("组织开展“安全生产大家谈”“班前会”“以案说法”等活动（）场，")
    discussion_attendance: Count = slot("参与（）人次。", events="discussions")


class Outreach(Item):
    """2.着眼于人人讲安全，个个会应急，大力推动安全宣传比武“五进”"""

    quiz_people: Count = slot("参与“人人讲安全，个个会应急”网络知识竞赛（）人，")
    quiz_answers: Count = slot("答题（）人次；")
    escape_videos: Count = slot("参加“逃生演练训练营”活动发布视频（）个；")
    henan_cup_people: Count = slot("参与第十五届“安全河南杯”知识竞赛（）人；")
    online_answers: Count = slot("参与应急安全知识“线上”答题活动（）人次")
    village_services: Count = slot("开展“应急志愿志愿服务乡村行”活动（）场，")
    village_audience: Count = slot("受众（）人次", events="village_services")


class FiveLeads(Item):
    """3.聚焦专项排查整治行动，督促企业主要负责五带头宣传活动"""

    pledges: Count = slot("督促企业主要负责人“安全承诺践诺”活动（）场，")
    pledge_attendance: Count = slot("参与（）人次；", events="pledges")
    lead_reports: Count = slot("报道企业主要负责人“五带头”（）次；")
    hot_work_campaigns: Count = slot("开展“动火作业风险我知道”宣传活动（）场，")
    hot_work_attendance: Count = slot("参与（）人次；", events="hot_work_campaigns")
    welder_trainings: Count = slot("对电焊工等危险作业人员开展安全培训（）场，")
    welder_attendance: Count = slot("参与（）人次；", events="welder_trainings")
    outsourcing_checks: Count = slot("开展外包外租大排查活动（）场，")
    outsourcing_attendance: Count = slot("参与（）人次；", events="outsourcing_checks")
    project_checks: Count = slot("开展外包外租项目开展大排查（）次。")


class CaseExposure(Item):
    """4.发挥工会安全生产群众监督三级网络作用，开展全员查找身边隐患和隐患曝光活动"""

    hotline_signs: Count = slot("推动设置“12350安全举报公示牌”（）个；")
    hazards_exposed: Count = slot("曝光重大事故隐患和突出问题（）个；")
    dual_penalty_cases: Count = slot("在主流媒体公布“一案双罚”典型案例（）个，")
    linked_prosecution_cases: Count = slot("安全生产行刑衔接（含危险作业罪）等各类典型案例（）个。")


class Drills(Item):
    """5.坚持全体职工参与，组织开展常态化应急演练活动"""

    drills: Count = slot("组织事故应急演练（）场，")
    drill_attendance: Count = slot("参与（）人次；", events="drills")
    rescue_trainings: Count = slot("开展从业人员自救互救技能培训（）场，")
    rescue_attendance: Count = slot("参与（）人次；", events="rescue_trainings")
    science_campaigns: Count = slot("开展科普知识宣传和情景模拟实战、推演逃生演练、自救互救等活动（）场，")
    science_attendance: Count = slot("参与（）人次。", events="science_campaigns")


class ConsultationDay(Item):
    """6.充分发挥工会特色，组织开展安全宣传咨询日活动"""

    consultations: Count = slot("组织开展“安全宣传咨询日”现场活动（）场，")
    consultation_attendance: Count = slot("参与（）人次，", events="consultations")
    livestreams: Count = slot("网络直播（）场、")
    livestream_viewers: Count = slot("（）人观看。", events="livestreams")


class OtherActivity(Item):
    """7.其他特色活动"""

    name: Text = slot("活动名称（），")
    sessions: Count = slot("组织（）场/次，")
    attendance: Count = slot("参与（）人次。", events="sessions")


class SafetyMonthReturn(ReturnModel):
    """One unit's return of the 安全生产月 statistics table."""

    form_id: ClassVar[str] = "safety-month-2023"
    title: ClassVar[str] = "“安全生产月”活动进展情况统计表"
    columns: ClassVar[tuple[str, str]] = ("活动项目", "活动进展情况")

    unit: Text = header(
        "填报单位（盖章）", kind=FieldKind.UNIT, also=("填报单位", "单位名称（盖章）", "单位名称", "单位（盖章）")
    )
    contact: Text = header("联系人", kind=FieldKind.NAME, also=("填报人", "填表人"))
    phone: Text = header("电话", kind=FieldKind.PHONE, also=("联系电话", "联系方式", "手机"))
    date: Text = header("填报日期", kind=FieldKind.DATE, also=("日期", "填报时间", "填表日期", "上报日期"))

    item1: Advocacy = Advocacy()
    item2: Outreach = Outreach()
    item3: FiveLeads = FiveLeads()
    item4: CaseExposure = CaseExposure()
    item5: Drills = Drills()
    item6: ConsultationDay = ConsultationDay()
    item7: tuple[OtherActivity, ...] = ()


SAFETY_MONTH = form_of(SafetyMonthReturn)
