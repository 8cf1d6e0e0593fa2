"""Attacks by words: any text in a file, a database or an address is shown literally and has no effect.

tests/browser/test_attack_escape.py checks every page of the same city, tests/test_attack_unescaped.py the code.
"""

import csv
import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from typer.testing import CliRunner
from xlsxwriter import Workbook

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city as city_of
from reportdb.__main__ import app
from reportdb.database.connection import connect
from safe_text import (
    json_text,
    log_error,
    log_text,
    one_line,
    plain_text,
    spreadsheet_cell,
    streamlit_label,
    terminal_text,
    tooltip_text,
)
from tests.conftest import NewDatabase
from tests.hostile import TRAPS, by_hand, import_hostile
from tests.reports import DAY, T
from ui.address.case_list import asked_list
from ui.base.html_panel import render
from ui.base.i18n import _, name, speaking
from ui.cases.exports import CasesBook, Export, csv_parts

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2067\ufeff]")
FORMULA = re.compile(r"[=+\-@＝＋－＠]")
REPLACED = (  # what Streamlit replaces after Markdown's escapes are gone (StreamlitMarkdown.js)
    re.compile(r":material_(\w+):|:material/(\w+):|:streamlit:|:(?!\d+:)[\w+-][\w+-]*:"),
    re.compile(r"(https?://|www(?=\.))([-.\w]+)", re.IGNORECASE),
    re.compile(r"[-.\w+]+@[-\w]+(?:\.[-\w]+)+"),
    re.compile(r"(?:^|\s)(?:<->|->|<-|--|>=|<=|~=)(?:\s|$)"),
)


