"""What can go wrong, as one tree. Each class says what a person should do, and carries the exit code of its kind.

    KuohaoError
    ├── ConfigError            2  wrong option or setting; nothing was touched
    │   ├── FormFileError         a form file that cannot be used
    │   ├── FormInUse             another form of an id by which returns have been read
    │   └── StillOpen             totals that review may still change
    ├── TooFewSlots            2  too few reviewed and audited slots to calibrate by
    ├── NoSuchReturn           2  a return that is not, or no longer, on record
    ├── NoSuchNotice           2  a notice that is not on record
    ├── WrongValue             2  what a person typed is no date, number or address
    ├── NoticeChanged          1  somebody else has corrected the field in the meantime
    ├── Conflict               1  somebody else has decided in the meantime
    ├── DocumentError          3  this file cannot be read; trying again changes nothing
    │   ├── UnreadableFile        empty, truncated, damaged, or not what its name says
    │   ├── LegacyOffice          old Word, Excel or WPS, and no LibreOffice to open it
    │   ├── EncryptedFile         needs a password
    │   ├── FileTooLarge          more bytes, pixels or pages than we open
    │   ├── NoTable               no ruled table on any page
    │   ├── UnknownForm           a table, but not of a form we know
    │   └── NoNotice              hardly any words on any page
    └── TransientError         4  busy file: worth trying again
        ├── ArchiveUnavailable    the shared store of originals does not answer
        ├── StoreUnavailable      the database does not answer
        ├── ClusterUnavailable    the cluster does not answer, or has no workers
        └── DiskFull              no room left for originals or the database

Every error is told in one line, Chinese or English by locale (`KuohaoError.told`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from schemas.office import Correction


class KuohaoError(Exception):
    """Base of all our failures: `detail` is the part that differs from case to case."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    zh: ClassVar[str] = "出错"
    en: ClassVar[str] = "failed"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def told(self, *, chinese: bool) -> str:
        """One line for a person: what happened and what to do."""
        text = self.zh if chinese else self.en
        if not self.detail:
            return text
        return f"{text}（{self.detail}）" if chinese else f"{text} ({self.detail})"

    def __str__(self) -> str:
        return self.told(chinese=False)


class ConfigError(KuohaoError):
    """A wrong option or setting: nothing has been touched."""

    exit_code = 2
    code = "config"
    zh = "设置有误，请改正后重试"
    en = "wrong setting; correct it and run again"


class FormFileError(ConfigError):
    """A form file that cannot be used; its detail names the entry and what is wrong with it."""

    code = "form_file"
    zh = "表样文件有误，请按提示改正"
    en = "the form file is wrong; correct the entry named"


class FormInUse(ConfigError):
    """A form with other slots than the one of its id by which returns have been read, or than the built-in one."""

    code = "form_in_use"
    zh = "已有报表按这个编号的表样读取，填写处不能再改，请给新表样换一个编号（id）"
    en = "returns have been read by the form of this id, so its slots stay; give the new form another id"


class StillOpen(ConfigError):
    """Totals that slots under review may still change are not reported upwards unasked."""

    code = "still_open"
    zh = "还有待审核的项，合计未定：审核后再填，或加 --provisional 先填暂定数（带※）"
    en = "slots are still under review; decide them first, or fill in provisional numbers (marked ※) with --provisional"


class TooFewSlots(KuohaoError):
    """Too few reviewed and audited slots to calibrate by."""

    exit_code = 2
    code = "too_few_slots"
    zh = "已审核和已抽查的括号还太少，请继续审核和抽查后再校准"
    en = "too few slots have been reviewed and audited; go on, and calibrate then"


class NoSuchReturn(KuohaoError):
    """A return that is not on record, or that another one has replaced."""

    exit_code = 2
    code = "no_such_return"
    zh = "没有这份报表，或者它已被替换，请刷新页面"
    en = "no such return, or it has been replaced; look at the list again"


class NoSuchNotice(KuohaoError):
    """A notice that is not on record."""

    exit_code = 2
    code = "no_such_notice"
    zh = "没有这份通知，请刷新页面"
    en = "no such notice; look at the list again"


class WrongValue(KuohaoError):
    """What a person typed is not what the field holds: no date, no number, no address."""

    exit_code = 2
    code = "wrong_value"
    zh = "写法不对，请按提示填写"
    en = "not written as this field is; see the hint"


class NoticeChanged(KuohaoError):
    """Somebody else has corrected the field in the meantime: nothing was changed."""

    code = "notice_changed"
    zh = "其他人刚刚改过这一项，请核对后再确认"
    en = "somebody else has just corrected this; look again"


