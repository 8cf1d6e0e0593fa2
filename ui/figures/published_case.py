"""What the city itself says of one case, beside what we find."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.published import Kind, kinds
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _
from ui.base.run import Run
from ui.figures.published import TONES, WORDS, flag_name, kind_name, ours_name, why, word_name


@dataclass(frozen=True)
class OfCase:
    """What the city says of a case in a list: its flag and the tone of that, and its other words."""

    flag: str = ""
    tone: str = "muted"
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """One of the city's own words of a case, under what it is called."""

    name: str
    words: str


@dataclass(frozen=True)
class Flag:
    """The city's flag of a case beside what we find, and why they differ."""

    name: str
    words: str
    tone: str
    ours: str
    why: str


@dataclass(frozen=True)
class CityOnCase(View):
    """What the city says of one case, as cases/report_city.html draws it."""

    flag: Flag | None
    facts: list[Fact]


def flag_of(case: Any) -> str:
    """Return the city's flag of a case that it published."""
    if pd.isna(case["published_late"]):
        return "unsaid"
    return "late" if case["published_late"] else "in_time"


def ours_of(case: Any, run: Run) -> str:
    """Return our own finding for a case (one of queries.published.OURS)."""
    if pd.isna(case["due_at"]) or not case["ended_known"]:
        return "no_deadline"
    until = run.filters.at if pd.isna(case["ended_at"]) else case["ended_at"]
    return "late" if until > case["due_at"] else "in_time"


def of_case(case: Any, told: frozenset[Kind]) -> OfCase | None:
    """Return the city's own words on a case in a list, of the kinds it publishes (`told`); None if it publishes none.

    Empty for a case that it did not publish.
    """
    if not told:
        return None
    if not case["published"]:
        return OfCase()
    words = {kind: case[f"published_{kind}"] for kind in WORDS if kind in told}
    flag = flag_of(case)
    return OfCase(
        flag_name(flag) if "late" in told else "",
        TONES[flag],
        tuple(word_name(kind, word) for kind, word in words.items() if isinstance(word, str)),
    )


def case_panel(run: Run, case: Any) -> None:
    """Draw the city's own words on one case; nothing if it published none. Raises DatabaseAway."""
    told = kinds(run.reports)
    if told and case["published"]:
        shared_panel(run, "report_city", key="report_city", make=lambda: of_one_case(run, case, told))


def of_one_case(run: Run, case: Any, told: frozenset[Kind]) -> CityOnCase:
    """Return what the city says of one case and how that agrees with us."""
    facts = [Fact(kind_name(kind), case[f"published_{kind}"] or _("not said")) for kind in WORDS if kind in told]
    flag, ours = flag_of(case), ours_of(case, run)
    reason = why(flag, ours, by_rule=case["rule_source"] is not None)
    said = Flag(kind_name("late"), flag_name(flag), TONES[flag], ours_name(ours), reason)
    return CityOnCase(said if "late" in told else None, facts)