@pytest.fixture(scope="module")
def url(new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of the hostile city."""
    database = new_database(schema_template)
    with connect(database) as connection:
        import_hostile(connection, tmp_path_factory.mktemp("city"))
        by_hand(connection)
    return database


@pytest.fixture(scope="module")
def export(url: str) -> Iterator[Export]:
    with closing(ReportDatabase(url)) as reports:
        filters = Filters.of(scope=ALL_CASES, at=T, zone=city_of(reports, T).zone, start=T - 30 * DAY)
        query = {"figure": ["submitted"], "q": [""]}
        yield Export(asked_list(query, reports, ALL_CASES), filters, city_of(reports, T), reports)


@given(some.text())
def test_plain_text_has_no_invisible_characters_and_closes_isolates(words: str) -> None:
    shown = plain_text(words)
    assert not UNSEEN.search(shown)
    assert plain_text(shown) == shown, "a second pass changes nothing"
    for line in shown.split("\n"):
        depth = 0
        for letter in line:
            depth += (letter == "\u2068") - (letter == "\u2069")
            assert depth >= 0
        assert depth == 0


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Phường Láng", "Phường Láng"),
        ("a\u202eb\u202c", "ab"),
        ("\u2067x", "x"),
        ("\u2068x", "x"),
        ("x\u2069", "x"),
        ("تقرير 13/17", "\u2068تقرير 13/17\u2069"),
        ("\u2068تقرير\u2069 13", "\u2068تقرير\u2069 13"),
        ("một\r\nhai\u2028ba", "một\nhai\nba"),
        ("\x1b[31mđỏ\x07\x9b0m\x00", "[31mđỏ0m"),
        ("\ufeffx\u200b\u00ad\U000e0041", "x"),
        ("👩\u200d🔧", "👩\u200d🔧"),
    ],
)
def test_plain_text(words: str, shown: str) -> None:
    assert plain_text(words) == shown


@given(some.one_of(some.text(), some.sampled_from(list(TRAPS.values())), some.text(":/@.<>~-=w\\[]()`*_$#1 a")))
def test_a_label_is_shown_literally(words: str) -> None:
    """Markdown's rule: a backslash before ASCII punctuation leaves the character. Streamlit itself reads the rest."""
    label = streamlit_label(words)
    assert "\n" not in label
    assert not re.search(r"(?<!\\)(?:\\\\)*[!-/:-@\[^-`{-~]", label), "a sign without its backslash"
    read = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", label)
    assert read.replace("\u2060", "") == one_line(words)
    for replaced in REPLACED:
        assert not replaced.search(read), read


def test_times_and_dates_are_not_broken() -> None:
    assert streamlit_label("08:30 18/11/2026") == "08\\:30 18\\/11\\/2026"


@given(some.text())
def test_a_tooltip_contains_no_placeholder(words: str) -> None:
    assert not re.search(r"\{[a-z0-9]+\}", tooltip_text(words))


@given(some.text(";\t\n\r\"' =+-@＝x1") | some.text())
def test_no_part_of_a_cell_begins_a_formula(words: str) -> None:
    cell = spreadsheet_cell(words)
    assert cell.replace("'", "") == plain_text(words).replace("'", "")
    for part in re.split("[;\t\n]", cell):
        assert not FORMULA.match(part.lstrip(' "\u00a0\u3000').lstrip()), part
    assert not cell.startswith(("\t", "\n", "\r"))


def test_a_cell_without_a_formula_is_unchanged() -> None:
    words = "Rác thải; đổ - ra đường, x = 1 (a@b.vn)"
    assert spreadsheet_cell(words) == words
    assert spreadsheet_cell(12.5) == 12.5


@given(some.text())
def test_a_terminal_and_a_line_of_a_log_get_no_escape_sequence(words: str) -> None:
    assert not UNSEEN.search(terminal_text(words))
    assert log_text(words).isprintable()
    assert not UNSEEN.search(json_text({words: words}))
    assert json.loads(json_text({words: words})) == {words: words}


def test_a_value_within_a_sentence_cannot_reverse_it() -> None:
    with speaking("en"):
        assert _("by {unit}", unit="\u202eتقرير\x1b") == "by \u2068تقرير\u2069"


def test_an_invisible_name_is_a_dash() -> None:
    with speaking("vi"):
        assert name({"name_vi": "\u200b \x1b\u202e", "name_en": "x"}) == "–"


def test_a_choice_returns_from_a_panel_unchanged() -> None:
    code = "\u202e<b>\x1b"
    option = {"value": code, "words": code, "plain": code, "here": True, "href": "?", "language": ""}
    with speaking("en"):
        for template in ("choose_one", "choose_some"):
            html = render(template, {"label": code, "word": "unit", "nothing": "All", "options": [option]})
            assert 'data-value="\u202e&lt;b&gt;\x1b"' in html
            assert html.count("\u202e") == html.count("data-value") + html.count("data-plain")


def test_no_file_of_cases_holds_a_formula(export: Export) -> None:
    with speaking("vi"):
        content = b"".join(csv_parts(export)).decode("utf-8-sig")
    assert not UNSEEN.search(content)
    for delimiter in ",;\t":  # whatever the reader's country uses as the end of a cell
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
            for cell in row:
                numeric = re.fullmatch(r"[+-]?\d+(\.\d+)?(,.*)?", cell)
                assert numeric or not FORMULA.match(cell.lstrip(' "\n')), (delimiter, cell[:80])
    assert "HYPERLINK" in content


def test_a_workbook_has_text_where_the_source_has_formulas(export: Export) -> None:
    file = io.BytesIO()
    with speaking("vi"), Workbook(file, {"in_memory": True}) as book:
        assert list(CasesBook(book, export).parts())[-1] == 24
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml")}
    assert not any("<f>" in part or "<hyperlink" in part for part in parts.values())
    assert not any(UNSEEN.search(part) for part in parts.values())
    assert "HYPERLINK" in "".join(parts.values())


def test_an_error_in_the_log_cannot_imitate_another_line() -> None:
    try:
        raise ValueError("x\nWARNING forged\x1b[2J\r")
    except ValueError as error:
        lines = log_error(error).split("\n")
    assert "test_attack_escape.py" in "".join(lines)
    assert all(line.startswith("    ") and line.isprintable() for line in lines)


@pytest.mark.parametrize(
    "command",
    [
        ("figures", "--by", "unit"),
        ("figures", "--by", "district"),
        ("figures", "--by", "category", "--format", "json"),
        ("users", "list"),
        ("calendar", "show", "--from", "2026-01-01"),
        ("calendar", "hours"),
        ("deadlines", "show", "--all"),
        ("deadlines", "recompute", "--dry-run"),
        ("check",),
    ],
    ids=" ".join,
)
def test_no_command_sends_an_escape_sequence(url: str, command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, "--database", url], color=True)
    assert result.exit_code in {0, 1}, result.output
    assert not UNSEEN.search(result.output)
    if set(command) & {"figures", "users", "show"}:
        assert "«" in result.output, "the traps are there"


def test_a_table_on_a_terminal_reads_no_markup() -> None:
    from rich.table import Table

    from reportdb.cli.command_line import PlainConsole

    printed = io.StringIO()
    table = Table("[red]h")
    table.add_row("[link=https://evil.example]x[/link] :smile: \x1b]8;;https://evil.example\x07")
    PlainConsole(file=printed, force_terminal=True, color_system="standard", width=120).print(table)
    words = re.sub(r"\x1b\[[\d;]*m", "", printed.getvalue())
    assert "\x1b" not in words
    assert "[link=https://evil.example]x[/link] :smile: " in words


def test_a_line_of_the_log_stays_one_line(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    from queries.engine.database import DatabaseAway
    from ui.access import accounts
    from ui.live import watch

    def away(*_given: Any, **_named: Any) -> None:
        raise DatabaseAway

    monkeypatch.setattr(accounts, "note", away)
    monkeypatch.setattr(watch, "watcher", lambda: type("Watcher", (), {"reports": None}))
    with caplog.at_level(logging.WARNING):
        accounts.refused("who\n\x1b[2Jforged", "page\nrefused", why="why\r\nforged")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.isprintable()
