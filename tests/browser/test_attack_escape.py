"""A city whose every word is hostile, on every page: each word is shown literally and has no effect.

On a wide screen and on a phone, because a phone folds the filters under a Streamlit label, which reads Markdown.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Dialog, Page

from reportdb.database.connection import connect
from tests.browser.conftest import Visit, dashboard
from tests.conftest import NewDatabase
from tests.hostile import ALL, OUTSIDE, TRAPS, as_read, by_hand, import_hostile, trap
from tests.waiting import becomes
from ui.base.page_paths import PATHS

pytestmark = pytest.mark.browser

AT = "2026-11-18T10:00"
FAILED = ".st-key-unforeseen, [data-testid='stException']"
READ = """() => {
    const texts = [], made = []
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot)
            for (const { name, value } of element.attributes)
                if (value.includes("«") && !["placeholder", "data-value", "data-plain", "value"].includes(name))
                    texts.push([`@${name}`, value])
            const leads = element.getAttribute("href") ?? element.getAttribute("src") ?? ""
            if (/javascript:|^https?:\\/\\/(?!127\\.0\\.0\\.1)/.test(leads) || element.matches("img[src=x]"))
                made.push(element.outerHTML.slice(0, 300))
            for (const { name } of element.attributes)
                if (name.startsWith("on")) made.push(`${element.tagName} has ${name}`)
        }
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
        while (walker.nextNode()) {
            const { data, parentElement } = walker.currentNode
            if (!parentElement?.closest("style, script")) texts.push([parentElement?.tagName ?? "", data])
        }
    }
    look(document.body)
    return { texts, made }
}"""
"""Every text and attribute with a hostile word, also in shadow trees, and every element that one would have made."""
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066\u2067\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\ufeff]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")


@pytest.fixture(scope="module")
def url(new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    database = new_database(schema_template)
    with connect(database) as connection:
        import_hostile(connection, tmp_path_factory.mktemp("city"))
        by_hand(connection)
    return database


@pytest.fixture(scope="module")
def address(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


@pytest.fixture(scope="module")
def pages(url: str) -> list[str]:
    """Every page's address: with filters, for a unit, a case, a search, and with values that are not understood."""
    with connect(url) as connection:
        found = connection.execute(
            """select unit.code, category.code, channel.code, area.code, officer, public_code
               from report join unit on unit.id = unit_id join category on category.id = category_id
               join channel on channel.id = channel_id join area on area.id = district_id
               where ended_at is null and officer like '%%bấm%%' order by report.id limit 1"""
        ).fetchone()
        ended = connection.execute("select public_code from report where ended_at is not null limit 1").fetchone()
    assert found
    assert ended
    unit, category, channel, area, officer, code = found
    chosen: dict[str, Any] = {"category": category, "channel": channel, "district": area, "officer": officer}
    own = {"unit": {"unit": unit}, "report": {"code": code}}
    addresses = [(page, own.get(page, {})) for page in PATHS]
    addresses += [(page, chosen | own.get(page, {})) for page in ("", "map", "backlog", "overdue", "unit", "cases")]
    addresses += [
        ("report", {"code": ended[0]}),
        ("unit", {}),
        ("map", {"show": "areas", "district": area, "case": code}),
        ("map", {"show": "density"}),
        ("backlog", {"by": "unit"}),
        ("backlog", {"by": "ward", "unit": unit}),
        ("overdue", {"by": "district"}),
        ("cases", {"figure": "submitted", "q": "bấm"}),
        ("cases", {"figure": "resolved"}),
        ("cases", dict.fromkeys(("category", "officer", "from", "figure", "sort", "q"), trap("html"))),
        ("unit", dict.fromkeys(("unit", "district", "channel", "at", "period"), trap("markdown"))),
        ("report", {"code": trap()}),
    ]
    return [f"{page}?{urlencode({'at': AT, 'period': '90d'} | query)}" for page, query in addresses]


def unfold(page: Page, path: str) -> None:
    """Open everything that is folded and check again: a phone's filters, every filter's list, the period's choices."""
    folded = page.locator("details:not([open]) > summary:visible")
    while folded.count():
        folded.first.click()
    page.wait_for_timeout(400)  # until the unfolded part has its height
    for box in page.locator(".some-box input:visible").all():
        box.click()
        page.locator(".some-list:visible").first.wait_for()
        judge(page, path)
        box.press("Escape")
    for kind in ("period", "moment"):
        button = page.locator(f".st-key-when_{kind} button:visible")
        if button.count():
            button.first.click()
            page.locator("[data-testid='stPopoverBody']").first.wait_for()
            judge(page, path)
            page.keyboard.press("Escape")


