"""Percentages on a page, and their numerators and denominators."""

import re

from tests.browser.conftest import Visit

# A percentage, and the text of the smallest row, tile or line that contains it. Rates have one decimal, unlike the
# words of an explanation ("90%"). A legend's steps are no rates, and an adjusted share is an estimate, drawn with its
# interval beside the raw rate.
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


def rates(visited: Visit) -> list[tuple[str, str, str]]:
    """Return every percentage of the open page, with the text and kind of its line."""
    found: list[tuple[str, str, str]] = visited.page.eval_on_selector_all(".panel", FIND_RATES)
    return found


def proven(rate: str, beside: str) -> bool:
    """Return whether two whole numbers in a line give a rate, to its one decimal."""
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
