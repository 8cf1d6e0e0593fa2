"""The ranking in a real browser: the published counts of late August 2024, fair and naive, with intervals."""

from collections.abc import Callable, Iterator

import pytest

from reportdb.database.connection import connect
from tests.browser.conftest import Visit, dashboard
from tests.conftest import NewDatabase
from tests.published_counts import city_of_august_2024

pytestmark = pytest.mark.browser

AT = "at=2024-08-31T10:00"


@pytest.fixture(scope="module")
def august(new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    url = new_database(schema_template)
    with connect(url) as opened:
        city_of_august_2024(opened)
    with dashboard(url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


def ranking(visited: Visit) -> list[list[str]]:
    """Return each ranked unit's place, name, raw counts and the interval's description."""
    cells = """rows => rows.map(row => [
        row.querySelector(".overdue-place").innerText, row.querySelector("th").innerText,
        row.querySelector(".overdue-raw a").innerText, row.querySelector(".interval").getAttribute("aria-label")])"""
    found: list[list[str]] = visited.page.eval_on_selector_all(".overdue-table tbody tr", cells)
    return found


def test_the_page_shows_the_published_counts_in_the_fair_order(visit: Callable[..., Visit], august: str) -> None:
    visited = visit(august, drawn=False)
    visited.open(f"overdue?{AT}&lang=en")
    rows = ranking(visited)
    assert [row[:3] for row in rows] == [
        ["1", "UBND huyện Đông Anh", "13/17"],
        ["2", "UBND huyện Thanh Oai", "7/11"],
        ["3", "Sở Xây dựng", "4/7"],
        ["4", "UBND quận Thanh Xuân", "1/30"],
        ["5", "UBND quận Ba Đình", "2/60"],
        ["6", "UBND quận Hai Bà Trưng", "1/40"],
        ["7", "Sở Giao thông Vận tải", "0/20"],
        ["8", "UBND quận Đống Đa", "0/35"],
    ]
    assert rows[0][3] == (
        "Adjusted share 72.5%; with 90% probability it lies from 54.0% to 88.1%; the whole city 12.7%"
    )
    assert visited.page.locator('.overdue-page a[href^="definitions"]').count() >= 1
    number = visited.page.locator(".overdue-raw a").first
    number.click()
    visited.arrived("cases")
    visited.page.wait_for_selector('.case-count[data-count="13"]')


def test_the_naive_ranking_marks_units_whose_place_differs(visit: Callable[..., Visit], august: str) -> None:
    visited = visit(august, drawn=False)
    page = visited.open(f"overdue?{AT}&lang=en")
    page.get_by_role("link", name="By plain share").click()
    page.wait_for_selector(".overdue-elsewhere")
    assert "ranking=naive" in page.evaluate("location.href")
    marked = page.locator(".overdue-elsewhere")
    assert {
        row.locator("th").inner_text(): row.locator(".overdue-place small").inner_text() for row in marked.all()
    } == {
        "UBND quận Ba Đình": "fair: 5 (+1)",
        "UBND quận Đống Đa": "fair: 8 (+1)",
    }
