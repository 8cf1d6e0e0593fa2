"""Every page by a deep link on a fresh server, in both themes, with ordinary, odd and hostile reports."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe

from reportdb.database.connection import connect
from tests.browser.conftest import Visit, dashboard
from tests.conftest import NewDatabase
from tests.reports import DAY, HOUR, T, report, small_city
from tests.waiting import becomes

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T09:00"
PAGES = ("", "map", "backlog", "overdue", "unit", "cases", "report", "definitions", "status", "access")
HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
RIGHT_TO_LEFT = "\u202eتقرير عن القمامة\u202c"
LONG = "Đường " * 50
FAILED = ".st-key-unforeseen, [data-testid='stException']"
AXES = """charts => charts.flatMap(chart => ["ytick", "y2tick"].map(
    axis => [...chart.querySelectorAll(`.${axis} text`)].map(label => label.textContent)))"""
"""The labels of some charts' axes of counts."""
BROKEN = r"""() => {
    const found = new Set(), range = document.createRange()
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) if (element.shadowRoot) look(element.shadowRoot)
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
        while (walker.nextNode()) {
            const text = walker.currentNode
            // What only a screen reader hears has no room to be written in.
            if (text.parentElement?.closest("style, code, pre, .hidden") !== null) continue
            if (text.parentElement.closest("thead")?.offsetWidth <= 1) continue
            for (const word of text.data.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
                range.setStart(text, word.index)
                range.setEnd(text, word.index + word[0].length)
                const parts = [...range.getClientRects()].filter((part) => part.width)
                if (new Set(parts.map((part) => Math.round(part.top))).size > 1) found.add(word[0])
            }
        }
    }
    look(document.body)
    return [...found]
}"""
"""The words of a page that are broken across lines."""


@pytest.fixture(scope="module")
def unit(demo: str) -> str:
    """The unit with the most open reports."""
    with connect(demo) as opened:
        row = opened.execute(
            """select unit.code from report join unit on unit.id = unit_id
               where ended_at is null group by 1 order by count(*) desc, 1 limit 1"""
        ).fetchone()
    assert row
    return str(row[0])


@pytest.fixture(scope="module")
def case(demo: str) -> str:
    """The report with the longest history."""
    with connect(demo) as opened:
        row = opened.execute(
            """select public_code from report join report_event on report_id = report.id
               group by 1 order by count(*) desc, 1 limit 1"""
        ).fetchone()
    assert row
    return str(row[0])


