"""What the city itself says of its reports: late or not, how far, where; beside what we find, and why they differ."""

from typing import Any

import pandas as pd

from queries.figures.published import CROSSED, FLAGS, OURS, RARE, Kind, crossed, flags, kinds, published_words
from ui.address.url_filters import NOBODY, SAID
from ui.base.figure_names import meaning
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, percent
from ui.base.run import Run
from ui.figures.count import Count, count_of

_AT_FIRST = 12  # words of a kind; the rest unfolds
_WORDS: tuple[Kind, ...] = ("status", "district", "ward")
_TONES = {"late": "overdue", "in_time": "good", "unsaid": "muted"}


def flag_name(flag: str) -> str:
    """Return what the city's flag (of queries.published.FLAGS) says, as it stands in a sentence."""
    return {"late": _("late"), "in_time": _("in time"), "unsaid": _("not said")}[flag]


def kind_name(kind: Kind) -> str:
    """Return what one kind of the city's own words is called, as the heading of a column."""
    return {
        "late": _("The city's flag"),
        "status": _("The city's status"),
        "district": _("The city's district"),
        "ward": _("The city's ward"),
    }[kind]


def flag_of(case: Any) -> str:
    """Return what the city's flag says of a case that it published."""
    if pd.isna(case["published_late"]):
        return "unsaid"
    return "late" if case["published_late"] else "in_time"


def ours_of(case: Any, run: Run) -> str:
    """Return how we find a case at the moment (of queries.published.OURS)."""
    if pd.isna(case["due_at"]):
        return "no_deadline"
    until = run.filters.at if pd.isna(case["ended_at"]) else case["ended_at"]
    return "late" if until > case["due_at"] else "in_time"


def why(flag: str, ours: str, *, by_rule: bool) -> str:
    """Return why the city's flag and ours differ; nothing where they agree. `by_rule`: a rule gave our deadline."""
    if flag == ours:
        return ""
    if flag == "unsaid":
        return _("the city set no flag")
    if ours == "no_deadline":
        return (
            _("the city measures against a time it does not publish")
            if flag == "late"
            else _("the city measures against a time it does not publish, or counts what has none as in time")
        )
    if by_rule:
        return _("the city measures against a time of its own, we against the rule in force")
    return _("the city's flag is as old as its file, ours is of this moment")


def of_case(case: Any, told: frozenset[Kind]) -> dict[str, Any] | None:
    """Return what the city says of a case in a list, of the kinds it publishes (`told`); None where it publishes none.

    Its flag, the tone of that, and its other words; all empty for a case that it did not publish.
    """
    if not told:
        return None
    if not case["published"]:
        return {"flag": "", "tone": "muted", "words": []}
    words = {kind: case[f"published_{kind}"] for kind in _WORDS if kind in told}
    flag = flag_of(case)
    return {
        "flag": flag_name(flag) if "late" in told else "",
        "tone": _TONES[flag],
        "words": [_named(kind, word) for kind, word in words.items() if isinstance(word, str)],
    }


def case_panel(run: Run, case: Any) -> None:
    """Draw what the city says of one case; nothing where it published nothing of it. Raises DatabaseAway."""
    told = kinds(run.reports)
    if told and case["published"]:
        shared_panel(run, "report_city", key="report_city", make=lambda: of_one_case(run, case, told))


def of_one_case(run: Run, case: Any, told: frozenset[Kind]) -> dict[str, Any]:
    """Return what the city says of one case and how that agrees with us, for cases/report_city.html."""
    facts = [
        {"name": kind_name(kind), "words": case[f"published_{kind}"] or _("not said")}
        for kind in _WORDS
        if kind in told
    ]
    flag, ours = flag_of(case), ours_of(case, run)
    return {
        "flag": {
            "name": kind_name("late"),
            "words": flag_name(flag),
            "tone": _TONES[flag],
            "ours": _ours_name(ours),
            "why": why(flag, ours, by_rule=case["rule_source"] is not None),
        }
        if "late" in told
        else None,
        "facts": facts,
    }


