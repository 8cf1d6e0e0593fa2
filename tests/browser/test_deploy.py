"""The dashboard below a path, through Debian's nginx with the shipped file: checked in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.browser.conftest import Visit, dashboard
from tests.nginx import Nginx, nginx
from ui.base.thresholds import VARIABLE as THRESHOLDS_VARIABLE
from ui.wall.screens import SCREENS_VARIABLE, hashed

pytestmark = pytest.mark.browser

BASE = "/reports"
TOKEN = "the token of the screen in the hall"
SETTLES = 60_000  # milliseconds
SIGN_IN: dict[str, Any] = {"content_type": "text/html", "body": "<h1>Sign in to the city</h1>"}


@pytest.fixture(scope="module")
def front(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    limits = folder / "thresholds.toml"
    limits.write_text("[answer]\namber = 3\nred = 600\n")
    screens = folder / "screens.toml"
    screens.write_text(f'[[screen]]\nname = "hall"\ntoken_sha256 = "{hashed(TOKEN)}"\nlanguage = "en"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCREENS_VARIABLE, str(screens))
        patch.setenv(THRESHOLDS_VARIABLE, str(limits))
        with (
            dashboard(demo, folder / "dashboard.out", "--", "--open", base=BASE) as address,
            nginx(address, folder) as running,
        ):
            yield running


@pytest.fixture
def address(front: Nginx) -> str:
    return f"https://localhost:{front.tls}{BASE}"


def failures(page: Page) -> list[str]:
    """Collect error answers below the path, and HTML answers to requests that are not pages."""
    found: list[str] = []

    def look(response: Response) -> None:
        asked, kind = response.request, response.headers.get("content-type", "")
        lost = response.status >= 400 and "_stcore/" not in response.url
        if lost or (asked.resource_type != "document" and kind.startswith("text/html")):
            found.append(f"{response.status} {kind} {response.url}")

    page.on("response", look)
    return found


def test_overview_drill_down_heartbeat_and_export_work_below_a_path(
    visit: Callable[..., Visit], address: str, tmp_path: Path
) -> None:
    visited = visit(address, locale="en-GB", policy=False, maps=False)
    failed = failures(visited.page)
    page = visited.open("?lang=en")
    expect(page.locator(".age")).to_have_attribute("data-tone", "green", timeout=SETTLES)
    with page.expect_response(lambda answer: f"{BASE}/beat/" in answer.url and answer.status == 200):
        pass
    assert page.evaluate("document.fonts.load('600 16px \"Be Vietnam Pro\"').then(found => found.length)") > 0
    page.locator(".tile a[href^='cases']").first.click()
    visited.arrived("cases")
    visited.settled()
    assert page.locator("a[href^='report?']").count() > 0
    with page.expect_download() as begun:
        page.locator("a[href^='cases.csv']").click()
    file = tmp_path / "cases.csv"
    begun.value.save_as(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfCode,")
    page.locator("a[href^='report?']").first.click()
    visited.arrived("report")
    visited.settled()
    page.go_back()
    visited.arrived("cases")
    visited.settled()
    page.locator(".header nav a[href^='overdue']").click()
    visited.arrived("overdue")
    visited.settled()
    expect(page.locator(".age")).to_have_attribute("data-tone", "green", timeout=SETTLES)
    assert (failed, visited.errors, visited.outside) == ([], [], [])


def test_a_deep_link_and_the_path_without_a_slash_open_below_it(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    failed = failures(visited.page)
    visited.open("unit?lang=en")
    visited.page.goto(f"{address}?lang=en")
    visited.settled()
    assert visited.page.url == f"{address}/?lang=en"
    assert (failed, visited.errors) == ([], [])


def test_maps_find_their_data_below_a_path(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address)
    failed = failures(visited.page)
    with visited.page.expect_response(lambda answer: f"{BASE}/map/" in answer.url and answer.ok, timeout=SETTLES):
        visited.open("map?lang=en")
    visited.settled()
    assert (failed, visited.outside) == ([], [])


def test_the_wall_works_below_a_path(visit: Callable[..., Visit], address: str, front: Nginx) -> None:
    visited = visit(address, 1920, 1080, drawn=False)
    failed = failures(visited.page)
    visited.page.goto(f"{address}/wall?screen=hall&token={TOKEN}")
    wall = visited.page.locator(".wall")
    expect(wall).to_have_attribute("data-tone", "green", timeout=SETTLES)
    expect(visited.page.locator(".wall-clock b")).not_to_be_empty()
    assert failed == []
    assert TOKEN.replace(" ", "%20") not in front.logged()
    assert "the+token" not in front.logged()


CAUSES: list[tuple[str, dict[str, Any]]] = [
    ("a redirection to another origin", {"status": 302, "headers": {"Location": "https://sign-in.example/?to=1"}}),
    ("a redirection to a page of its own", {"status": 307, "headers": {"Location": "/oauth2/start"}}),
    ("its sign-in page with 200", SIGN_IN),
    ("its sign-in page with 401", SIGN_IN | {"status": 401}),
    ("its sign-in page with 403", SIGN_IN | {"status": 403}),
]


@pytest.mark.parametrize("answer", [case[1] for case in CAUSES], ids=[case[0] for case in CAUSES])
def test_signed_out_by_the_proxy_the_screen_says_so_and_leads_back(
    visit: Callable[..., Visit], address: str, answer: dict[str, Any]
) -> None:
    """From some moment on the proxy asks for a sign-in at every address, including the page itself."""
    visited = visit(address, locale="en-GB", drawn=False)
    page = visited.open("definitions?lang=en#terms")
    age = page.locator(".age")
    expect(age).to_have_attribute("data-tone", "green", timeout=SETTLES)

    def instead(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(**SIGN_IN)
        else:
            route.fulfill(**answer)

    page.route(f"{address}/**", instead)
    expect(age).to_contain_text("you are signed out", timeout=SETTLES)
    expect(age).not_to_contain_text("The server has not answered")
    assert page.locator(".stDialog:visible").count() == 0
    age.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_role("heading", name="Sign in to the city")).to_be_visible(timeout=SETTLES)
    page.unroute(f"{address}/**")
    visited.open("definitions?lang=en")
    expect(age).to_have_attribute("data-tone", "green", timeout=SETTLES)


def test_a_wall_that_is_signed_out_says_so_and_leads_back(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, 1920, 1080, drawn=False)
    page = visited.page
    page.goto(f"{address}/wall?screen=hall&token={TOKEN}")
    wall = page.locator(".wall")
    expect(wall).to_have_attribute("data-tone", "green", timeout=SETTLES)
    expect(page.locator(".wall-age a")).to_be_hidden()
    page.route(f"{address}/**", lambda route: route.fulfill(**SIGN_IN))
    expect(page.locator(".wall-age")).to_contain_text("you are signed out", timeout=SETTLES)
    expect(page.locator(".wall-age a")).to_have_text("Sign in again")
    page.locator(".wall-age a").click()
    expect(page.get_by_role("heading", name="Sign in to the city")).to_be_visible(timeout=SETTLES)


def test_a_page_whose_first_request_meets_the_sign_in_says_so(visit: Callable[..., Visit], address: str) -> None:
    """The document is still in the browser's cache; everything else is the proxy's sign-in page."""
    page = visit(address, drawn=False).page
    page.route_web_socket("**/_stcore/stream", lambda route: route.close())
    page.route(f"{address}/_stcore/**", lambda route: route.fulfill(**SIGN_IN))
    page.route(
        f"{address}/first.js",
        lambda route: route.fulfill(**SIGN_IN) if route.request.method == "HEAD" else route.continue_(),
    )
    page.goto(f"{address}/backlog?lang=en")
    told = page.get_by_role("alert")
    expect(told).to_contain_text("you are signed out", timeout=SETTLES)
    expect(told.get_by_role("link", name="Sign in again")).to_be_visible()
