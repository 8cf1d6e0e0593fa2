"""A page's controls find options without diacritics, work by keyboard, and follow Back at any speed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.waiting import becomes

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T09:00"
HERE = "location.pathname + location.search"
BACKLOG = "Tồn đọng nhiều đến đâu và nằm ở đâu?"
SETTLES = 30_000  # milliseconds


def box(page: Page, label: str) -> tuple[Callable[[], list[str]], Callable[[], list[str]]]:
    """Focus a filter's box by keyboard; return functions for its options and its choices."""
    field = page.get_by_role("combobox", name=label)
    field.focus()
    panel = page.locator(".some", has=field)
    return (
        lambda: panel.locator("[role=option]:visible").all_inner_texts(),
        lambda: panel.locator(".some-tag span").all_inner_texts(),
    )


@pytest.mark.parametrize("typed", ["dong da", "ĐỐNG ĐA", "Đống Đa", "da dong", "dong  da"])
def test_a_filter_finds_as_a_search_does(visit: Callable[..., Visit], address: str, typed: str) -> None:
    page = visit(address, drawn=False).open(f"backlog?{AT}")
    offered, chosen = box(page, "Quận, huyện")
    page.keyboard.type(typed)
    assert offered() == ["Đống Đa"]
    page.keyboard.press("Enter")
    page.wait_for_function("new URLSearchParams(location.search).getAll('district').length === 1")
    assert becomes(lambda: chosen() == ["Đống Đa"])
    assert page.get_by_role("combobox", name="Quận, huyện").evaluate(
        "field => field.getRootNode().activeElement === field"
    )


@pytest.mark.parametrize(
    ("language", "label", "said"), [("vi", "Lĩnh vực", "Không tìm thấy"), ("en", "Category", "Nothing found")]
)
def test_a_filter_that_finds_nothing_says_so_in_the_language_of_the_page(
    visit: Callable[..., Visit], address: str, language: str, label: str, said: str
) -> None:
    page = visit(address, drawn=False).open(f"backlog?{AT}&lang={language}")
    offered, _chosen = box(page, label)
    page.keyboard.type("xyz")
    assert offered() == []
    expect(page.locator(".some-nothing:visible")).to_have_text(said)
    assert page.get_by_text("No results").count() == 0


def test_a_filter_is_worked_by_keyboard_and_two_quick_choices_both_count(
    visit: Callable[..., Visit], address: str
) -> None:
    page = visit(address, drawn=False).open(f"backlog?{AT}&page=7")
    offered, chosen = box(page, "Kênh tiếp nhận")
    page.keyboard.press("ArrowDown")
    first, second = offered()[:2]
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert becomes(lambda: chosen() == [first, second])
    assert "page=" not in page.evaluate(HERE), "another list begins at its first page"
    assert len(offered()) > 2, "the list stays open for the next choice"
    page.keyboard.press("Escape")
    assert offered() == []
    page.keyboard.press("Backspace")
    assert becomes(lambda: chosen() == [first])
    page.get_by_role("button", name=f"Bỏ chọn {first}").click()
    assert becomes(lambda: chosen() == [])
    assert page.evaluate("new URLSearchParams(location.search).getAll('channel').length") == 0


def test_the_active_option_is_kept_while_the_panel_is_redrawn(visit: Callable[..., Visit], address: str) -> None:
    """The run of a first choice may end between the two key presses of the next one."""
    visited = visit(address, drawn=False)
    page = visited.open(f"backlog?{AT}")
    offered, chosen = box(page, "Kênh tiếp nhận")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    first, second = offered()[:2]
    value = page.get_by_role("option", name=first, exact=True).get_attribute("data-value")
    visited.turn(f"backlog?{AT}&channel={value}")
    assert becomes(lambda: chosen() == [first])
    page.keyboard.press("Enter")
    assert becomes(lambda: chosen() == [first, second])


def test_names_are_in_alphabetical_order(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).open(f"backlog?{AT}")
    offered, _chosen = box(page, "Quận, huyện")
    page.keyboard.type("h")
    assert offered()[:2] == ["Hà Đông", "Hai Bà Trưng"]


def test_another_language_keeps_the_page_of_a_list(visit: Callable[..., Visit], address: str) -> None:
    page = visit(address, drawn=False).open(f"cases?{AT}&figure=submitted&page=2")
    page.get_by_role("link", name="English").click()
    page.wait_for_function("location.search.includes('lang=en')")
    page.get_by_role("heading", name="Reports").first.wait_for(timeout=SETTLES)
    assert "page=2" in page.evaluate(HERE)
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("pause", [60, 105, 400])
def test_back_leads_to_the_address_and_the_page_that_were_there_at_any_speed(
    visit: Callable[..., Visit], address: str, pause: int
) -> None:
    """Three steps back after a change of language, as fast as a person can press."""
    visited = visit(address, drawn=False)
    page = visited.open(f"overdue?{AT}")

    def go(name: str, title: str) -> str:
        """Click on a link, wait for the page's title, and return the address."""
        page.get_by_role("link", name=name, exact=True).first.click()
        page.get_by_role("heading", name=title, level=1).wait_for(timeout=SETTLES)
        visited.settled()
        return str(page.evaluate(HERE))

    def choose_a_week() -> str:
        """Choose the period of seven days, and return the address."""
        page.locator(".st-key-when_period button").first.click()
        page.get_by_role("dialog").or_(page.locator("[data-testid=stPopoverBody]")).get_by_text(
            "7 ngày", exact=True
        ).first.click()
        page.wait_for_function("location.search.includes('period=7d')")
        page.keyboard.press("Escape")
        visited.settled()
        return str(page.evaluate(HERE))

    there = go("Tồn đọng", BACKLOG)
    visits = [choose_a_week(), go("English", "How big is the backlog, and where does it lie?")]
    visits.append(go("Overdue", "Which units are late, and how late?"))
    assert len({there, *visits}) == 4
    for _step in range(3):
        page.evaluate("history.back()")
        page.wait_for_timeout(pause)
    page.get_by_role("heading", name=BACKLOG, level=1).wait_for(timeout=SETTLES)
    page.wait_for_timeout(4000)  # what a run of an address that was left writes comes within this
    visited.settled()
    assert page.evaluate(HERE) == there
    assert page.get_by_role("heading", level=1).inner_text() == BACKLOG
    assert page.evaluate("document.documentElement.lang") == "vi"
    assert "30 ngày" in page.locator(".st-key-when_period button").first.inner_text()
