"""The quiet line beside on-time rates and handling times: how many reports were closed at an unknown time."""

from dataclasses import dataclass
from typing import Any

from ui.base.figure_names import meaning
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import ngettext
from ui.base.run import Run
from ui.figures.count import Count, counted


@dataclass(frozen=True)
class UnknownEnds(View):
    """The line as figures/unknown_ends.html draws it: the number with its cases, and what it means."""

    count: Count
    words: str
    about: str


def unknown_ends(run: Run, figures: Any, *, key: str) -> None:
    """Draw how many reports were resolved at an unknown time in the period; nothing if there are none.

    `figures` is a row of figures of the period. Raises DatabaseAway.
    """
    if figures["resolved_time_unknown"]:
        shared_panel(run, "unknown_ends", key=key, make=lambda: _line(run, figures))


def _line(run: Run, figures: Any) -> UnknownEnds:
    count = counted(run, "resolved_time_unknown", figures)
    words = ngettext(
        "resolved report has no known closing time. It is in no on-time rate and in no handling time.",
        "resolved reports have no known closing time. They are in no on-time rate and in no handling time.",
        count.count,
    )
    return UnknownEnds(count, words, meaning("resolved_time_unknown"))