def judge(page: Page, path: str, *, least: int = 1) -> None:
    """Check everything on a page."""
    read = page.evaluate(READ)
    assert read["made"] == [], path
    marked = 0
    for where, words in read["texts"]:
        assert not TURNING.search(words), (path, where, words)
        assert not RIGHT_TO_LEFT.search(_without_isolated(words)), (path, where, words)
        line = " ".join(as_read(words).split())
        assert line.count("«") == line.count("»"), (path, where, words)
        for value in re.findall("«[^»]*»", line):
            marked += 1
            assert _is_a_trap(value[1:-1]), (path, where, value)
    assert marked >= least, path
    assert page.title() == page.title().replace("owned", ""), path
    assert page.locator(FAILED).count() == 0, path


_OF_CHOICES = len(PATHS)
"""The prefix of addresses with filters."""


def _is_a_trap(value: str) -> bool:
    """Whether a value is a letter mark followed by a hostile word: whole, or cut if a name must be short."""
    for whole in map(as_read, (ALL, *TRAPS.values())):
        beginning = value.find(whole[:20])
        rest = value[beginning:]
        if (
            beginning >= 0
            and re.fullmatch(r"\w*", value[:beginning])
            and (re.fullmatch(re.escape(whole) + r"( \d+)?", rest) or (whole.startswith(rest) and len(rest) > 60))
        ):
            return True
    return False


def _without_isolated(words: str) -> str:
    rest = ISOLATED.sub("", words)
    return rest if rest == words else _without_isolated(rest)


@pytest.mark.parametrize(("width", "height", "language"), [(1920, 1080, "vi"), (390, 844, "en")])
def test_every_word_of_every_page_is_shown_literally(
    visit: Callable[..., Visit], address: str, pages: list[str], width: int, height: int, language: str
) -> None:
    visited = visit(address, width, height, drawn=False)
    said: list[str] = []

    def heard(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    visited.page.on("dialog", heard)
    visited.open(f"?at={AT}&lang={language}")
    for path in pages:
        opened = visited.turn(f"{path}&lang={language}")
        opened.wait_for_timeout(300)
        judge(opened, path)
        if path in pages[:1] + pages[_OF_CHOICES : _OF_CHOICES + 1]:
            unfold(opened, path)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width, path
        assert visited.errors == [], path
    assert visited.outside == []
    assert said == []


def test_the_folded_filters_of_a_phone_show_a_name_literally(
    visit: Callable[..., Visit], address: str, url: str
) -> None:
    with connect(url) as connection:
        codes = connection.execute("select code, name_vi from category").fetchall()
    visited = visit(address, 390, 844, drawn=False)
    visited.open()
    for code, name in codes:
        visited.turn(f"cases?{urlencode({'category': code, 'at': AT})}")
        label = visited.page.locator(".st-key-filters_fold summary")
        assert becomes(lambda label=label, name=name: as_read(name) in as_read(label.inner_text()))  # type: ignore[misc]
        drawn = label.locator("a, img, code, strong, em, h1, h2, li, .katex, p [style], p [data-testid]")
        assert drawn.count() == 0


def test_a_maps_tooltip_shows_an_areas_name_and_numbers(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, 1920, 1080).open(f"map?show=areas&at={AT}&lang=en")
    map_ = page.locator('[data-testid="stDeckGlJsonChart"]').first
    map_.locator("canvas").first.wait_for()
    page.wait_for_timeout(2500)
    box = map_.bounding_box()
    assert box
    tooltip = page.locator(".deck-tooltip")
    for step in range(8):
        page.mouse.move(box["x"] + box["width"] * (0.3 + step / 20), box["y"] + box["height"] / 2)
        page.wait_for_timeout(500)
        if tooltip.count() and tooltip.inner_text().strip():
            break
    words = tooltip.inner_text()
    assert as_read("{7*7}} {raw} {name}") in as_read(words), words
    assert re.search(r"\d+/\d+ open reports overdue", words), words
    assert tooltip.locator(":not(br)").count() == 0


def test_the_wall_shows_every_word_literally(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, 1920, 1080)
    visited.page.goto(f"{address}/wall")
    visited.page.wait_for_selector(".wall-seen", timeout=30_000)
    visited.page.wait_for_timeout(1000)
    judge(visited.page, "wall")
    assert visited.errors == []
    assert visited.outside == []
    assert OUTSIDE not in visited.page.url
