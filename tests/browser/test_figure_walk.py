"""Every number on every page leads to a list that counts the same, or clearly is no count of cases."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache, partial
from itertools import cycle
from urllib.parse import parse_qs, urlsplit

import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import City, city
from queries.places import map as map_queries
from tests.browser.conftest import Visit, dashboard
from tests.browser.rates import proven, rates
from tests.imported import Imported
from tests.waiting import becomes
from ui.address.map_cell import around
from ui.address.url_filters import parse_filters
from ui.base.levels import AREAS
from ui.cases.list_panels import PAGE_LENGTH
from ui.map.colour_scale import MEASURES

pytestmark = pytest.mark.browser

LINKED = "a[data-figure]"
NO_COUNT = {
    ".header nav, .freshness, .age, .chips, .cases-about dl": "the moment and what was chosen, as the address says it",
    ".title, .facts, .worklist-title, .worklist-what, .worklist-long, .name, .unit-head": "names and people's words",
    ".worklist td, .map-case, .report, .report-way, .report-terms, .report-near": "the words and times of single cases",
    "h2, h3, th, summary, .about, .map-what b, .definition-words, .definition-formula": "words that explain a number",
    ".choice": "the names of what can be chosen",
    ".named-case": "the words, people and times of single cases",
    ".ground": "the rules and the calendar",
    ".published-said span": "the names of statuses and areas as the city writes them",
    ".map-legend, .map-source, .legend, .interval-legend, .signals small": "the bounds of colours, and what they mean",
    ".change, .overdue-change, .backlog-change": "differences, and when they began",
    ".overdue-place, .worklist-turn, .backlog-more": "places in an order, pages and rows of a list",
    ".backlog-time, .backlog-days b, .overdue-number small": "lengths of time, and what the categories predict",
    ".case-count": "the count of the list that is shown; the walk compares it with the number that led there",
}
"""Where a number is no count of cases, and why. Elsewhere it is one, unless it is a share, a time or 0 (PLAIN)."""
PLAIN = re.compile(
    r"""[-−+±(]?\d[\d.,]*(\s?%\)?|×)                  # a share or a ratio, whose parts stand beside it
    |\d{2}/\d{2}/\d{4}|\d{2}:\d{2}                  # a day, an hour
    |\d[\d.,]*\s(h|days?|hours?|minutes?|working\shours|giờ|ngày|phút|giờ\slàm\sviệc)\b  # a length of time
    |(?<!\d)0(?!\d)                              # nothing to list""",
    re.VERBOSE,
)
NUMBERS = """(exempt) => {
    const found = []
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) found.push(node.data.trim())
        if (node.nodeType === Node.ELEMENT_NODE && node.matches(exempt)) return
        if (node.shadowRoot) walk(node.shadowRoot)
        node.childNodes.forEach(walk)
    }
    document.querySelectorAll(".stBidiComponent, [data-testid=stBidiComponentIsolated]").forEach(walk)
    return found.filter((words) => /\\d/.test(words))
}"""
"""The words with digits in our panels that are in none of the given places."""

DEMO = "at=2026-11-17T16:00&period=90d"
KANSAS_CITY = "at=2020-06-01T12:00&period=all"
WASHINGTON = "at=2016-08-16T10:20&period=30d"


