"""The overview in a real browser: the command line's numbers, no external request, nothing clipped."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.browser.conftest import ROOT, Visit, dashboard
from tests.imported import Imported
from tests.waiting import becomes

pytestmark = pytest.mark.browser


def figures(url: str, *options: str) -> dict[str, Any]:
    """Return the command line's figures."""
    command = [sys.executable, "-m", "reportdb", "figures", "--database", url, "--format", "json", *options]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    said: dict[str, Any] = json.loads(printed)["figures"][0]
    return said


def counts(visited: Visit) -> dict[str, int]:
    """Return the page's headline figures by name."""
    links = visited.page.locator(".tiles :not(.change) > [data-figure]")  # not those of the comparison
    links.first.wait_for()
    return {str(link.get_attribute("data-figure")): int(str(link.get_attribute("data-count"))) for link in links.all()}


def test_the_overview_agrees_with_the_command_line(visit: Callable[..., Visit], address: str, demo: str) -> None:
    visited = visit(address, drawn=False)
    visited.open("?at=2026-06-01T08:00&period=90d")
    said = figures(demo, "--at", "2026-06-01T08:00", "--from", "2026-03-04T00:00")
    shown = counts(visited)
    assert shown["open"] > 0
    resolved = said["resolved_on_time"] + said["resolved_late"] + said["resolved_no_deadline"]
    assert shown == {name: said.get(name, resolved) for name in shown}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("city", "at", "start"),
    [("boston", "2019-11-01T00:00", "2019-08-04T00:00"), ("washington", "2016-08-16T10:20", "2016-05-19T00:00")],
)
def test_the_overview_of_a_real_city_agrees_with_the_command_line(
    visit: Callable[..., Visit], import_city: Callable[[str], Imported], tmp_path: Path, city: str, at: str, start: str
) -> None:
    imported = import_city(city)
    with dashboard(imported.url, tmp_path / "dashboard.log") as running:
        visited = visit(running, drawn=False)
        visited.open(f"?at={at}&period=90d")
        said = figures(imported.url, "--at", at, "--from", start)
        shown = counts(visited)
    resolved = said["resolved_on_time"] + said["resolved_late"] + said["resolved_no_deadline"]
    assert shown["open"] > 0
    assert shown == {name: said.get(name, resolved) for name in shown}


def test_nothing_comes_from_outside_and_the_console_is_quiet(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address)
    visited.open()
    visited.page.wait_for_timeout(3000)  # the map and the fonts come after the page
    assert visited.outside == []
    assert visited.errors == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (390, 844)])
def test_nothing_reaches_past_the_edge(visit: Callable[..., Visit], address: str, width: int, height: int) -> None:
    visited = visit(address, width, height, maps=width == 390)  # test_viewport.py draws the others
    page = visited.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_selector(".tile")
    # In one call: a refresh may replace the tiles that were just found.
    sides = page.locator(".tile").evaluate_all(
        "tiles => tiles.map((tile) => tile.getBoundingClientRect()).map((box) => [box.left, box.right])"
    )
    assert sides
    for left, right in sides:
        assert left >= 0
        assert right <= width


