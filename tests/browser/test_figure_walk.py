"""Every number on every page leads to a list that counts the same."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from queries.cases import case_count
from queries.database import ReportDatabase
from queries.figures import city
from tests.browser.conftest import Visit, dashboard
from tests.imported import Imported
from ui.asked import asked

pytestmark = pytest.mark.browser

DEMO = "at=2026-11-17T16:00&period=90d"
WASHINGTON = "at=2016-08-16T10:20&period=30d"


@pytest.fixture(scope="module")
def demo_address(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(demo, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


@pytest.fixture(scope="module")
def washington_address(washington: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(washington.url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


def links(visited: Visit, path: str) -> dict[str, int]:
    """Return the way to the cases of every number on a page, and the number."""
    visited.open(path)
    visited.page.wait_for_timeout(500)
    found = visited.page.eval_on_selector_all(
        "a[data-figure]", "all => all.map(a => [a.getAttribute('href'), a.dataset.count ?? a.innerText])"
    )
    return {href: int(re.sub(r"\D", "", count.split("/")[0])) for href, count in found}


def listed(reports: ReportDatabase, href: str) -> int:
    """Return how many cases the list behind an address counts, as the page of cases does."""
    query = parse_qs(urlsplit(href).query)
    found = asked(query, reports=reports, city=city(reports), now=datetime.now(UTC))
    assert not found.strange, href
    return case_count(reports, found.filters, figure=query["figure"][0])


def walk(visited: Visit, url: str, paths: list[str]) -> None:
    """Hold every number of the pages against the list it leads to, and open one of each page in the browser."""
    with closing(ReportDatabase(url)) as reports:
        for path in paths:
            numbers = links(visited, path)
            assert numbers, f"{path} shows no number that can be opened"
            assert {href: listed(reports, href) for href in numbers} == numbers, path
            largest = sorted(numbers, key=lambda href: -numbers[href])
            href = largest[len(largest) // 2]
            visited.open(href.removeprefix("./"))
            shown = visited.page.locator(".case-count").get_attribute("data-count")
            assert int(str(shown)) == numbers[href], f"{path}: {href}"


def busiest_unit(url: str) -> str:
    with closing(ReportDatabase(url)) as reports:
        table = reports.ask_now("names")
    return str(table[table["dimension"] == "unit"]["code"].iloc[-1])


def test_every_number_of_the_demo_city_opens_its_cases(
    visit: Callable[..., Visit], demo_address: str, demo: str
) -> None:
    paths = ["", "map", "backlog?by=district", "backlog?by=unit", "overdue", "overdue?kind=commune"]
    paths += [f"unit?unit={busiest_unit(demo)}", "backlog?by=ward&district=017&lang=en", "?category=rac-thai&lang=en"]
    walk(visit(demo_address), demo, [f"{path}{'&' if '?' in path else '?'}{DEMO}" for path in paths])


@pytest.mark.real_data
def test_every_number_of_washington_opens_its_cases(
    visit: Callable[..., Visit], washington_address: str, washington: Imported
) -> None:
    paths = ["", "map?level=ward", "backlog?by=ward", "backlog?by=unit", "overdue", "unit?unit=ddot"]
    walk(
        visit(washington_address),
        washington.url,
        [f"{path}{'&' if '?' in path else '?'}{WASHINGTON}" for path in paths],
    )


def test_the_journey_from_the_city_to_one_case_and_back(visit: Callable[..., Visit], demo_address: str) -> None:
    visited = visit(demo_address)
    page = visited.open(f"?{DEMO}")
    page.get_by_role("link", name="Quá hạn", exact=True).first.click()
    visited.arrived("overdue")
    visited.settled()
    overdue = page.evaluate("location.href")
    worst = page.locator('a[href^="unit?"]').first
    worst.click()
    visited.arrived("unit")
    visited.settled()
    unit = page.evaluate("location.href")
    number = page.locator('a[data-figure="overdue"]').first
    count = number.get_attribute("data-count")
    number.click()
    visited.arrived("cases")
    page.wait_for_selector(f'.case-count[data-count="{count}"]')
    cases = page.evaluate("location.href")
    page.locator('a[href^="report?"]').first.click()
    visited.arrived("report")
    page.wait_for_selector(".report-steps")
    page.go_back()
    page.wait_for_selector(f'.case-count[data-count="{count}"]')
    assert page.evaluate("location.href") == cases
    page.go_back()
    visited.arrived("unit")
    assert page.evaluate("location.href") == unit
    page.go_back()
    visited.arrived("overdue")
    assert page.evaluate("location.href") == overdue
    assert "period=90d" in overdue
