"""A browser without WebGL: every map is drawn as areas, says what is missing, and links where the other map links."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from reportdb.database.connection import connect
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T09:00"
WITHOUT_WEBGL = """const context = HTMLCanvasElement.prototype.getContext
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.includes("webgl") ? null : context.call(this, kind, ...rest)
}"""
DECK = '[data-testid="stDeckGlJsonChart"]'
SETTLES = 30_000  # milliseconds
NO_CONTEXT = "Failed to create WebGL context"
"""deck.gl's error if it is drawn before the browser reports that it cannot; that map is then replaced."""


@pytest.fixture(scope="module")
def unit_and_case(demo: str) -> tuple[str, str]:
    """A commune with open reports, and one of them with a place."""
    with connect(demo) as opened:
        row = opened.execute(
            """select unit.code, min(public_code) from report join unit on unit.id = unit_id
               where ended_at is null and lat is not null and unit.kind = 'commune'
               group by 1 order by count(*) desc, 1 limit 1"""
        ).fetchone()
    assert row
    return str(row[0]), str(row[1])


def plainly(visited: Visit, path: str) -> Page:
    """Open a page without WebGL and wait until its map is drawn."""
    visited.page.add_init_script(WITHOUT_WEBGL)
    page = visited.open(path)
    page.locator(".plain-map path").first.wait_for(state="attached", timeout=SETTLES)
    return visited.settled()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"?{AT}", "this browser has no WebGL"),
        (f"map?{AT}", "Dots and squares are missing here"),
        (f"map?{AT}&show=density", "Dots and squares are missing here"),
        (f"map?{AT}&show=areas&level=ward", "Dots and squares are missing here"),
    ],
)
def test_a_map_is_areas_and_says_why(visit: Callable[..., Visit], address: str, path: str, said: str) -> None:
    visited = visit(address)
    page = plainly(visited, f"{path}&lang=en")
    expect(page.locator(".plain-map figcaption")).to_contain_text(said)
    assert page.locator(DECK).count() == 0
    areas = page.locator(".plain-map path")
    assert areas.count() == (126 if "ward" in path else 30)
    assert "overdue" in str(areas.first.text_content())
    assert len(set(areas.evaluate_all("areas => areas.map(area => getComputedStyle(area).fill)"))) > 2
    assert page.locator(".plain-map text").count() > 10
    assert page.locator(".map-legend li, .legend .step").count() >= 6
    assert [error for error in visited.errors if NO_CONTEXT not in error] == []


def test_the_map_is_in_the_pages_language(visit: Callable[..., Visit], address: str) -> None:
    page = plainly(visit(address), f"map?{AT}")
    expect(page.locator(".plain-map figcaption")).to_contain_text("trình duyệt này không hỗ trợ WebGL")


def test_an_area_is_chosen_by_keyboard_and_left_again(visit: Callable[..., Visit], address: str) -> None:
    page = plainly(visit(address), f"map?{AT}&lang=en")
    area = page.locator(".plain-map a", has_text="Dong Anh")
    area.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('district=')")
    page.locator(".plain-chosen").wait_for(state="attached", timeout=SETTLES)
    expect(page.locator(".map-place h2")).to_have_text("Dong Anh", timeout=SETTLES)
    page.locator(".plain-map a", has_text="Dong Anh").click()
    page.wait_for_function("!location.search.includes('district=')")


def test_a_units_and_a_cases_map_are_drawn(
    visit: Callable[..., Visit], address: str, unit_and_case: tuple[str, str]
) -> None:
    unit, case = unit_and_case
    page = plainly(visit(address), f"unit?{AT}&unit={unit}")
    assert page.locator(DECK).count() == 0
    assert page.locator(".plain-map path").count() == 126
    page = plainly(visit(address), f"report?{AT}&code={case}")
    assert page.locator(".plain-map circle").count() == 1
    assert page.locator(DECK).count() == 0
