"""The city's own figures (late or not, status, area) beside ours, and why they differ."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.published import CROSSED, FLAGS, OURS, RARE, Kind, crossed, flags, kinds, published_words
from ui.address.url_filters import NOBODY, SAID
from ui.base.figure_names import meaning
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, percent
from ui.base.run import Run
from ui.figures.count import Count, count_of

_AT_FIRST = 12  # words of a kind; the rest is folded
WORDS: tuple[Kind, ...] = ("status", "district", "ward")
"""The kinds of what a city publishes but its flag."""
TONES = {"late": "overdue", "in_time": "good", "unsaid": "muted"}
"""The tone of each of the city's flags."""


@dataclass(frozen=True)
class Part:
    """A number and the share it is of the whole."""

    count: Count
    share: str


@dataclass(frozen=True)
class FlagRow:
    """One of the city's flags: how often it stands, and how we find the reports that bear it."""

    name: str
    tone: str
    meaning: str
    city: Part
    cells: list[Count]


@dataclass(frozen=True)
class Difference:
    """Reports of which the city says one thing and we another, and why."""

    count: Count
    words: str
    why: str


@dataclass(frozen=True)
class Flags:
    """The city's flag beside ours; `heads` are our findings, and `ours` how often each is so."""

    whole: Count
    heads: list[str]
    rows: list[FlagRow]
    ours: list[Part]
    whys: list[Difference]


@dataclass(frozen=True)
class Word:
    """One of the city's own words and how many reports bear it."""

    name: str
    count: Count


@dataclass(frozen=True)
class Words:
    """The city's words of one kind: the first ones, and the rest, which unfolds."""

    name: str
    first: list[Word]
    rest: list[Word]


@dataclass(frozen=True)
class Published(View):
    """The city's own figures beside ours, as figures/published.html draws them."""

    flags: Flags | None
    kinds: list[Words]


def flag_name(flag: str) -> str:
    """Return one of queries.published.FLAGS in words, for use inside a sentence."""
    return {"late": _("late"), "in_time": _("in time"), "unsaid": _("not said")}[flag]


def kind_name(kind: Kind) -> str:
    """Return the column heading of one kind of the city's own words."""
    return {
        "late": _("The city's flag"),
        "status": _("The city's status"),
        "district": _("The city's district"),
        "ward": _("The city's ward"),
    }[kind]


def why(flag: str, ours: str, *, by_rule: bool) -> str:
    """Return why the city's flag and ours differ; empty if they agree. `by_rule`: a rule gave our deadline."""
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


def of_city(run: Run) -> None:
    """Draw the city's own figures beside ours; nothing if the city publishes none. Raises DatabaseAway."""
    told = kinds(run.reports)
    if told:
        shared_panel(run, "published", key="published", make=lambda: figures(run, told))


def figures(run: Run, told: frozenset[Kind]) -> Published:
    """Return the city's own figures of the period. Raises DatabaseAway."""
    words = published_words(run.reports, run.filters)
    return Published(
        flags=_flags(run) if "late" in told else None,
        kinds=[
            Words(kind_name(kind), shown[:_AT_FIRST], shown[_AT_FIRST:])
            for kind in WORDS
            if kind in told and (shown := _words(run, words[words["kind"] == kind], kind))
        ],
    )


def _flags(run: Run) -> Flags:
    found = flags(run.reports, run.filters)
    table = crossed(found)
    whole = count_of(run, "published", table.to_numpy().sum())
    by_rule = {(row["flag"], row["ours"]): (row["by_rule"], row["reports"]) for row in found.to_dict("records")}

    def cell(flag: str, ours: str) -> Count:
        """Return how many reports bear a flag and are found so by us."""
        return count_of(run, CROSSED[flag, ours], table.loc[flag, ours])

    def part(figure: str, count: Any) -> Part:
        """Return a number with its share of the whole."""
        counted = count_of(run, figure, count)
        return Part(counted, percent(counted.count, whole.count))

    return Flags(
        whole=whole,
        heads=[ours_name(ours) for ours in OURS],
        rows=[
            FlagRow(
                flag_name(flag),
                TONES[flag],
                meaning(figure),
                part(figure, table.loc[flag].sum()),
                [cell(flag, ours) for ours in OURS],
            )
            for flag, figure in FLAGS.items()
        ],
        ours=[part(figure, table[ours].sum()) for ours, figure in OURS.items()],
        whys=[
            Difference(cell(flag, ours), _pair(flag, ours), _whys(flag, ours, *by_rule[flag, ours]))
            for flag, ours in CROSSED
            if flag != ours and table.loc[flag, ours]
        ],
    )


def ours_name(ours: str) -> str:
    """Return how we find a report (of queries.published.OURS), as it stands after what the city says."""
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
    return f"{said[flag]}, {ours_name(ours)}"


def _whys(flag: str, ours: str, by_rule: int, reports: int) -> str:
    """Return why reports differ: their deadlines come from a rule, from the city's due times, or from both."""
    rules = [by_rule > 0] if by_rule in (0, reports) else [True, False]
    return "; ".join(dict.fromkeys(why(flag, ours, by_rule=rule) for rule in rules))


def _words(run: Run, table: pd.DataFrame, kind: Kind) -> list[Word]:
    """Return the city's words of one kind with their counts, the most frequent first and "not said" last."""
    return [
        Word(
            said_name(kind, row["said"]),
            count_of(run, f"published_{kind}", row["reports"], **{SAID: row["said"] or NOBODY}),
        )
        for row in table.sort_values("said", key=lambda said: said.isin(["", RARE]), kind="stable").to_dict("records")
    ]


def said_name(kind: Kind, said: str) -> str:
    """Return the name of a counted word, of "not said", or of the rare words together."""
    return {"": _("not said"), RARE: _("rarer words")}.get(said) or word_name(kind, said)


def word_name(kind: Kind, word: str) -> str:
    """Return one of the city's words on its own; for a bare number, with the kind of area."""
    if not word.isdecimal():
        return word
    return {"district": _("district {name}", name=word), "ward": _("ward {name}", name=word)}.get(kind, word)
