"""The mark on figures that depend on an unconfirmed term or unconfirmed office hours."""

from dataclasses import dataclass

from queries.registry.figure import Clock
from queries.registry.registry import FIGURES, SHARES
from queries.rules.rules import unsure
from ui.address.links import address, carried
from ui.base.i18n import _
from ui.base.page_paths import DEFINITIONS
from ui.base.run import Run


@dataclass(frozen=True)
class Mark:
    """The mark for figures/unconfirmed.html: the reason, and the link to the rules in force."""

    why: str
    href: str


def mark_of(run: Run, measure: str) -> Mark | None:
    """Return the mark for a figure or a share of the registry; None where it rests on no term, or on confirmed ones.

    Raises DatabaseAway, KeyError.
    """
    clock = (FIGURES[measure] if measure in FIGURES else SHARES[measure]).clock
    return mark(run, clock) if clock else None


def mark(run: Run, clock: Clock = "handle") -> Mark | None:
    """Return the mark for figures of a deadline; None if the terms in force are confirmed. Raises DatabaseAway."""
    found = unsure(run.reports, run.filters)
    if not (found.receive if clock == "receive" else found.handle):
        return None
    why = {
        "receive": _("The term to take a report on, or the office hours it is counted in, are not confirmed yet."),
        "handle": _("Some terms to handle a report, or the office hours they are counted in, are not confirmed yet."),
    }[clock]
    where = _("The rules in force are on the page “Definitions”.")
    return Mark(f"{why} {where}", address(DEFINITIONS, **carried(run)))
