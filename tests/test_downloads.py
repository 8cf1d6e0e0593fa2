"""Files of cases from a real server: complete, streamed from the first second, and nothing is left behind."""

import csv
import http.client
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import city
from queries.figures.period import period_counts
from tests.browser.conftest import dashboard
from tests.conftest import DEMO_NOW
from tests.waiting import becomes

LONG = "figure=submitted&lang=en&at=" + DEMO_NOW.isoformat().replace("+", "%2B")
"""All reports of the demonstration city."""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def address(demo: str, temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(temporary))
        with dashboard(demo, tmp_path_factory.mktemp("server") / "log") as running:
            yield running


@pytest.fixture(scope="module")
def count(demo: str) -> int:
    with closing(ReportDatabase(demo)) as reports:
        whole = Filters.of(at=DEMO_NOW, zone=city(reports, DEMO_NOW).zone)
        return int(period_counts(reports, whole)["received"].iloc[0])


def left(temporary: Path) -> list[Path]:
    return list(temporary.rglob("cases-*"))


@contextmanager
def asked(
    address: str, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)) as connection:
        connection.request(method, path, headers=headers or {})
        with connection.getresponse() as answer:
            yield answer


def test_a_csv_file_comes_while_it_is_made(address: str, count: int) -> None:
    spoken = {"Accept-Language": "en-GB,en;q=0.9"}  # the address names no language
    with asked(address, f"/cases.csv?{LONG.replace('lang=en&', '')}", headers=spoken) as answer:
        assert (answer.status, answer.headers["transfer-encoding"]) == (200, "chunked")
        content = answer.read().decode("utf-8-sig")
    headings, *rows = csv.reader(io.StringIO(content))
    assert len(rows) == len({row[0] for row in rows}) == count > 10_000
    assert f"Cases in this file: {count:,} | Exported by: demo visitor | " in headings[-1]
    assert re.search(r"Number in the access log: \d+$", headings[-1])
    moments = [row[headings.index("Submitted")] for row in rows]
    assert moments == sorted(moments, reverse=True), "the newest first, across the parts"


def test_a_workbook_holds_all_and_leaves_nothing(address: str, count: int, temporary: Path) -> None:
    with asked(address, f"/cases.xlsx?{LONG}&period=all") as answer:
        content = answer.read()
        assert int(answer.headers["content-length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == count + 1
    assert left(temporary) == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_named_after_its_period_and_a_head_request_makes_none(address: str, kind: str) -> None:
    query = LONG.replace("submitted", "resolved") + "&period=30d"
    day = r"\d{4}-\d\d-\d\d"
    with asked(address, f"/cases.{kind}?{query}", "HEAD") as answer:
        assert (answer.status, answer.read()) == (200, b"")
        assert re.fullmatch(
            rf'attachment; filename="resolved_{day}_to_{day}_at_{day}_\d{{4}}\.{kind}"',
            answer.headers["content-disposition"],
        )


def test_an_aborted_workbook_leaves_nothing_behind(address: str, temporary: Path) -> None:
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)) as connection:
        connection.request("GET", f"/cases.xlsx?{LONG}")
        assert becomes(lambda: left(temporary) != []), "the file is being written"
    assert becomes(lambda: left(temporary) == [])
