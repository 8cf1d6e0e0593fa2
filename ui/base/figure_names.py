"""What each figure, share and time of the registry is called and what it counts, in the viewer's language."""

from queries.registry.figure import Figure, Share, Time
from queries.registry.registry import FIGURES, SHARES, TIMES
from ui.base.i18n import _

_MEASURES: dict[str, Figure | Share | Time] = {**FIGURES, **SHARES, **TIMES}


def figure_name(figure: str) -> str:
    """Return what a figure is called. Raises KeyError for one that the registry does not know."""
    return _(FIGURES[figure].title)


def column_heading(figure: str) -> str:
    """Return the short title of a column of the backlog table. Raises KeyError."""
    return _(FIGURES[figure].heading or FIGURES[figure].title)


def meaning(figure: str) -> str:
    """Return the sentence that says what a figure counts. Raises KeyError."""
    return _(FIGURES[figure].sentence)


def rate_name(rate: str) -> str:
    """Return what a share is called. Raises KeyError."""
    return _(SHARES[rate].title)


def left_out(measure: str) -> str:
    """Return what a figure, a share or a time leaves out and why; nothing where nothing needs saying.

    Raises KeyError.
    """
    words = _MEASURES[measure].left_out
    return _(words) if words else ""
