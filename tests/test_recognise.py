"""Which of several forms a file is a return of."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from pipeline.commands.desk import make_office
from pipeline.judging.judge import ErrorBudget
from pipeline.reading.glance import Glance
from pipeline.reading.recognise import Wanted, explained, rank, read_wanted, title_in
from pipeline.settings import Settings
from pipeline.store import add_collection, add_form, open_store, set_collection
from samples.forms import sample_forms
from samples.maker import Recipe, make_file
from schemas.errors import NoTable, UnknownForm
from schemas.form import Form
from schemas.form_file import form_to_toml
from schemas.office import Collection, Unit
from schemas.safety_month import SAFETY_MONTH
from tests.conftest import PrintedReturn

FORMS = {**sample_forms(), SAFETY_MONTH.id: SAFETY_MONTH}

TITLE = SAFETY_MONTH.title


def filled(form: Form) -> Glance:
    """Some words of a return of a form, filled in and cut into lines as on paper."""
    text = "".join(item.heading + item.sentence.replace("（）", "（27）") for item in form.items)
    return Glance(
        1, ("云川市总工会" + form.title.replace("2027", "2028"),), tuple(text[at : at + 25] for at in range(0, 500, 50))
    )


@pytest.mark.parametrize("id", sorted(FORMS))
def test_words_of_a_return_are_explained_best_by_its_form(id: str) -> None:
    """Also those of next year, with a unit's name in the title, and where half of the lines were not looked at."""
    shares = {form.id: explained(form, filled(FORMS[id])) for form in FORMS.values()}
    assert max(shares, key=lambda one: shares[one]) == id
    assert shares[id] > 0.25


@pytest.mark.parametrize(
    ("above", "title"),
    [
        ([f"2027年{TITLE}", "填报单位（盖章）：青禾县总工会  填报日期：2026年12月1日"], f"2027年{TITLE}"),
        (
            ["附件1", f"云川市{TITLE}", "（2027年第一季度）", "联系人：王文  电话：5500001"],
            f"附件1 云川市{TITLE} （2027年第一季度）",
        ),
        (["2027年工作总结", "填报日期：2026年12月1日"], ""),
        ([], ""),
    ],
)
def test_title_is_told_with_the_lines_beside_it(above: list[str], title: str) -> None:
    """What stands beside the title may tell the year; a field does not, for its date is another thing."""
    assert title_in(SAFETY_MONTH, above) == title


def test_file_is_read_by_the_form_it_is_of(tmp_path: Path, printed_returns: tuple[PrintedReturn, ...]) -> None:
    """Of three forms, in whatever order they are collected; its title is read where it tells collections apart."""
    make_file([Recipe("flatbed", suffix=".png")], 5, tmp_path / "scan", form=FORMS["rooms-2027"])
    wanted = [Wanted(FORMS[id]) for id in ("safety-month-2027", SAFETY_MONTH.id, "rooms-2027")]
    assert rank([tmp_path / "scan.png"], wanted, 0)[0].form.id == "rooms-2027"
    path = printed_returns[0].printed.path
    titled = [replace(one, titled=True) for one in wanted]
    (reading,) = read_wanted([path], ["青禾县.pdf"], wanted=titled, budget=ErrorBudget(), threads=0)
    assert (reading.form, reading.source) == (SAFETY_MONTH.id, "青禾县.pdf")
    assert reading.title.endswith(TITLE)


def test_pages_of_another_form_in_a_file_are_read_too(tmp_path: Path, printed_returns: tuple[PrintedReturn, ...]) -> None:
    """A clerk's stack holds returns of two forms: each is read by its own, and nothing else is."""
    make_file([Recipe("digital")], 9, tmp_path / "one", form=FORMS["rooms-2027"])
    whole, stack = pypdfium2.PdfDocument.new(), tmp_path / "一叠.pdf"
    for part in (printed_returns[0].printed.path, tmp_path / "one.pdf"):
        document = pypdfium2.PdfDocument(part)
        whole.import_pages(document)
        document.close()
    whole.save(stack)
    whole.close()
    wanted = [Wanted(FORMS[id]) for id in ("rooms-2027", "safety-month-2027", SAFETY_MONTH.id)]
    found = read_wanted([stack], ["一叠.pdf"], wanted=wanted, budget=ErrorBudget(), threads=0)
    pages = printed_returns[0].printed.pages
    assert [(one.form, one.first_page) for one in found] == [(SAFETY_MONTH.id, 1), ("rooms-2027", pages + 1)]


def test_one_form_is_read_as_if_there_were_no_others(printed_returns: tuple[PrintedReturn, ...]) -> None:
    """Nothing is looked at that tells forms apart: the reading is the same, its title empty."""
    path = printed_returns[1].printed.path
    (reading,) = read_wanted([path], ["a.pdf"], wanted=[Wanted(SAFETY_MONTH)], budget=ErrorBudget(), threads=0)
    assert reading.title == ""


def test_form_that_nobody_collects_is_unknown(tmp_path: Path, printed_returns: tuple[PrintedReturn, ...]) -> None:
    """The error says what is collected; where nothing is open, that; a file without a table is one still."""
    path = printed_returns[0].printed.path
    wanted = [Wanted(FORMS["rooms-2027"]), Wanted(FORMS["training-2027"])]
    with pytest.raises(UnknownForm, match=f"{FORMS['rooms-2027'].title}、{FORMS['training-2027'].title}"):
        read_wanted([path], ["a.pdf"], wanted=wanted, budget=ErrorBudget(), threads=0)
    with pytest.raises(UnknownForm, match="没有进行中"):
        read_wanted([path], ["a.pdf"], wanted=[], budget=ErrorBudget(), threads=0)
    empty = tmp_path / "空.docx"
    from docx import Document

    Document().save(str(empty))
    with pytest.raises(NoTable):
        read_wanted([empty], ["空.docx"], wanted=wanted, budget=ErrorBudget(), threads=0)


def test_office_reads_what_is_collected_at_that_moment(tmp_path: Path) -> None:
    """A collection that is opened, or closed, while it runs is seen by the next file; what workers are given travels."""
    settings = Settings(home=tmp_path)
    store = open_store(settings.database_url)
    office = make_office(tmp_path / "收件", settings, store, budget=ErrorBudget(), workers=1)

    def wanted() -> list[tuple[str, tuple[str, ...], bool]]:
        reader = pickle.loads(pickle.dumps(office.reader()))
        return [(one.form.id, one.roster, one.titled) for one in reader.keywords["wanted"]]

    assert wanted() == [(SAFETY_MONTH.id, (), False)]
    this = Collection("2026年", SAFETY_MONTH.id, (Unit("甲工会", ("甲",)),))
    set_collection(store, this)
    add_form(store, form_to_toml(FORMS["rooms-2027"]), who="甲")
    add_collection(store, Collection("设施", "rooms-2027", ()))
    assert wanted() == [(SAFETY_MONTH.id, ("甲工会", "甲"), False), ("rooms-2027", (), False)]
    add_collection(store, Collection("2027年", SAFETY_MONTH.id, (Unit("乙工会"),)))
    assert wanted() == [(SAFETY_MONTH.id, ("甲工会", "甲", "乙工会"), True), ("rooms-2027", (), False)]
    set_collection(store, replace(this, id=1, closed=store.clock()))
    assert wanted() == [("rooms-2027", (), False), (SAFETY_MONTH.id, ("乙工会",), False)]
    store.close()
