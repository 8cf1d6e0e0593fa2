"""Every percentage a page shows has its numerator and its denominator beside it, and they give that percentage."""

import re
from collections.abc import Callable, Iterator

import pytest

from reportdb.connection import connect
from tests.browser.conftest import Visit, dashboard
from tests.imported import Imported

pytestmark = pytest.mark.browser

DEMO = "at=2026-11-17T16:00&period=90d"
WASHINGTON = "at=2016-08-16T10:20&period=30d"
# A percentage, and the text of the smallest row, tile or line that holds it. Rates are written with one decimal, other
# than the words of an explanation ("90 %"). A legend's steps are no rates, and an adjusted share is an estimate, drawn
# with its interval beside the raw rate.
FIND_RATES = r"""
panels => panels.flatMap(panel => {
  for (const folded of panel.querySelectorAll("details")) folded.open = true  // what is folded has no text
  const found = []
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (node.parentElement.closest(".legend, .overdue-share")) continue
    for (const rate of node.textContent.matchAll(/\d+[.,]\d\s?%/g)) {
      const beside = node.parentElement.closest("tr, [role=row], .row, .tile, .definition, li, dl > div, p")
      found.push([rate[0], beside ? beside.innerText : "", beside ? beside.className || beside.tagName : ""])
    }
  }
  return found
})
"""


def rates(visited: Visit, path: str) -> list[tuple[str, str, str]]:
    """Return every percentage of a page with the text and the kind of the line that it stands in."""
    visited.open(path)
    visited.page.wait_for_timeout(500)
    found: list[tuple[str, str, str]] = visited.page.eval_on_selector_all(".panel", FIND_RATES)
    return found


def proven(rate: str, beside: str) -> bool:
    """Say whether two whole numbers of a line, the first part of the second, give a rate to its one decimal."""
    shown = float(re.sub(r"\s?%", "", rate).replace(",", "."))
    line = beside.replace(rate, " ")
    counts = [
        int(re.sub(r"[.,]", "", count)) for count in re.findall(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})*(?![\d.,]*\d)", line)
    ]
    return any(
        abs(100 * part / whole - shown) <= 0.0501
        for n, part in enumerate(counts)
        for whole in (*counts[n + 1 :], *counts[:n])
        if whole and part <= whole
    )


def hold(visited: Visit, paths: list[str]) -> None:
    for path in paths:
        found = rates(visited, path)
        bare = [(rate, kind, beside[:120]) for rate, beside, kind in found if not proven(rate, beside)]
        assert bare == [], path


@pytest.mark.parametrize(
    ("rate", "beside", "holds"),
    [
        ("76.5%", "13/17 76.5%", True),
        ("76,5 %", "Đông Anh 13/17 76,5 %", True),
        ("62,5%", "1.250/2.000 62,5%", True),
        ("76.5%", "Đông Anh 76.5%", False),
        ("76.5%", "13 76.5%", False),
        ("11.1%", "135 of 1,441 = 11.1%", False),
        ("9.4%", "135 of 1,441 = 9.4%", True),
    ],
)
def test_a_rate_is_proven_by_two_numbers_beside_it(rate: str, beside: str, holds: bool) -> None:
    assert proven(rate, beside) == holds


@pytest.fixture(scope="module")
def address(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard(demo, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        yield running


def test_every_rate_of_the_demo_city_shows_what_it_is_made_of(
    visit: Callable[..., Visit], address: str, demo: str
) -> None:
    with connect(demo) as opened:
        unit = opened.execute(
            "select code from unit join report on unit_id = unit.id group by 1 order by count(*) desc, 1 limit 1"
        ).fetchone()
    assert unit
    paths = [
        "",
        "map",
        "map?show=areas",
        "backlog?by=district",
        "backlog?by=unit&lang=en",
        "overdue",
        "overdue?lang=en",
    ]
    paths += [f"unit?unit={unit[0]}", f"unit?unit={unit[0]}&lang=en", "definitions", "definitions?lang=en"]
    visited = visit(address)
    assert len(rates(visited, f"definitions?{DEMO}")) > 8
    hold(visited, [f"{path}{'&' if '?' in path else '?'}{DEMO}" for path in paths])


@pytest.mark.real_data
def test_every_rate_of_washington_shows_what_it_is_made_of(
    visit: Callable[..., Visit], washington: Imported, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with dashboard(washington.url, tmp_path_factory.mktemp("log") / "dashboard.log") as running:
        paths = ["", "backlog?by=unit", "overdue", "unit?unit=ddot", "definitions"]
        hold(visit(running), [f"{path}{'&' if '?' in path else '?'}{WASHINGTON}" for path in paths])
