"""What every measure means, with its numbers of this moment."""

from dataclasses import dataclass

from queries.cases.cases import case_count
from queries.engine.statements import written
from queries.figures.figures import timed, with_sums
from queries.figures.signals import Signal, signals
from queries.registry.figure import Clock
from queries.registry.registry import FIGURES, SHARES
from ui.address.links import address
from ui.base.figure_names import figure_name, left_out, meaning, rate_name
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, duration, percent
from ui.base.run import Run
from ui.figures.count import Count, count_of
from ui.figures.tiles import row, worked
from ui.figures.unconfirmed import Mark, mark


@dataclass(frozen=True)
class Measure:
    """One measure ready to draw: its words, formula, value with its counts, and what it leaves out.

    A measure without a `value` shows its one count, if any; `of` names the value's counts if the words do not.
    """

    name: str
    words: str
    parts: tuple[Count, ...] = ()
    value: str = ""
    of: str = ""
    formula: str = ""
    left_out: str = ""
    written: tuple[str, ...] = ()
    mark: Mark | None = None


@dataclass(frozen=True)
class Group:
    """Measures under one heading."""

    title: str
    about: str
    measures: list[Measure]


@dataclass(frozen=True)
class Way:
    """A link: its words and where it leads."""

    words: str
    href: str


@dataclass(frozen=True)
class Definitions(View):
    """Groups of measures as figures/definitions.html draws them, and the way to their SQL or back."""

    groups: list[Group]
    sql: Way | None = None


def measures(run: Run) -> None:
    """Draw every measure with its definition and value. Raises DatabaseAway."""
    shared_panel(run, "definitions", key="definitions", make=lambda: _all(run))


def _all(run: Run) -> Definitions:
    shown = run.query.get("sql") == ["yes"]
    words = _("Hide the SQL") if shown else _("Show how each figure is counted, in SQL")
    return Definitions(
        _Measures(run).groups(), Way(words, address("?", **run.query | {"sql": None if shown else "yes"}))
    )


class _Measures:
    """Makes the measures from the numbers of one run."""

    def __init__(self, run: Run) -> None:
        self._seen = run
        self._now = row(with_sums(timed(run.reports, run.filters)))
        self._marks: dict[Clock, Mark | None] = {"receive": mark(run, "receive"), "handle": mark(run, "handle")}

    def groups(self) -> list[Group]:
        """Return the measures in reading order, grouped under headings."""
        return [
            Group(
                _("What is open"),
                _("At the moment shown. Days begin and end in the city's time zone."),
                [
                    *map(self._count, ("open", "overdue")),
                    self._share("overdue_share"),
                    *map(self._count, ("seriously_overdue", "urgent", "urgent_overdue")),
                    *map(self._count, ("due_today", "due_soon", "no_deadline", "reopened_open")),
                ],
            ),
            Group(
                _("Who holds it"),
                _("A report counts for its holder. After an escalation that is the higher level."),
                [
                    *map(self._count, ("escalated", "escalated_unheld", "with_higher")),
                    *map(self._count, ("new_here", "by_transfer", "sent_back")),
                ],
            ),
            Group(
                _("First deadline: a unit takes the report on"),
                _("A term in working time from submission, or from the transfer to another unit."),
                [
                    self._count("not_received"),
                    *map(self._share, ("receive_overdue_share", "received_on_time_rate")),
                ],
            ),
            Group(
                _("Second deadline: the report is handled"),
                _("A term by category and severity; its rule stays with the report."),
                [*map(self._share, ("on_time_rate", "closed_on_time_share")), self._count("resolved_late")],
            ),
            Group(
                _("How long it takes"),
                _("From submission to the answer: how long the citizen waits."),
                [
                    *self._times("median", _("Median time to the answer"), _("half of the answers came sooner")),
                    *self._times("p90", _("90th percentile"), _("90% were answered within this time")),
                ],
            ),
            Group(
                _("Results"),
                "",
                [
                    *map(self._share, ("satisfaction", "rated_share", "reopened_share", "refused_share")),
                ],
            ),
            Group(_("Change"), _about_change(), []),
            Group(
                _("Signals worth a second look"),
                _("Facts, not accusations; a unit's own page shows each beside the city's share."),
                [self._signal(found) for found in signals(self._seen.reports, self._seen.filters, self._seen.filters)],
            ),
        ]

    def _count(self, figure: str) -> Measure:
        return Measure(
            figure_name(figure),
            meaning(figure),
            (self._counted(figure),),
            left_out=left_out(figure),
            written=self._written(figure),
            mark=self._mark(FIGURES[figure].clock),
        )

    def _counted(self, figure: str) -> Count:
        """Return a figure's number: of the table of figures where that has it, else counted for itself."""
        if figure not in self._now:
            self._now[figure] = case_count(self._seen.reports, self._seen.filters, figure=figure)
        return count_of(self._seen, figure, self._now[figure])

    def _share(self, name: str) -> Measure:
        share = SHARES[name]
        part, whole = self._counted(share.part), self._counted(share.whole)
        return Measure(
            rate_name(name),
            f"{figure_name(share.part)}: {meaning(share.part)}. {figure_name(share.whole)}: {meaning(share.whole)}.",
            (part, whole),
            value=percent(part.count, whole.count),
            formula=f"{figure_name(share.part)} ÷ {figure_name(share.whole)}",
            left_out=left_out(name),
            written=self._written(share.part, share.whole),
            mark=self._mark(share.clock),
        )

    def _times(self, which: str, title: str, words: str) -> list[Measure]:
        """Return a time in calendar hours and in working hours."""
        resolved = self._counted("resolved")
        values = duration(self._now[f"{which}_hours"]), worked(self._now[f"{which}_worked_hours"])
        titles = title, _("{measure}, in working time", measure=title)
        return [
            Measure(name, words, (resolved,), value=value, of=_("resolved"), left_out=left_out(f"{which}_hours"))
            for name, value in zip(titles, values, strict=True)
        ]

    def _signal(self, signal: Signal) -> Measure:
        figure, whole = signal.figure, signal.whole_figure
        return Measure(
            figure_name(figure),
            meaning(figure),
            (count_of(self._seen, figure, signal.part), count_of(self._seen, whole, signal.whole)),
            value=percent(signal.part, signal.whole),
            formula=f"{figure_name(figure)} ÷ {figure_name(whole)}",
            written=self._written(figure),
            mark=self._mark(FIGURES[figure].clock),
        )

    def _written(self, *figures: str) -> tuple[str, ...]:
        """Return the figures' SQL, if the address asks for it."""
        return tuple(map(written, figures)) if self._seen.query.get("sql") == ["yes"] else ()

    def _mark(self, clock: Clock | None) -> Mark | None:
        return self._marks[clock] if clock else None


def _about_change() -> str:
    """Return how changes are compared and when they are coloured (queries.change, queries.chance)."""
    compared = _(
        "Standing figures (open, overdue, due soon) are compared with the same weekday and hour a whole number of "
        "weeks before, figures of a period with the equally long period before, up to the same hour. No change is "
        "shown where the data begin inside the comparison."
    )
    coloured = _(
        "Green (better) and red (worse): the change exceeds chance, by an exact test at 99%, and the "
        "usual variation of a city in which nothing changes. All other changes are grey."
    )
    return f"{compared} {coloured}"
