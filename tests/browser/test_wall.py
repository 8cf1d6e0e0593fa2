"""Walls in a real browser: each scene fits the screen and is readable from afar, tokens work, stale walls say so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute

from tests.browser.conftest import Visit, dashboard, moved
from tests.waiting import becomes
from ui.base.thresholds import VARIABLE as THRESHOLDS_VARIABLE
from ui.wall.screens import SCENES, SCREENS_VARIABLE, hashed

pytestmark = pytest.mark.browser

SIZES = [(1920, 1080), (3840, 2160), (1080, 1920)]
HALL = "wall?screen=hall&token=token-of-the-hall"
AT = "2026-11-18T09:00"

# Every visible piece of text: its type size in hundredths of the screen, and whether all of it is visible.
SEEN = """() => {
  const wall = document.wall, scene = wall.querySelector(".wall-seen"), found = []
  const parts = ["wall-head", "wall-foot"].map((name) => wall.querySelector("." + name)).concat(scene)
  for (const part of parts) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement
      if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ visibilityProperty: true })) continue
      const range = document.createRange()
      range.selectNodeContents(walker.currentNode)
      const box = range.getBoundingClientRect()
      const svg = element.ownerSVGElement
      const scale = svg ? svg.getScreenCTM().d : 1
      let clipped = box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight
      const area = part.getBoundingClientRect()
      clipped ||= box.bottom > area.bottom + 2 || box.top < area.top - innerHeight * 0.02
      for (let outer = element; outer !== part; outer = outer.parentElement)
        if (!outer.ownerSVGElement && getComputedStyle(outer).overflowX === "hidden")
          clipped ||= outer.scrollWidth > outer.clientWidth + 1
      found.push({
        words: walker.currentNode.textContent.trim(),
        high: (100 * scale * parseFloat(getComputedStyle(element).fontSize)) / Math.min(innerHeight, innerWidth),
        clipped,
      })
    }
  }
  return found
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wall")


@pytest.fixture(scope="module")
def address(demo: str, folder: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCREENS_VARIABLE, str(folder / "screens.toml"))
        patch.setenv(THRESHOLDS_VARIABLE, str(folder / "thresholds.toml"))
        (folder / "thresholds.toml").write_text("[answer]\namber = 8\nred = 16\n")
        name_screens(folder)
        with dashboard(demo, folder / "dashboard.log") as running:
            yield running


def name_screens(folder: Path, *, without: str = "", seconds: int = 600) -> None:
    """Write screens.toml: a hall at a past moment, and a desk."""
    default = f'at = "{AT}"\nshift = false\nseconds = {seconds}\n'
    screens = [
        f'[[screen]]\nname = "{name}"\ntoken_sha256 = "{hashed(f"token-of-the-{name}")}"\n{default}'
        for name in ("hall", "desk")
        if name != without
    ]
    (folder / "screens.toml").write_text("\n".join(screens))


def wall(visited: Visit, path: str = HALL) -> Page:
    """Open a wall and wait until a scene is visible."""
    visited.page.goto(f"{visited.address}/{path}")
    visited.page.wait_for_function("document.wall?.querySelector('.wall-seen')", timeout=30_000)
    visited.page.wait_for_function("document.wall.dataset.tone && document.fonts.status === 'loaded'")
    return visited.page


def show(page: Page, scene: str) -> None:
    page.evaluate("place => document.wall.turnTo(place)", SCENES.index(scene))
    page.wait_for_timeout(300)  # scenes fade into each other
    page.wait_for_function("!document.wall.querySelector('.wall-scenes').getAnimations({ subtree: true }).length")
    page.wait_for_timeout(300)


def still(place: Locator) -> bytes:
    """Return a picture of a part of a live wall once it has stopped changing.

    On a busy machine a fade may start late, and the wall is pale while a heartbeat is late.
    """
    place.page.wait_for_function("document.wall.dataset.tone !== 'red'", timeout=60_000)
    taken = [place.screenshot()]

    def stands() -> bool:
        place.page.wait_for_timeout(300)
        taken.append(place.screenshot())
        return not moved(*taken[-2:])

    assert becomes(stands)
    return taken[-1]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_scene_fits_the_screen_and_is_read_from_afar(
    visit: Callable[..., Visit], address: str, width: int, height: int
) -> None:
    visited = visit(address, width, height)
    page = wall(visited)
    for scene in SCENES:
        show(page, scene)
        words = page.evaluate(SEEN)
        assert len(words) > 10
        assert [each for each in words if each["high"] < 2] == [], scene
        assert [each for each in words if each["clipped"]] == [], scene
        assert page.evaluate("[document.wall.scrollWidth, document.wall.scrollHeight]") == [width, height]
        assert page.evaluate(
            "document.elementsFromPoint(innerWidth / 2, 5).concat(document.elementFromPoint(innerWidth - 5, 5))"
            ".every((element) => !element.closest('.header, [data-testid=stToolbar] button'))"
        )
    assert visited.outside == []
    assert visited.errors == []


def test_a_refresh_with_the_same_figures_moves_no_pixel(
    visit: Callable[..., Visit], address: str, folder: Path
) -> None:
    page = wall(visit(address, 1920, 1080))
    scenes = page.locator(".wall-scenes")
    drawn_with: list[str] = [""]
    for scene in SCENES:
        show(page, scene)
        before = still(scenes)
        drawn = page.evaluate("document.wall.drawings")
        name_screens(folder, seconds=600 + len(drawn_with))  # another setting: the page is redrawn
        drawn_with.append(scene)
        page.wait_for_function("drawn => document.wall.drawings > drawn", arg=drawn)
        after = still(scenes)
        if moved(before, after):
            (folder / f"{scene}-before.png").write_bytes(before)
            (folder / f"{scene}-after.png").write_bytes(after)
        assert moved(before, after) is None, f"{scene}: see the pictures in {folder}"


