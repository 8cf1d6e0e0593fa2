"""A city that is not Hanoi, without boundaries, in the browser: its language, its words, its map, its numbers."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from queries.engine.database import ReportDatabase
from reportdb.database.connection import connect
from tests.browser.conftest import Visit, dashboard
from tests.browser.test_figure_walk import links, listed, unlinked
from tests.conftest import NewDatabase
from tests.reports import DAY, HOUR, T, report, small_city

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T10:00"


@pytest.fixture(scope="module")
def url(new_database: NewDatabase, schema_template: str) -> str:
    """The database of a city in the United States that names its levels, with English as its own language."""
    database = new_database(schema_template)
    with connect(database) as connection:
        small_city(connection)
        connection.execute(
            """update city set country = 'US', languages = '{en,vi}', swapped_days = false;
               insert into level_name values
                   ('district', 'khu vực', 'khu vực', 'council district', 'council districts'),
                   ('ward', 'khu dân cư', 'khu dân cư', 'neighborhood', 'neighborhoods')"""
        )
        for n in range(30):
            late = {"due_at": T - DAY} if n % 3 == 0 else {"due_at": T + HOUR}
            report(connection, n, lon=105.8 + n / 500, lat=21 + n / 700, unit_id=1 + n % 2, **late)
        report(connection, 40)
        connection.execute(
            """insert into report_source (report_id, district_named, ward_named, district_from_source, ward_from_source)
               values (40, 1, 11, true, true)"""
        )
    return database


@pytest.fixture(scope="module")
def address(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


@pytest.mark.parametrize(
    ("locale", "path", "language"),
    [
        ("en-US", "", "en"),
        ("vi-VN", "", "vi"),
        ("fr-FR", "", "en"),
        ("en-US", "?lang=vi", "vi"),
        ("vi-VN", "?lang=en", "en"),
    ],
)
def test_a_browser_gets_its_language_unless_the_address_names_another(
    visit: Callable[..., Visit], address: str, locale: str, path: str, language: str
) -> None:
    page = visit(address, locale=locale, drawn=False).open(path)
    expect(page.locator(f"html[lang={language}]")).to_have_count(1)
    heading = {"en": "Overview", "vi": "Tổng quan"}[language]
    expect(page.locator(".header nav a").first).to_have_text(heading)


def test_the_language_that_is_chosen_goes_from_page_to_page(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, locale="en-US", drawn=False)
    page = visited.open()
    page.get_by_text("Tiếng Việt").click()
    expect(page.locator("html[lang=vi]")).to_have_count(1)
    page.get_by_role("link", name="Tồn đọng", exact=True).first.click()
    visited.arrived("backlog")
    visited.settled()
    expect(page.locator("html[lang=vi]")).to_have_count(1)
    page.get_by_text("English", exact=True).click()
    expect(page.locator("html[lang=en]")).to_have_count(1)
    assert "lang" not in page.evaluate("location.search"), "the browser's language is not in the address"


def test_the_pages_use_the_citys_own_names_and_dates(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, locale="en-US", drawn=False)
    page = visited.open(f"backlog?{AT}")
    expect(page.get_by_text("Council districts")).to_be_visible()
    expect(page.get_by_text("Neighborhoods")).to_be_visible()
    expect(page.locator(".freshness")).to_contain_text("11/18/2026 10:00")
    visited.turn(f"cases?{AT}")
    field = page.get_by_placeholder("a code, a unit, a street")
    assert str(field.get_attribute("placeholder")).startswith("roads dong da")


@pytest.mark.parametrize("path", ["", "map", "map?show=density", "map?lang=vi"])
def test_every_number_of_the_plain_map_opens_its_cases(
    visit: Callable[..., Visit], address: str, url: str, path: str
) -> None:
    visited = visit(address, locale="en-US")
    numbers = links(visited, f"{path}{'&' if '?' in path else '?'}{AT}")
    assert unlinked(visited) == []
    with closing(ReportDatabase(url)) as reports:
        assert {href: listed(reports, href) for href in numbers} == numbers
    expect(visited.page.locator("[data-testid=stDeckGlJsonChart] canvas").first).to_be_visible()
    expect(visited.page.get_by_text("python -m")).to_have_count(0)
    shown, missing = visited.page.locator(".map-what a").all_text_contents()
    assert missing == "1", "the report without a point, whatever district its source names"
    assert shown == "30"
    assert not visited.errors
    assert not visited.outside


def test_a_case_says_that_its_place_is_named_by_the_source(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, locale="en-US")
    page = visited.open(f"report?code=T-40&{AT}")
    expect(page.locator(".placed-by")).to_have_text("Area as the source names it, not by a point")
    visited.open(f"report?code=T-1&{AT}")
    expect(page.locator(".placed-by")).to_have_count(0)
    expect(page.locator("[data-testid=stDeckGlJsonChart] canvas").first).to_be_visible()
