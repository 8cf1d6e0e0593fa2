"""Signing in and out in a real browser, with a real OpenID Connect provider in its own process."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from reportdb.database.connection import connect
from tests.access import OURS, THEIRS, code, leaks, marks, planted
from tests.browser.conftest import Visit, dashboard, free_port
from tests.conftest import NewDatabase

pytestmark = pytest.mark.browser

SETTLES = 70_000  # milliseconds: an account's change is noticed within a minute


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an identity provider that accepts anybody."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    metadata = f"{address}/.well-known/openid-configuration"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(metadata, timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield metadata
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


def settings(folder: Path, provider: str, port: int, hours: float) -> str:
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f"""[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "drawn at random by nobody, for tests alone"
client_id = "dashboard"
client_secret = "known to both"
server_metadata_url = "{provider}"
[access]
hours = {hours}
"""
    )
    return f"--secrets.files={secrets}"


@pytest.fixture(scope="module")
def address(city: str, provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("sign-in"), free_port()
    with dashboard(city, folder / "dashboard.log", settings(folder, provider, port, 10), port=port):
        yield f"http://localhost:{port}"


def signed_in(page: Page, address: str, subject: str, path: str = "") -> None:
    """Open a page without a sign-in, fill in the provider's form, and return signed in."""
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", name="Mời đăng nhập")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Đăng nhập").click()
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{address}/**", timeout=30_000)


def test_who_signs_in_sees_their_own_cases_until_they_sign_out(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, drawn=False)
    page = visited.page
    signed_in(page, address, "head")
    page.wait_for_url("**/unit?unit=lang*", timeout=30_000)  # a head starts at the own unit's page
    visited.settled()
    expect(page.locator(".header .who")).to_contain_text("Name of head")
    visited.open("cases?figure=submitted&period=all")
    expect(page.get_by_text(code(OURS, 1)).first).to_be_visible()
    assert leaks(page.content(), marks([THEIRS])) == set()
    other_tab = page.context.new_page()
    other_tab.goto(f"{address}/cases?figure=submitted&period=all")
    expect(other_tab.get_by_text(code(OURS, 1)).first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_role("button", name="End session").click()  # the provider's own question
    expect(page.get_by_role("heading", name="Mời đăng nhập")).to_be_visible(timeout=30_000)
    other_tab.reload()
    expect(other_tab.get_by_role("heading", name="Mời đăng nhập")).to_be_visible(timeout=30_000)
    assert page.request.get(f"{address}/cases.csv").status == 401
    ours = [call for call in visited.outside if "127.0.0.1" not in call and "jsdelivr" not in call]
    assert ours == [], "except the provider's address and its own page's style"


def test_who_has_no_account_is_told_whom_to_ask(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).page
    signed_in(page, address, "stranger@example.org", f"report?code={code(OURS, 1)}")
    expect(page.locator(".door")).to_contain_text("stranger@example.org", timeout=30_000)
    assert leaks(page.content(), marks([OURS, THEIRS]), code(OURS, 1)) == set()
    assert page.locator(".header").count() == 0


def test_an_account_that_is_disabled_loses_its_page_within_a_minute(
    visit: Callable[..., Visit], address: str, city: str
) -> None:
    visited = visit(address, drawn=False)
    signed_in(visited.page, address, "many-1")
    visited.settled()
    try:
        with connect(city) as connection:
            connection.execute("update app_user set disabled_at = now() where subject = 'many-1'")
        expect(visited.page.locator(".door")).to_contain_text("many-1", timeout=SETTLES)
        assert visited.page.locator(".header").count() == 0
        assert visited.page.request.get(f"{address}/cases.csv").status == 401
    finally:
        with connect(city) as connection:
            connection.execute("update app_user set disabled_at = null where subject = 'many-1'")
    visited.page.wait_for_selector(".header nav", timeout=SETTLES)


def test_a_sign_in_ends_when_its_time_is_over(
    visit: Callable[..., Visit], city: str, provider: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, port = tmp_path_factory.mktemp("short"), free_port()
    with dashboard(city, folder / "dashboard.log", settings(folder, provider, port, 20 / 3600), port=port):
        visited = visit(f"http://localhost:{port}", drawn=False)
        signed_in(visited.page, visited.address, "leader")
        visited.settled()
        expect(visited.page.get_by_role("heading", name="Mời đăng nhập")).to_be_visible(timeout=40_000)
        assert visited.page.request.get(f"{visited.address}/cases.csv").status == 401