def test_scenes_turn_stop_when_touched_and_go_on(visit: Callable[..., Visit], address: str, folder: Path) -> None:
    name_screens(folder, seconds=5)
    try:
        page = wall(visit(address, 1280, 720))
        seen = "document.wall.querySelector('.wall-seen').className"
        first = page.evaluate(seen)
        page.wait_for_function(f"first => {seen} !== first", arg=first)
        page.evaluate("document.wall.told.resume = 8")
        page.mouse.move(300, 300)
        page.mouse.move(400, 400)
        page.wait_for_selector(".wall-paused")
        second = page.evaluate(seen)
        page.wait_for_timeout(6000)
        assert page.evaluate(seen) == second
        page.wait_for_selector(".wall:not(.wall-paused)")
        page.wait_for_function(f"second => {seen} !== second", arg=second)
    finally:
        name_screens(folder)


def test_the_picture_moves_a_little_each_minute_and_cuts_nothing_off(visit: Callable[..., Visit], address: str) -> None:
    page = wall(visit(address, 1920, 1080))
    show(page, SCENES[0])
    places = set()
    for minute in range(0, 60, 4):
        page.evaluate(
            """minute => {
              Date.now = () => (29_000_000 + minute) * 60_000
              document.wall.told = { ...document.wall.told, shift: true }
            }""",
            minute,
        )
        page.wait_for_function("minute => document.wall.minute === 29_000_000 + minute", arg=minute)
        places.add(page.evaluate("document.wall.querySelector('.wall-inside').style.translate"))
        assert [each["words"] for each in page.evaluate(SEEN) if each["clipped"]] == []
    moves = [[float(part.removesuffix("vh")) for part in place.split()] for place in places]
    assert len(moves) > 10
    assert max(abs(part) for place in moves for part in place) <= 0.5


def test_a_screen_may_be_light_by_day_and_dark_by_night(visit: Callable[..., Visit], address: str) -> None:
    page = wall(visit(address, 1280, 720))
    page.evaluate(
        """() => {
          const age = document.age
          document.age = () => ({ ...age(), now: new Date(Date.UTC(2026, 10, 20, window.hour - 7, 30)) })
        }"""
    )
    for hour, theme in ((5, "dark"), (6, "light"), (17, "light"), (18, "dark")):
        page.evaluate(
            """hour => {
              window.hour = hour
              document.wall.told = { ...document.wall.told, theme: "auto" }
            }""",
            hour,
        )
        page.wait_for_function("theme => document.wall.dataset.theme === theme", arg=theme)


@pytest.mark.parametrize(
    "path",
    [
        "wall",
        "wall?screen=hall",
        "wall?screen=hall&token=wrong",
        "wall?screen=hall&token=token-of-the-desk",
        "wall?screen=nowhere&token=token-of-the-hall",
    ],
)
def test_no_other_token_opens_a_screen(visit: Callable[..., Visit], address: str, path: str) -> None:
    visited = visit(address)
    visited.page.goto(f"{address}/{path}")
    visited.page.wait_for_selector(".wall-plain", timeout=30_000)
    assert visited.page.locator(".wall-scenes, .header, .age, .figures").count() == 0


def test_a_revoked_token_closes_a_screen_that_is_open_and_a_new_one_opens_it(
    visit: Callable[..., Visit], address: str, folder: Path
) -> None:
    page = wall(visit(address, 1280, 720))
    try:
        name_screens(folder, without="hall")
        page.wait_for_selector(".wall-plain", timeout=30_000)
        assert page.locator(".wall-scenes").count() == 0
    finally:
        name_screens(folder)
    page.wait_for_selector(".wall-seen", timeout=30_000)


def test_a_stopped_server_is_shown_on_the_wall_and_on_a_page(visit: Callable[..., Visit], address: str) -> None:
    frozen: list[bool] = []

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(lambda message: None if frozen else route.send(message))

    visits = [visit(address, 1280, 720) for _ in range(2)]
    for visited in visits:
        visited.page.route_web_socket("**/_stcore/stream", between)
        visited.page.route("**/beat/**", lambda route: None if frozen else route.continue_())
    hung, desk = wall(visits[0]), visits[1].open("overdue")
    hung.wait_for_selector('.wall[data-tone="green"]')
    numbers = hung.locator(".wall-seen").inner_text()
    assert hung.locator(".wall-moment").is_visible()  # the hall is at a past moment
    frozen.append(True)
    for tone in ("amber", "red"):
        hung.wait_for_selector(f'.wall[data-tone="{tone}"]', timeout=60_000)
        desk.wait_for_selector(f'.age[data-tone="{tone}"]', timeout=60_000)
    assert hung.locator(".wall-alarm").is_visible()
    clock = hung.locator(".wall-clock").inner_text()
    hung.wait_for_function("clock => document.wall.querySelector('.wall-clock').innerText !== clock", arg=clock)
    assert hung.locator(".wall-seen").inner_text() == numbers
    frozen.clear()
    hung.wait_for_selector('.wall[data-tone="green"]', timeout=60_000)
    assert hung.locator(".wall-alarm").is_hidden()
    desk.wait_for_selector('.age[data-tone="green"]', timeout=60_000)