class Conflict(KuohaoError):
    """Somebody else has decided in the meantime: nothing was changed.

    `correction` is what counts now, with who and when; where one was taken back, it says by whom, and what the machine had
    read. Of a decision about a whole return its path is "", its values are the decision's. `version` is what to say next
    to have seen it: the correction's id, 0 for the machine's reading.
    """

    code = "conflict"
    zh = "其他人刚刚改过这一项，请核对后再确认"
    en = "somebody else has just decided about this; look again"

    def __init__(self, correction: Correction, version: int) -> None:
        super().__init__()
        self.correction = correction
        self.version = version


class DocumentError(KuohaoError):
    """This file cannot be read, now or later; the file itself must change."""

    exit_code = 3
    code = "document"
    zh = "文件无法处理"
    en = "the file cannot be processed"


class UnreadableFile(DocumentError):
    """Empty, truncated, damaged, or of a type we do not open."""

    code = "unreadable"
    zh = "文件打不开：为空、损坏、未传完，或不是 PDF、图片、Word、Excel 文件，请重新扫描或重新发送"
    en = "cannot open: empty, damaged, cut short, or neither PDF, picture, Word nor Excel; scan or send it again"


class LegacyOffice(DocumentError):
    """An old Office file (DOC, XLS, WPS, ET) where LibreOffice, which could open it, is not installed."""

    code = "legacy_office"
    zh = "旧版 Word/Excel/WPS 文件：请另存为 DOCX、XLSX 或 PDF 后重新发送"
    en = "an old Word, Excel or WPS file; save it as DOCX, XLSX or PDF and send it again"


class EncryptedFile(DocumentError):
    """The file needs a password."""

    code = "encrypted"
    zh = "文件有密码，请去掉密码后重新发送"
    en = "needs a password; send it again without one"


class FileTooLarge(DocumentError):
    """More bytes, pixels or pages than we open."""

    code = "too_large"
    zh = "文件过大，请分开或降低分辨率后重新发送"
    en = "too large; split it or scan at a lower resolution"


class NoTable(DocumentError):
    """No ruled table was found on any page."""

    code = "no_table"
    zh = "没有找到表格，请确认扫描的是统计表并且页面完整"
    en = "no table found; check that it is the statistics form and that whole pages were scanned"


class UnknownForm(DocumentError):
    """There is a table, but it is not of the form asked for."""

    code = "unknown_form"
    zh = "表格不是所要的统计表，请核对表样"
    en = "the table is not the expected form; check which form was filled in"


class NoNotice(DocumentError):
    """Hardly any words were found where a notice was expected."""

    code = "no_notice"
    zh = "没有找到通知的文字，请确认文件是通知并且页面清楚"
    en = "no words of a notice found; check that it is the notice and that its pages are clear"


class TransientError(KuohaoError):
    """Busy file, full disk: nothing is wrong with the document, try again.

    `everyones` says that it is not about one file: any other would meet with it too.
    """

    exit_code = 4
    everyones: ClassVar[bool] = False
    code = "transient"
    zh = "暂时无法处理，请稍后重试"
    en = "cannot be processed right now; try again later"


class ClusterUnavailable(TransientError):
    """The cluster's scheduler does not answer, or it has no workers."""

    everyones = True
    code = "cluster_unavailable"
    zh = "计算集群暂时连不上或没有工作进程，请检查调度器和工作进程；恢复后会自动继续"
    en = "the cluster does not answer or has no workers; check its scheduler, work goes on by itself afterwards"


class StoreUnavailable(TransientError):
    """The database does not answer, or is held by somebody else for too long."""

    everyones = True
    code = "store_unavailable"
    zh = "数据库暂时连不上，请检查数据库服务和磁盘；恢复后会自动继续"
    en = "the database does not answer; check its server and disk, work goes on by itself afterwards"


class ArchiveUnavailable(TransientError):
    """The address at which several machines keep originals does not answer."""

    everyones = True
    code = "archive_unavailable"
    zh = "原件存储暂时连不上，请检查网络；会自动重试"
    en = "the store of originals does not answer; check the network, it is tried again by itself"


class DiskFull(TransientError):
    """No room left for originals or the database."""

    everyones = True
    code = "disk_full"
    zh = "磁盘已满，请腾出空间；腾出后会自动继续，收件箱中的文件不会丢失"
    en = "the disk is full; make room, work goes on by itself afterwards and files in the inbox stay"