def of_city(run: Run) -> None:
    """Draw the city's own figures beside ours; nothing in a city that publishes none. Raises DatabaseAway."""
    told = kinds(run.reports)
    if told:
        shared_panel(run, "published", key="published", make=lambda: figures(run, told))


def figures(run: Run, told: frozenset[Kind]) -> dict[str, Any]:
    """Return the city's own figures of the period, for figures/published.html. Raises DatabaseAway."""
    words = published_words(run.reports, run.filters)
    return {
        "flags": _flags(run) if "late" in told else None,
        "kinds": [
            {"name": kind_name(kind), "first": shown[:_AT_FIRST], "rest": shown[_AT_FIRST:]}
            for kind in _WORDS
            if kind in told and (shown := _words(run, words[words["kind"] == kind], kind))
        ],
    }


def _flags(run: Run) -> dict[str, Any]:
    found = flags(run.reports, run.filters)
    table = crossed(found)
    whole = count_of(run, "published", table.to_numpy().sum())
    by_rule = {(row["flag"], row["ours"]): (row["by_rule"], row["reports"]) for row in found.to_dict("records")}

    def cell(flag: str, ours: str) -> Count:
        return count_of(run, CROSSED[flag, ours], table.loc[flag, ours])

    def part(figure: str, count: Any) -> dict[str, Any]:
        counted = count_of(run, figure, count)
        return {"count": counted, "share": percent(counted.count, whole.count)}

    return {
        "whole": whole,
        "heads": [_ours_name(ours) for ours in OURS],
        "rows": [
            {
                "name": flag_name(flag),
                "tone": _TONES[flag],
                "meaning": meaning(figure),
                "city": part(figure, table.loc[flag].sum()),
                "cells": [cell(flag, ours) for ours in OURS],
            }
            for flag, figure in FLAGS.items()
        ],
        "ours": [part(figure, table[ours].sum()) for ours, figure in OURS.items()],
        "whys": [
            {"count": cell(flag, ours), "words": _pair(flag, ours), "why": _whys(flag, ours, *by_rule[flag, ours])}
            for flag, ours in CROSSED
            if flag != ours and table.loc[flag, ours]
        ],
    }


def _ours_name(ours: str) -> str:
    return {
        "late": _("late by our deadline"),
        "in_time": _("in time by our deadline"),
        "no_deadline": _("no deadline known"),
    }[ours]


def _pair(flag: str, ours: str) -> str:
    said = {
        "late": _("the city says late"),
        "in_time": _("the city says in time"),
        "unsaid": _("the city says nothing"),
    }
    return f"{said[flag]}, {_ours_name(ours)}"


def _whys(flag: str, ours: str, by_rule: int, reports: int) -> str:
    """Return why some reports differ: their deadlines are by a rule, by the city's own due times, or some by each."""
    rules = [by_rule > 0] if by_rule in (0, reports) else [True, False]
    return "; ".join(dict.fromkeys(why(flag, ours, by_rule=rule) for rule in rules))


def _words(run: Run, table: pd.DataFrame, kind: Kind) -> list[dict[str, Any]]:
    """Return each of the city's words of one kind with its count, the most first and what it does not say last."""
    return [
        {
            "name": said_name(kind, row["said"]),
            "count": count_of(run, f"published_{kind}", row["reports"], **{SAID: row["said"] or NOBODY}),
        }
        for row in table.sort_values("said", key=lambda said: said.isin(["", RARE]), kind="stable").to_dict("records")
    ]


def said_name(kind: Kind, said: str) -> str:
    """Return what is counted under one of the city's words, or under none, or under the rare ones together."""
    return {"": _("not said"), RARE: _("rarer words")}.get(said) or _named(kind, said)


def _named(kind: Kind, word: str) -> str:
    """Return one of the city's own words as it stands alone: a bare number says which kind of area it is."""
    if not word.isdecimal():
        return word
    return {"district": _("district {name}", name=word), "ward": _("ward {name}", name=word)}.get(kind, word)