def test_a_number_opens_its_cases_and_back_returns(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("?period=90d&at=2026-06-01T08:00")
    before = page.evaluate("location.href")
    overdue = page.locator('.tile .value[data-figure="overdue"]')
    count = overdue.get_attribute("data-count")
    overdue.click()
    visited.arrived("cases")
    page.wait_for_selector(f'[data-count="{count}"].case-count')
    page.go_back()
    page.wait_for_selector(".tiles")
    assert page.evaluate("location.href") == before


def test_a_click_during_a_refresh_is_one_entry_of_history(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("?period=90d")
    before = page.url
    # Streamlit requests this page again, and the answer comes after the click.
    page.locator('.tile .value[data-figure="overdue"]').evaluate(
        "link => { dispatchEvent(new PopStateEvent('popstate')); link.click() }"
    )
    visited.arrived("cases")
    page.wait_for_selector(".case-count")
    assert "/cases?" in page.url
    page.go_back()
    page.wait_for_selector(".tiles")
    assert page.url == before


def test_a_page_that_did_not_follow_a_click_is_requested_again(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("?period=90d")
    # Streamlit does not get the click, and draws the old page again, as at any refresh.
    page.evaluate("() => { const tell = dispatchEvent; window.dispatchEvent = () => { window.dispatchEvent = tell } }")
    page.locator('.tile .value[data-figure="overdue"]').click()
    visited.arrived("cases")
    page.locator("i").evaluate_all("all => all.find((heart) => heart.beating).again()")
    page.wait_for_selector(".case-count")
    assert "/cases?" in page.url


def test_an_invalid_address_says_so_and_shows_the_default(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).open("?period=century&district=999&at=yesterday")
    left_out, moment = page.locator(".notice").all_inner_texts()
    assert "century, 999" in left_out
    assert "Không đọc được “yesterday” thành ngày giờ" in moment
    assert becomes(lambda: page.locator(".tile").count() == 9)


def test_a_moment_typed_with_a_raw_plus_and_one_of_the_future(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("?at=2026-06-01T08:00:00+07:00&lang=en")
    assert page.locator(".notice").count() == 0
    assert "01/06/2026 08:00" in page.locator(".freshness").inner_text()
    page = visited.open("?at=01/06/2999&lang=en")
    assert "“01/06/2999” is in the future. The page shows the present," in page.locator(".notice").inner_text()


def test_the_moment_and_the_period_are_chosen_by_keys(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).open("definitions?lang=en&severity=urgent,complex")

    def address_says() -> dict[str, list[str]]:
        """Return the parameters of the browser's address."""
        return parse_qs(page.evaluate("location.search").removeprefix("?"))

    page.locator(".st-key-when_moment button").first.press("Enter")
    page.locator('[class*="st-key-choose_at_"] [role=spinbutton]').first.focus()
    page.keyboard.type("010620260807")
    page.keyboard.press("Enter")
    assert becomes(lambda: address_says().get("at") == ["2026-06-01T08:07"])
    assert address_says()["severity"] == ["urgent,complex"], "the choice is kept"
    page.keyboard.press("Escape")
    page.locator(".st-key-when_period button").first.press("Enter")
    page.get_by_text("Month 05/2026 (15/04 – 14/05)").click()
    assert becomes(lambda: address_says().get("period") == ["last-report-month"])
    assert becomes(lambda: "Month 05/2026" in page.locator(".st-key-when_period button").first.inner_text())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("access?before=yesterday", "Ignored in the address: yesterday"),
        ("map?case=**NO**", "There is no case **NO** at this moment."),
        ("overdue?ranking=**x**", "Ignored in the address: **x**"),
    ],
)
def test_ignored_values_of_an_address_are_shown_literally(
    visit: Callable[..., Visit], address: str, path: str, said: str
) -> None:
    page = visit(address, drawn=False).open(f"{path}&lang=en")
    assert page.locator(".notice").inner_text() == said


def test_an_address_of_no_page_says_so_and_opens_the_overview(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("over**view**?lang=en&period=90d")
    assert page.locator(".notice").inner_text() == "Ignored in the address: over**view**"
    assert page.locator(".stDialog").count() == 0
    assert becomes(lambda: page.locator(".tile").count() == 9)
    assert page.url == f"{address}/?lang=en&period=90d"
    page.get_by_role("link", name="Backlog").first.click()
    visited.arrived("backlog")
    visited.settled()
    assert page.locator(".notice").count() == 0


def test_english_by_a_switch(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.open()
    page.get_by_text("Quá hạn", exact=True).first.wait_for()
    page.get_by_text("English", exact=True).click()
    page.wait_for_selector("text=Is the city keeping its promises?")
    assert "lang=en" in page.evaluate("location.href")


def test_an_empty_city_says_what_to_do(
    visit: Callable[..., Visit], new_database: Callable[[str], str], schema_template: str, tmp_path: Path
) -> None:
    with dashboard(new_database(schema_template), tmp_path / "dashboard.log") as empty:
        page = visit(empty).open()
        assert "python -m reportdb demo" in page.get_by_test_id("stAlert").inner_text()
