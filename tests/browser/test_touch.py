"""On a phone every touch target is at least 24 by 24 pixels (WCAG 2.2, 2.5.8)."""

from collections.abc import Callable

import pytest

from reportdb.database.connection import connect
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

AT = "at=2026-11-18T09:00"
# The page's targets that do not react to a touch 11.5 pixels left, right, above or below their centre. A link within a
# sentence has its line's height; a canvas, a chart and a map have no targets of a fixed size.
SMALL = r"""() => {
  const found = []
  const seen = (x, y) => {
    let element = document.elementFromPoint(x, y)
    for (let inner = element; inner?.shadowRoot; ) {
      inner = inner.shadowRoot.elementFromPoint(x, y)
      if (!inner || inner === element) break
      element = inner
    }
    return element
  }
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot)
      if (!element.matches("a[href], button, input, select, textarea, summary, [role=button], [role=option]")) continue
      if (element.closest("[data-testid=stDeckGlJsonChart], .js-plotly-plot, svg")) continue
      if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
      const box = element.getBoundingClientRect()
      if (element.closest("thead")?.offsetWidth <= 1 || box.width <= 1) continue  // only heard, until it is gone to
      if (box.width >= 24 && box.height >= 24) continue
      const beside = [...element.parentElement.childNodes].map((node) => node.nodeName === "A" ? "" : node.textContent)
      const inline = getComputedStyle(element).display === "inline" && element.closest("p, dd, figcaption, .freshness")
      if (inline && /\p{L}{2,}/u.test(beside.join(" "))) continue
      element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" })
      const lines = [...element.getClientRects()].sort((one, other) => other.width - one.width)
      const { left, top, width, height } = lines[0]
      const [x, y] = [left + width / 2, top + height / 2]
      const around = [[0, 0], [-11.5, 0], [11.5, 0], [0, -11.5], [0, 11.5]]
      const missed = around.filter(([right, down]) => !element.contains(seen(x + right, y + down)))
      if (missed.length) found.push([element.outerHTML.slice(0, 120), Math.round(width), Math.round(height)])
    }
  }
  look(document)
  return found
}"""


@pytest.fixture(scope="module")
def pages(demo: str) -> list[str]:
    """The address of every page, of the unit with the most open reports and of one of its cases."""
    with connect(demo) as opened:
        row = opened.execute(
            """select unit.code, min(public_code) from report join unit on unit.id = unit_id
               where ended_at is null group by 1 order by count(*) desc, 1 limit 1"""
        ).fetchone()
    assert row
    unit, case = row
    own = [f"unit?unit={unit}", f"report?code={case}"]
    return ["", "map", "backlog", "overdue", "unit", "cases", "definitions", "status", "access", *own]


def test_everything_that_is_touched_is_large_enough(
    visit: Callable[..., Visit], address: str, pages: list[str]
) -> None:
    visited = visit(address, 390, 844, drawn=False)
    visited.open()
    for path in pages:
        page = visited.turn(f"{path}{'&' if '?' in path else '?'}{AT}")
        page.wait_for_timeout(1000)
        for folded in page.locator(".st-key-filters_fold summary:visible").all():
            folded.click()
        page.wait_for_timeout(500)
        assert page.evaluate(SMALL) == [], path