@pytest.fixture(scope="module")
def kansas_city_address(kansas_city: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(kansas_city.url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


@pytest.fixture(scope="module")
def washington_address(washington: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(washington.url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


def first(words: str) -> str:
    """Return the first of two numbers, as in 13/17."""
    return words.split("/", maxsplit=1)[0]


def digits(words: str) -> int:
    """Return a number as it is read, with any thousands separator."""
    return int(re.sub(r"\D", "", words))


def links(visited: Visit, path: str) -> dict[str, int]:
    """Return every number on a page with the link to its cases."""
    (visited.turn if visited.page.url.startswith(visited.address) else visited.open)(path)
    seen = [-1]

    def no_more() -> bool:
        visited.page.wait_for_timeout(500)
        seen.append(visited.page.locator("a[data-figure]").count())
        return seen[-1] == seen[-2]

    becomes(no_more)
    found = visited.page.eval_on_selector_all(
        "a[data-figure]", "all => all.map(a => [a.getAttribute('href'), a.textContent, a.dataset.count])"
    )
    # A share, or a dash in its place, links to its whole, whose number is beside it; others are the number they show.
    read = [(first(words), count) for _href, words, count in found if count]
    assert [each for each in read if not re.search("[%–]", each[0]) and digits(each[0]) != int(each[1])] == []
    numbers = {(href, digits(count or first(words))) for href, words, count in found}
    assert len(dict(numbers)) == len(numbers), "two numbers that differ lead to the same list"
    return dict(numbers)


def unlinked(visited: Visit) -> list[str]:
    """Return the words of the open page with a number that may be a count of cases but has no link."""
    places = ", ".join([LINKED, "style", "script", *NO_COUNT])
    return [words for words in visited.page.evaluate(NUMBERS, places) if re.search(r"\d", PLAIN.sub("", words))]


@cache
def known_city(reports: ReportDatabase) -> City:
    """Return the city of a database, asked for once: it is the same for all its lists."""
    return city(reports, datetime.now(UTC))


def listed(reports: ReportDatabase, href: str) -> int:
    """Return the number of cases in the list behind an address, as the page of cases counts them."""
    query = parse_qs(urlsplit(href).query)
    found = parse_filters(query, reports=reports, city=known_city(reports), now=datetime.now(UTC), scope=ALL_CASES)
    assert not found.unrecognised, href
    return case_count(reports, found.filters, figure=query["figure"][0])


def walk(visited: Visit, url: str, paths: list[str]) -> None:
    """Compare every number of the pages with the list it links to, and every percentage with the two numbers beside it;
    open one list of each page in the browser.
    """
    opened, rated = set(), 0
    visited.draw_nothing()
    with closing(ReportDatabase(url)) as reports:
        count = cache(partial(listed, reports))
        for path in paths:
            numbers = links(visited, path)
            assert unlinked(visited) == [], path
            assert numbers, f"{path} shows no number that can be opened"
            assert {href: count(href) for href in numbers} == numbers, path
            found = rates(visited)
            assert [bare for bare in found if not proven(*bare[:2])] == [], path
            rated += len(found)
            if (page := urlsplit(path).path) in opened:
                continue
            opened.add(page)
            largest = sorted(numbers, key=lambda href: -numbers[href])
            href = largest[len(largest) // 2]
            visited.turn(href.removeprefix("./"))
            shown = visited.page.locator(".case-count").get_attribute("data-count")
            assert int(str(shown)) == numbers[href], f"{path}: {href}"
    assert rated > 50, "the percentages were not found"


def busiest_unit(url: str) -> str:
    with closing(ReportDatabase(url)) as reports:
        table = reports.ask_now("names")
    return str(table[table["dimension"] == "unit"]["code"].iloc[-1])


def busiest_square(url: str, at: datetime) -> str:
    """Return the density map's square with the most reports of all time, as the address names it."""
    with closing(ReportDatabase(url)) as reports:
        wide, high = map_queries.grid(reports)
        filters = Filters.of(at=at, zone=city(reports, datetime.now(UTC)).zone)
        table = map_queries.squares(reports, filters, figure="received")
    lon, lat, _count = table.sort_values("reports").iloc[-1].tolist()
    return around(lon, lat, wide, high)


def maps(square: str) -> list[str]:
    """Return the map's addresses in all its modes, and of one of its squares."""
    areas = [
        f"map?show=areas&level={level}&measure={measure}"
        for level, measure in zip(cycle(AREAS), MEASURES, strict=False)
    ]
    return ["map", "map?level=ward&lang=en", *areas, "map?show=density", f"map?show=density&bbox={square}"]


def asked_at(path: str, moment: str) -> str:
    """Return an address with a moment and a period."""
    return f"{path}{'&' if '?' in path else '?'}{moment}"


def test_every_number_of_the_demo_city_opens_its_cases(visit: Callable[..., Visit], address: str, demo: str) -> None:
    paths = ["", "backlog?by=district", "backlog?by=unit", "overdue", "overdue?kind=commune&lang=en", "definitions"]
    paths += [f"unit?unit={busiest_unit(demo)}", "backlog?by=ward&district=017&lang=en", "?category=rac-thai&lang=en"]
    paths += ["?severity=urgent,complex", "backlog?by=unit&severity=complex", "overdue?severity=normal&lang=en"]
    paths += [f"unit?unit={busiest_unit(demo)}&severity=urgent&severity=normal", "map?show=density&severity=urgent"]
    paths += maps(busiest_square(demo, datetime(2026, 11, 17, 9, tzinfo=UTC)))
    walk(visit(address), demo, [asked_at(path, DEMO) for path in paths])


def test_every_number_of_a_named_or_dated_period_opens_its_cases(
    visit: Callable[..., Visit], address: str, demo: str
) -> None:
    moment = "at=17/11/2026 16:00"
    paths = [f"?{moment}&period=last-report-month", f"backlog?{moment}&period=last-week&by=district"]
    paths += [f"definitions?{moment}&from=01/10/2026&to=14/11/2026&severity=complex", f"map?{moment}&period=month"]
    paths += [f"overdue?{moment}&period=report-quarter", f"definitions?{moment}&period=report-year&severity=normal"]
    walk(visit(address), demo, paths)


@pytest.mark.real_data
def test_every_number_of_washington_opens_its_cases(
    visit: Callable[..., Visit], washington_address: str, washington: Imported
) -> None:
    paths = ["", "backlog?by=ward", "backlog?by=unit", "overdue", "unit?unit=ddot", "definitions"]
    paths += maps(busiest_square(washington.url, datetime(2016, 8, 16, 14, tzinfo=UTC)))
    walk(visit(washington_address), washington.url, [asked_at(path, WASHINGTON) for path in paths])


@pytest.mark.real_data
def test_every_number_published_by_kansas_city_opens_its_cases(
    visit: Callable[..., Visit], kansas_city_address: str, kansas_city: Imported
) -> None:
    visited = visit(kansas_city_address, drawn=False)
    path = asked_at("overdue?lang=en", KANSAS_CITY)
    visited.open(path)
    visited.page.wait_for_selector(".published")
    numbers = links(visited, path)
    assert len(numbers) > 50, "its flag, its statuses, districts and neighborhoods"
    assert unlinked(visited) == []
    with closing(ReportDatabase(kansas_city.url)) as reports:
        assert {href: listed(reports, href) for href in numbers} == numbers
    assert [bare for bare in rates(visited) if not proven(*bare[:2])] == []
    late = visited.page.locator('.published a[data-figure="published_late"]')
    count = late.get_attribute("data-count")
    late.click()
    visited.arrived("cases")
    visited.page.wait_for_selector(f'.case-count[data-count="{count}"]')
    assert visited.page.locator('td[data-label="The city says"] b').first.inner_text() == "late"


@pytest.mark.parametrize("figure", ["open", "received", "resolved_late", "no_deadline"])
def test_a_list_counts_what_it_lists_and_a_case_counts_nothing(
    visit: Callable[..., Visit], address: str, demo: str, figure: str
) -> None:
    visited = visit(address, drawn=False)
    path = asked_at(f"cases?figure={figure}&lang=en", DEMO)
    page = visited.open(path)
    shown = int(str(page.locator(".case-count").get_attribute("data-count")))
    with closing(ReportDatabase(demo)) as reports:
        assert shown == listed(reports, path)
    assert shown == int(re.sub(r"\D", "", page.locator(".case-count").inner_text()))
    assert unlinked(visited) == []
    cases = page.locator('a[href^="report?"]')
    assert becomes(lambda: cases.count() == min(shown, PAGE_LENGTH))
    if shown:
        visited.open(str(cases.first.get_attribute("href")))
        visited.page.wait_for_selector(".report-steps")
        assert unlinked(visited) == []


def test_the_journey_from_the_city_to_one_case_and_back(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open(f"?{DEMO}")
    page.get_by_role("link", name="Quá hạn", exact=True).first.click()
    visited.arrived("overdue")
    visited.settled()
    overdue = page.evaluate("location.href")
    worst = page.locator(".overdue-table tbody tr").first
    late = worst.locator(".overdue-raw a").get_attribute("data-count")
    worst.locator("th a").click()
    visited.arrived("unit")
    visited.settled()
    unit = page.evaluate("location.href")
    number = page.locator('.unit-beside a[data-figure="overdue"]').first
    count = number.get_attribute("data-count")
    assert count == late
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