@pytest.mark.parametrize(("colours", "filtered"), [("light", "none"), ("dark", "invert(1) hue-rotate(180deg)")])
def test_a_map_is_printed_light(visit: Callable[..., Visit], address: str, colours: str, filtered: str) -> None:
    page = visit(address, colours=colours).open(f"map?{AT}")
    page.emulate_media(media="print", color_scheme="dark" if colours == "dark" else "light")
    page.wait_for_selector('[data-testid="stDeckGlJsonChart"] canvas', state="attached")
    assert (
        page.locator('[data-testid="stDeckGlJsonChart"] canvas').first.evaluate("c => getComputedStyle(c).filter")
        == filtered
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_deep_link_on_a_fresh_server_shows_the_frame(
    visit: Callable[..., Visit], demo: str, tmp_path_factory: pytest.TempPathFactory, page: str
) -> None:
    with dashboard(demo, tmp_path_factory.mktemp("log") / "dashboard.log") as fresh:
        visited = visit(fresh, drawn=False)
        opened = visited.open(f"{page}?{AT}")
        assert opened.locator("h1").first.inner_text()
        assert visited.outside == []


@pytest.fixture(scope="module")
def pages(unit: str, case: str) -> list[str]:
    """The addresses of all pages, including a unit's and a case's."""
    chosen = {"unit": f"&unit={unit}", "report": f"&code={case}"}
    return [f"{page}?{AT}&period=90d{chosen.get(page, '')}" for page in PAGES]


@pytest.mark.parametrize(("colours", "rules"), [("light", None), ("dark", ["color-contrast"])])
def test_every_page_is_accessible(
    visit: Callable[..., Visit], address: str, pages: list[str], colours: str, rules: list[str] | None
) -> None:
    """In the dark theme only colours differ, so only their rule is tried again, and not on maps: it reads text."""
    visited = visit(address, colours=colours, maps=rules is None)
    visited.open()
    for path in pages:
        opened = visited.turn(path)
        opened.wait_for_timeout(1500)
        only = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})  # other results: 6 s to carry
        found = Axe().run(opened, options=only).response["violations"]
        serious = [
            (violation["id"], [node["html"][:200] for node in violation["nodes"]][:3])
            for violation in found
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
        assert visited.errors == [], path


def test_a_phone_shows_every_page_without_sideways_scrolling(
    visit: Callable[..., Visit], address: str, pages: list[str]
) -> None:
    visited = visit(address, 390, 844, maps=False)  # with maps: test_overview.py and test_viewport.py
    visited.open()
    for path in pages:
        assert visited.turn(path).evaluate("document.documentElement.scrollWidth") <= 390, path


@pytest.mark.parametrize("language", ["vi", "en"])
def test_from_a_tablet_to_a_wide_desk_no_page_is_too_wide_and_no_word_is_broken(
    visit: Callable[..., Visit], address: str, pages: list[str], language: str
) -> None:
    visited = visit(address, maps=language == "vi")  # a map has no words
    visited.open()
    for path in [*pages, f"backlog?{AT}&by=unit"]:
        opened = visited.turn(f"{path}&lang={language}")
        for width in (800, 1024, 1366, 1600):
            opened.set_viewport_size({"width": width, "height": 900})
            assert opened.evaluate("document.documentElement.scrollWidth") <= width, path
            assert opened.evaluate(BROKEN) == [], (path, width)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_common_desk_shows_the_whole_backlog_and_a_smaller_one_that_it_continues(
    visit: Callable[..., Visit], address: str, language: str
) -> None:
    page = visit(address, 1440, 900, drawn=False).open(f"backlog?{AT}&by=unit&lang={language}")
    table = page.locator(".backlog-scroll").first
    table.wait_for()
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0
    page.set_viewport_size({"width": 800, "height": 900})
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") > 0
    assert "gradient" in table.evaluate("table => getComputedStyle(table).backgroundImage")


def test_officers_names_and_their_list_are_whole(
    visit: Callable[..., Visit], connection: psycopg.Connection, database: str, tmp_path: Path
) -> None:
    small_city(connection)
    for number in range(14):
        report(connection, number + 1, officer=f"Nguyễn Thị Phương Thảo, Tổ quản lý trật tự xây dựng số {number}")
    with dashboard(database, tmp_path / "dashboard.log") as running:
        page = visit(running, drawn=False).open("unit?unit=lang&at=2026-11-18T10:00")
        people = page.locator(".unit-people .row")
        people.first.wait_for()
        cut = """name => name.scrollWidth > name.clientWidth + 1 || name.scrollHeight > name.clientHeight + 4
            || getComputedStyle(name).webkitLineClamp !== "none" """
        names = page.locator(".unit-people .name, .worklist-name")
        assert names.count() == 24, "14 officers, and ten cases of the list"
        assert not any(name.evaluate(cut) for name in names.all())
        assert page.locator(".unit-people .row:visible").count() == 10
        folded = page.locator(".unit-more summary")
        assert folded.inner_text() == "và 4 cán bộ khác"
        folded.click()
        assert page.locator(".unit-people .row:visible").count() == 14
        folded.click()
        page.emulate_media(media="print")
        assert people.last.locator(".name").is_visible(), "everything is unfolded in print"
        assert not any(name.evaluate(cut) for name in names.all())


def test_a_link_leads_to_the_wall(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).open(f"?{AT}")
    with page.expect_popup() as opened:
        page.locator(".header nav").get_by_role("link", name="Màn hình lớn").click()
    opened.value.wait_for_selector(".wall-seen", timeout=30_000)
    assert opened.value.url == f"{address}/wall"


def test_a_phone_folds_the_filters_and_all_but_the_ten_furthest_behind(
    visit: Callable[..., Visit], address: str
) -> None:
    opened = visit(address, 390, 844, drawn=False).open(f"overdue?{AT}&by=district&lang=en")
    filters = opened.locator(".st-key-filters")
    filters.wait_for(state="hidden")
    opened.locator(".st-key-filters_fold summary", has_text="30 days").click()
    filters.wait_for(state="visible")
    rows = opened.locator(".overdue-table").first.locator("tbody tr")
    rows.nth(9).wait_for(state="visible")
    assert not rows.nth(10).is_visible()
    opened.locator(".overdue-fold summary").click()
    rows.last.wait_for(state="visible")


@pytest.fixture(scope="module")
def odd_city(
    new_database: NewDatabase, schema_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A city of few reports, all hostile."""
    url = new_database(schema_template)
    with connect(url) as opened:
        small_city(opened)
        opened.execute("update unit set name_vi = %s, name_en = %s where id = 2", [LONG, LONG])
        opened.execute("update category set name_vi = %s where id = 2", [HOSTILE])
        report(opened, 1, title=HOSTILE, text=HOSTILE, address=HOSTILE, officer=HOSTILE, due_at=T - DAY)
        report(opened, 2, title=RIGHT_TO_LEFT, text=RIGHT_TO_LEFT, category_id=2)
        report(opened, 3, title=LONG, officer=LONG, unit_id=2, district_id=None, ward_id=None)
        report(opened, 4, unit_id=None, district_id=None, ward_id=None, title="x")
        opened.execute(
            "insert into unit (id, code, name_vi, name_en, kind) values (3, 'quiet', 'Tổ', 'Quiet desk', 'city')"
        )
        up = {"escalated_at": T - 35 * DAY, "escalated_by_id": 3}
        report(opened, 5, submitted_at=T - 40 * DAY, unit_id=None, **up)
    with dashboard(url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


def test_odd_and_hostile_reports_break_nothing(visit: Callable[..., Visit], odd_city: str) -> None:
    visited = visit(odd_city)
    visited.open("?at=2026-11-18T10:00")
    for path in (
        *(f"{page}?at=2026-11-18T10:00" for page in PAGES),
        "cases?figure=open&at=2026-11-18T10:00",
        "unit?unit=dong-anh&at=2026-11-18T10:00",
        *(f"report?code=T-{number}&at=2026-11-18T10:00" for number in (1, 2, 3, 4)),
        "report?code=NOBODY",
        "map?show=points&at=2026-11-18T10:00",
        "backlog?by=ward&at=2026-11-18T10:00&lang=en",
    ):
        opened = visited.turn(path)
        opened.wait_for_timeout(500)
        assert opened.title() != "owned", path
        assert opened.locator(FAILED).count() == 0, path
        assert opened.locator("img[src=x]").count() == 0, path
        assert opened.evaluate("document.documentElement.scrollWidth") <= 1600, path
        assert visited.errors == [], path


def test_a_unit_with_nothing_to_do_still_lists_what_it_escalated(visit: Callable[..., Visit], odd_city: str) -> None:
    opened = visit(odd_city, drawn=False).open("unit?unit=quiet&at=2026-11-18T10:00&lang=en")
    assert opened.get_by_text("This unit had nothing to do in this period").count() == 1
    assert opened.get_by_text("Escalated by this unit, counted for the unit that holds it now").count() == 1
    assert opened.locator("a[href*='code=T-5']").count() == 1


@pytest.mark.parametrize("reports", [0, 1])
def test_a_city_without_a_report_or_with_one_is_shown(
    visit: Callable[..., Visit],
    new_database: NewDatabase,
    schema_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    reports: int,
) -> None:
    url = new_database(schema_template)
    with connect(url) as opened:
        small_city(opened)
        for number in range(reports):
            report(opened, 1 + number, submitted_at=datetime.now(UTC) - HOUR, updated_at=datetime.now(UTC))
    with dashboard(url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        visited = visit(running)
        visited.open("?lang=en")
        for page in ("", "map", "backlog", "overdue", "report?code=T-1", "unit?unit=lang"):
            drawn = visited.turn(f"{page}{'&' if '?' in page else '?'}lang=en")
            assert drawn.locator("h1").count() > 0
            assert drawn.locator(FAILED).count() == 0
            for told, words in (("", "There are no reports"), ("report?code=T-1", "No case with this code")):
                if page == told:
                    drawn.get_by_text(words).wait_for(state="detached" if reports else "visible")
            if reports and page in {"", "backlog"}:
                drawn.locator(".js-plotly-plot .ytick").first.wait_for(state="attached")
                for labels in drawn.locator(".js-plotly-plot").evaluate_all(AXES):
                    assert sorted(set(labels)) == sorted(labels), "an axis names a number twice"
        assert visited.errors == []


def test_a_redrawn_panel_keeps_focus_and_scroll(visit: Callable[..., Visit], address: str) -> None:
    visited = visit(address, 390, 844)
    page = visited.open(f"backlog?{AT}&by=district")
    table, here = page.locator(".backlog-scroll").first, page.locator('.header nav a[aria-current="page"]')
    table.evaluate("table => { table.scrollLeft = 120 }")
    here.focus()
    rows = table.inner_text()
    visited.turn(f"backlog?{AT}&by=district&category=rac-thai")
    assert becomes(lambda: table.inner_text() != rows)
    assert table.evaluate("table => table.scrollLeft") == 120
    assert here.evaluate("link => link.getRootNode().activeElement === link")
