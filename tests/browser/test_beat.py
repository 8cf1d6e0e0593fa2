"""A missing heartbeat is explained by its cause, and nothing looks live without a heartbeat."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Visit, dashboard
from ui.base.thresholds import VARIABLE as THRESHOLDS_VARIABLE

pytestmark = pytest.mark.browser

SETTLES = 30_000  # milliseconds
STRANGER = {"content_type": "text/html", "body": "<h1>Welcome to the city</h1>"}
CAUSES: list[tuple[str, dict[str, Any] | None, str, str]] = [
    ("another's page", STRANGER, "another server has answered", "một máy chủ khác trả lời"),
    ("no such page", STRANGER | {"status": 404}, "another server has answered", "một máy chủ khác trả lời"),
    ("another's JSON", {"json": {"status": "ok"}}, "another server has answered", "một máy chủ khác trả lời"),
    ("a sign-in page", {"status": 302, "headers": {"Location": "/login"}}, "you are signed out", "phiên đăng nhập"),
    ("refused", {"status": 401}, "you are signed out", "phiên đăng nhập đã kết thúc"),
    ("forbidden by the proxy", STRANGER | {"status": 403}, "you are signed out", "phiên đăng nhập đã kết thúc"),
    ("a proxy that wants to know who asks", {"status": 407}, "you are signed out", "phiên đăng nhập đã kết thúc"),
    ("the way to the network", STRANGER | {"status": 511}, "you are signed out", "phiên đăng nhập đã kết thúc"),
    (
        "a sign-in page elsewhere",
        {"status": 303, "headers": {"Location": "https://sign-in.example/?back=1"}},
        "you are signed out",
        "phiên đăng nhập đã kết thúc",
    ),
    ("a proxy without a server", STRANGER | {"status": 502}, "The server has not answered", "Mất kết nối máy chủ"),
    ("a cable that is pulled", None, "The server has not answered", "Mất kết nối máy chủ"),
]


@pytest.fixture(scope="module")
def address(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("beat")
    (folder / "thresholds.toml").write_text("[answer]\namber = 3\nred = 600\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(THRESHOLDS_VARIABLE, str(folder / "thresholds.toml"))
        with dashboard(demo, folder / "dashboard.log") as running:
            yield running


def answered(page: Page, answer: dict[str, Any] | None) -> None:
    """Let something other than the dashboard answer the heartbeats; None: nothing answers."""

    def instead(route: Route) -> None:
        if answer is None:
            route.abort("connectionfailed")
        else:
            route.fulfill(**answer)

    page.route("**/beat/**", instead)


@pytest.mark.parametrize(
    ("answer", "said", "in_vietnamese"), [case[1:] for case in CAUSES], ids=[case[0] for case in CAUSES]
)
def test_each_cause_of_a_missing_heartbeat_has_its_words(
    visit: Callable[..., Visit], address: str, answer: dict[str, Any] | None, said: str, in_vietnamese: str
) -> None:
    visited = visit(address, drawn=False)
    page = visited.open("definitions?lang=en")
    live, age = page.locator(".freshness"), page.locator(".age")
    expect(live).to_be_visible(timeout=SETTLES)
    answered(page, answer)
    expect(age).to_have_attribute("data-tone", "amber", timeout=SETTLES)
    expect(age).to_contain_text(said)
    expect(live).to_be_hidden()
    assert age.get_by_role("link", name="Sign in again").is_visible() == ("signed out" in said)
    visited.turn("definitions")
    expect(age).to_contain_text(in_vietnamese, timeout=SETTLES)
    page.unroute("**/beat/**")
    expect(age).to_have_attribute("data-tone", "green", timeout=SETTLES)
    expect(live).to_be_visible()


def test_a_blocked_websocket_is_named(visit: Callable[..., Visit], address: str) -> None:
    closed: list[bool] = []
    open_: list[WebSocketRoute] = []

    def between(route: WebSocketRoute) -> None:
        if closed:
            route.close()
            return
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(route.send)
        open_.append(route)

    visited = visit(address, drawn=False)
    page = visited.page
    page.route_web_socket("**/_stcore/stream", between)
    visited.open("definitions?lang=en")
    expect(page.locator(".freshness")).to_be_visible(timeout=SETTLES)
    closed.append(True)
    open_[-1].close()
    expect(page.locator(".age")).to_contain_text("(WebSocket) does not get through", timeout=60_000)
    expect(page.locator(".freshness")).to_be_hidden()
    assert page.locator(".stDialog:visible").count() == 0
    closed.clear()
    expect(page.locator(".age")).to_have_attribute("data-tone", "green", timeout=60_000)


def test_nothing_looks_live_before_the_first_heartbeat(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    answered(visited.page, STRANGER)
    page = visited.open("definitions?lang=en")
    live, age = page.locator(".freshness"), page.locator(".age")
    assert not live.is_visible()
    expect(age).to_have_attribute("data-tone", "amber", timeout=SETTLES)
    expect(age).to_contain_text("another server has answered")
    assert not live.is_visible()


def test_a_past_moment_is_shown_without_a_heartbeat(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    answered(visited.page, None)
    page = visited.open("definitions?at=2026-11-18T09:00&lang=en")
    expect(page.locator(".freshness")).to_contain_text("not live", timeout=SETTLES)
    assert page.locator(".freshness").is_visible()


def test_a_wall_without_a_heartbeat_says_so(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    answered(visited.page, STRANGER)
    visited.page.goto(f"{address}/wall")
    wall = visited.page.locator(".wall")
    expect(wall).to_have_attribute("data-tone", "amber", timeout=60_000)
    expect(visited.page.locator(".wall-age")).to_contain_text("một máy chủ khác trả lời")


@pytest.mark.parametrize(
    ("answer", "language", "said"),
    [
        (None, "vi", "kết nối đến máy chủ (WebSocket) không thông"),
        (None, "en", "the connection to the server (WebSocket) does not get through"),
        (STRANGER, "en", "another server answers at this address"),
        ({"status": 302, "headers": {"Location": "/login"}}, "en", "you are signed out"),
        ({"status": 503}, "en", "the server does not answer"),
    ],
)
def test_a_page_without_a_websocket_says_why(
    visit: Callable[..., Visit], address: str, answer: dict[str, Any] | None, language: str, said: str
) -> None:
    """From the first load on: the browser then has nothing of the dashboard except its document."""
    page = visit(address, drawn=False).page
    shut = [True]

    def between(route: WebSocketRoute) -> None:
        if shut:
            route.close()
            return
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(route.send)

    page.route_web_socket("**/_stcore/stream", between)
    if answer:
        page.route("**/_stcore/health", lambda route: route.fulfill(**answer))
    page.goto(f"{address}/backlog?lang={language}")
    told = page.get_by_role("alert")
    expect(told).to_contain_text(said, timeout=SETTLES)
    assert told.get_by_role("link").count() == ("signed out" in said)
    assert page.locator(".stDialog:visible").count() == 0
    shut.clear()
    page.unroute("**/_stcore/health")
    page.wait_for_selector(".header nav", timeout=60_000)
    expect(told).to_be_hidden(timeout=SETTLES)
