"""A real server on a free port, and a real browser without access to the network."""

import base64
import os
import re
import shutil
import socket
import string
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import entrance
from tests.conftest import NewDatabase, database_name

ROOT = Path(__file__).parents[2]
_SECONDS_TO_START = 60
# WebGL rendered by the processor, no other extra, and none of the requests a browser makes on its own.
_FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--process-per-site",  # a profile's pages share a process, which has compiled Streamlit's code already
]


# On a deep link Streamlit's page checks whether the application is below the page's path; a 404 means no.
_PROBE = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")


# The parts of Streamlit's page that draw maps and charts.
_MAPS, _CHARTS = "*/static/js/DeckGlJsonChart.*", "*/static/js/PlotlyChart.*"
# What stands for them where nothing is drawn: an element without content, under every name a bundler may give it.
_NAMES = ", ".join(f"chunk as {letter}" for letter in string.ascii_letters)
_NOTHING = f"const none = () => null, chunk = {{default: none}}\nexport {{none as default, {_NAMES}}}"

# Goes to a path and waits until Streamlit has run its page.
_TURNED = """(path) => new Promise((done) => {
    const app = document.querySelector("[data-testid=stApp]")
    let ran = false
    new MutationObserver((_, seen) => {
        const stands = app.dataset.testScriptState === "notRunning"
        ran ||= !stands
        if (ran && stands) done(seen.disconnect())
    }).observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]})
    history.pushState(null, "", new URL(path, document.baseURI))
    dispatchEvent(new PopStateEvent("popstate"))
    setTimeout(done, 30_000)  // what comes after this says what is missing
})"""


@contextmanager
def dashboard(url: str, log: Path, *options: str, port: int | None = None, base: str = "") -> Iterator[str]:
    """Run the dashboard on the database at `url`, with options of `streamlit run`, and yield its address.

    `base` is its base path, such as "/reports". Its one-time address is opened at once: `visit` and `bench.entrance`
    have the cookie.
    """
    port, token = port or free_port(), entrance.new_token()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, f"--server.port={port}", f"--server.baseUrlPath={base}", *options],
            cwd=ROOT,
            env=os.environ | {"REPORT_DB_URL": url} | token,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}{base}"
        _wait(f"{address}/_stcore/health", server, log)
        entrance.enter(address, token)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"the dashboard did not start:\n{log.read_text()[-2000:]}")


@dataclass
class Visit:
    """A browser page and its errors."""

    page: Page
    address: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        """Open a page of the dashboard and wait until it is drawn."""
        self.page.goto(f"{self.address}/{path}")
        return self.settled()

    def turn(self, path: str) -> Page:
        """Go to a page of the dashboard as by a link in the open one, and wait until it is drawn."""
        self.settled().evaluate(_TURNED, path or ".")
        return self.settled()

    def draw_nothing(self) -> None:
        """Do not draw maps and charts, for tests that read only what is around them: pages load faster."""
        self._leave_out(_MAPS, _CHARTS)

    def draw_no_maps(self) -> None:
        """Draw charts but no maps, which the processor takes longest to draw."""
        self._leave_out(_MAPS)

    def _leave_out(self, *parts: str) -> None:
        """Answer requests for these parts of Streamlit's page with an empty element.

        Not by `page.route`: it switches the browser's cache off, and every page would fetch and compile all again.
        """
        session = self.page.context.new_cdp_session(self.page)
        answer = {
            "responseCode": 200,
            "responseHeaders": [
                {"name": "Content-Type", "value": "text/javascript"},
                {"name": "Cache-Control", "value": "no-store"},
            ],
            "body": base64.b64encode(_NOTHING.encode()).decode(),
        }

        def fulfill(request: dict[str, str]) -> None:
            session.send("Fetch.fulfillRequest", {"requestId": request["requestId"], **answer})

        session.on("Fetch.requestPaused", fulfill)
        session.send("Fetch.enable", {"patterns": [{"urlPattern": part} for part in parts]})

    def arrived(self, path: str) -> None:
        """Wait until the address is a page's; the browser knows it before the driver does."""
        self.page.wait_for_function(f"location.href.split('?')[0] === '{self.address}/{path}'", timeout=30_000)

    def settled(self) -> Page:
        """Wait until the frame is drawn and nothing runs."""
        self.page.wait_for_selector(".header nav", timeout=30_000)
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=30_000)
        self.page.wait_for_selector('[data-stale="true"]', state="detached", timeout=30_000)
        return self.page


