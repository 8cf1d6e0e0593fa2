"""The page fits the viewer's window: type, maps and charts on a wall, at a desk and on a phone."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit, dashboard, moved
from tests.reports import DAY, HOUR, give_boundaries, report, small_city
from tests.waiting import becomes

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T09:00"
MAP = '[data-testid="stDeckGlJsonChart"]'
HEIGHT = "part => part.getBoundingClientRect().height"
SIZES = [(1920, 1080), (3840, 2160), (390, 844)]


def zoom(visited: Visit) -> float:
    """Return the zoom the map was told to start from, in the words of the message that drew it."""
    return float(visited.page.evaluate("window.zooms.at(-1)"))


def watched(visited: Visit) -> Visit:
    """Keep every zoom that a message to the browser names."""
    visited.page.add_init_script(
        """window.zooms = []
        const receive = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get
        Object.defineProperty(MessageEvent.prototype, "data", { get() {
            const data = receive.call(this)
            if (data instanceof ArrayBuffer) {
                const zoom = /"zoom": ([\\d.]+)/.exec(new TextDecoder().decode(data))
                if (zoom) window.zooms.push(zoom[1])
            }
            return data
        } })"""
    )
    return visited


def framed(visited: Visit, path: str) -> Page:
    """Open a page with a map and wait until it is drawn for this window: the page learns of its size by and by."""
    page = visited.open(path)
    size = page.viewport_size
    assert size
    page.wait_for_selector(f'[class*="-{size["width"]}-{size["height"]}"] {MAP} canvas', timeout=30_000)
    return visited.settled()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_map_fills_what_the_screen_has_left(
    visit: Callable[..., Visit], address: str, width: int, height: int
) -> None:
    page = framed(visit(address, width, height), f"map?{AT}")
    box = page.locator(MAP).bounding_box()
    legend = page.locator(".map-about").bounding_box()
    assert box
    assert legend
    if width > 640:
        assert height * 0.5 < box["height"]
        assert legend["y"] + legend["height"] < height * 1.05
    else:
        assert box["height"] < height * 0.6
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_type_maps_and_charts_grow_with_a_screen_on_the_wall(visit: Callable[..., Visit], address: str) -> None:
    desk, wall = (visit(address, width, height).open(f"?{AT}") for width, height in SIZES[:2])
    for page, (width, _height) in zip((desk, wall), SIZES[:2], strict=True):
        page.wait_for_selector(f"{MAP} canvas", timeout=30_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for drawn in (".tile .value", ".js-plotly-plot .xtick text", MAP):

        def grows(drawn: str = drawn) -> bool:
            heights = [page.locator(drawn).first.evaluate(HEIGHT) for page in (desk, wall)]
            return bool(1.6 < heights[1] / heights[0] < 2)

        assert becomes(grows), drawn


def test_the_map_is_framed_for_the_window_and_never_jumps(visit: Callable[..., Visit], address: str) -> None:
    frames = []
    for width, height in SIZES:
        visited = watched(visit(address, width, height))
        page = framed(visited, f"map?{AT}")
        before, told = zoom(visited), page.evaluate("window.zooms.length")
        page.get_by_text("Mật độ", exact=True).click()
        page.wait_for_function("told => window.zooms.length > told", arg=told)
        visited.settled()
        assert zoom(visited) == before
        frames.append(before)
    desk, wall, phone = frames
    assert phone < desk < wall


def test_a_refresh_leaves_the_map_where_the_viewer_put_it(
    visit: Callable[..., Visit], connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    small_city(connection)
    give_boundaries(connection)
    now = datetime.now(UTC)
    for number in range(1, 30):
        place = {"lon": 105.8 + number / 160, "lat": 21.05}
        report(connection, number, **place, submitted_at=now - DAY, updated_at=now - HOUR)
    with dashboard(database, tmp_path / "dashboard.log") as running:
        page = framed(visit(running), "map")
        drawn = page.locator(MAP)

        def still() -> bytes:
            """Wait until the map stands still for a second, and return its picture."""
            pictures = [drawn.screenshot()]

            def stands() -> bool:
                page.wait_for_timeout(500)
                pictures.append(drawn.screenshot())
                return len(pictures) > 2 and not any(moved(each, pictures[-1]) for each in pictures[-3:-1])

            assert becomes(stands)
            return pictures[-1]

        whole = still()
        box = drawn.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
        page.mouse.wheel(0, -500)
        page.wait_for_timeout(500)
        page.mouse.move(5, 5)  # the area under the pointer is lit when the browser comes to it
        nearer = still()
        assert moved(whole, nearer)
        with page.expect_response("**/map/points.json*", timeout=30_000):
            connection.execute("update report set updated_at = now() where id = 1")
        page.wait_for_timeout(1000)
        assert becomes(lambda: not moved(nearer, still()))  # the new points may take their time


@pytest.mark.parametrize("path", ["backlog", "overdue", "map", "cases"])
def test_telling_the_size_of_the_window_does_not_turn_the_page(
    visit: Callable[..., Visit], address: str, path: str
) -> None:
    visited = visit(address, 1111, 777, drawn=path == "map")
    page = visited.open(f"{path}?{AT}")
    page.wait_for_timeout(1500)
    visited.settled()
    assert path in str(page.locator('.header a[aria-current="page"]').get_attribute("href"))
    assert path in page.evaluate("location.pathname")
