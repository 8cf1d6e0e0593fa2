"""Every word is translated, nothing in the catalogue is left over, and numbers and dates have the language's form."""

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from ui.base import i18n

ROOT = Path(__file__).parents[1]
PATTERNS = [("**.py", "python"), ("**.html", "jinja2")]


def words_of_the_code() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for folder in ("ui", "pages", "queries/registry"):
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, PATTERNS, keywords={"_": None, "N_": None, "ngettext": (1, 2)}
        ):
            found.add(tuple(message) if isinstance(message, (list, tuple)) else message)
    return found


@pytest.fixture(scope="module")
def vietnamese() -> Catalog:
    with (i18n.LOCALES / "vi" / "LC_MESSAGES" / "dashboard.po").open("rb") as file:
        return read_po(file, locale="vi")


def test_every_word_of_the_code_is_translated(vietnamese: Catalog) -> None:
    translated = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in vietnamese
        if message.id and message.string and all(message.string)
    }
    assert words_of_the_code() - translated == set()


@pytest.mark.parametrize(
    "file", [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")], ids=lambda file: file.name
)
def test_no_word_is_hidden_from_the_extraction(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.JoinedStr):
            inside = [
                call.func.id
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            ]
            assert not {"_", "ngettext"} & set(inside), (
                f"line {node.lineno}: words inside an f-string are not extracted"
            )


def test_nothing_in_the_catalogue_is_left_over(vietnamese: Catalog) -> None:
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in vietnamese if message.id}
    assert known - words_of_the_code() == set()


def test_translations_keep_the_places_of_values(vietnamese: Catalog) -> None:
    for message in vietnamese:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for string in strings:
            assert set(re.findall(r"\{\w+\}", string)) == set(re.findall(r"\{\w+\}", ids[-1])), message.id


@pytest.mark.parametrize(
    ("language", "count", "share", "hours"),
    [("vi", "1.234.567", "12,3%", "1.234,5"), ("en", "1,234,567", "12.3%", "1,234.5")],
)
def test_numbers_have_the_languages_form(
    monkeypatch: pytest.MonkeyPatch, language: str, count: str, share: str, hours: str
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: language)
    assert i18n.number(1234567) == count
    assert i18n.percent(123, 1000) == share
    assert i18n.number(1234.5, 1) == hours
    assert i18n.percent(1, 0) == i18n.number(None) == i18n.number(float("nan")) == i18n.NOTHING


def test_dates_are_written_day_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "vi")
    assert i18n.day(date(2026, 11, 21)) == "21/11/2026"
    assert i18n.moment(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "02/01/2026 03:04"
    assert i18n.moment(None) == i18n.NOTHING


def test_plural_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert i18n.ngettext("{count} case", "{count} cases", 1) == "1 case"
    assert i18n.ngettext("{count} case", "{count} cases", 2000) == "2,000 cases"
    monkeypatch.setattr(i18n, "language", lambda: "vi")
    assert i18n.ngettext("{count} case", "{count} cases", 2000) == "2.000 phản ánh"