def moved(before: bytes, after: bytes) -> tuple[int, ...] | None:
    """Return the box (left, top, right, bottom; pixels) where two screenshots differ, None if they are the same.

    A step of less than a quarter of the scale is no difference: the same text is rasterised again after a fade, and a
    few of its edges differ by up to 46 of 256. Text that moves by one pixel differs by more in thousands of places.
    """
    one, other = (Image.open(BytesIO(each)).convert("RGB") for each in (before, after))
    if one.size != other.size:
        return (0, 0, *other.size)
    return ImageChops.difference(one, other).point(lambda step: 255 if step > 64 else 0).getbbox()


@pytest.fixture(scope="session")
def address(new_database: NewDatabase, demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of a copy of the demo city: it starts once for all files that only read it.

    A copy, because nobody may be connected to a database while another test copies it.
    """
    with dashboard(new_database(database_name(demo)), tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


@pytest.fixture(scope="module")  # not longer: the driver's event loop would block other tests' own
def browser() -> Iterator[Browser]:
    """Debian's or Ubuntu's own Chromium, headless."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def idle() -> dict[tuple[bool, str], list[BrowserContext]]:
    """Profiles that no test is using, by policy and language: what they have fetched need not be fetched again."""
    return defaultdict(list)


@pytest.fixture
def visit(browser: Browser, idle: dict[tuple[bool, str], list[BrowserContext]]) -> Iterator[Callable[..., Visit]]:
    """Open the dashboard in a fresh browser profile; size, colour scheme and language may be given.

    Without `drawn` no map and no chart is drawn, without `maps` no map: a processor that draws them takes longer over
    them than over all the rest (4 s for each map), and most tests read what stands around them.

    The content-security policy forbids the driver's own way of waiting, so it applies only if a test asks for it
    (`policy`): in test_csp.py.
    """
    used: list[tuple[tuple[bool, str], BrowserContext]] = []

    def visit_at(
        address: str,
        width: int = 1600,
        height: int = 1000,
        colours: str = "light",
        policy: bool = False,
        locale: str = "vi-VN",
        drawn: bool = True,
        maps: bool = True,
    ) -> Visit:
        kind = policy, locale
        context = (
            idle[kind].pop()
            if idle[kind]
            else browser.new_context(
                bypass_csp=not policy,
                ignore_https_errors=True,  # nginx has a test certificate (tests/nginx.py)
                locale=locale,
                timezone_id="Europe/Lisbon",  # the city's time is shown wherever the viewer is
            )
        )
        used.append((kind, context))
        if not context.pages:  # this one keeps the profile's process, with the code it has compiled
            context.new_page().goto(f"{address}/_stcore/health")
        for name, value in entrance.cookies(address).items():
            context.add_cookies(
                [{"name": name, "value": value, "url": address, "httpOnly": True, "sameSite": "Strict"}]
            )
        made = Visit(context.new_page(), address)
        made.page.set_viewport_size({"width": width, "height": height})
        made.page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
        made.page.on(
            "request",
            lambda request: (
                None if request.url.startswith((address, "data:", "blob:")) else made.outside.append(request.url)
            ),
        )
        made.page.on(
            "console",
            lambda message: (
                made.errors.append(message.text)
                if message.type == "error" and not _PROBE.search(message.location["url"])
                else None
            ),
        )
        made.page.on("pageerror", lambda error: made.errors.append(str(error)))
        if not drawn:
            made.draw_nothing()
        elif not maps:
            made.draw_no_maps()
        return made

    yield visit_at
    for kind, context in used:
        for page in context.pages[1:]:
            page.close()
        context.clear_cookies()
        idle[kind].append(context)
