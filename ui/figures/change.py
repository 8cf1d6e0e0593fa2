"""A figure's change in words and colour, the same on every page: compared with what, how much, and whether it matters.

Green and red are used only if the change exceeds chance (queries/figures/chance.py); a word then says the same.
"""

from datetime import datetime
from typing import Any

from queries.engine.filters import Filters
from queries.figures.chance import count_differs, share_differs
from queries.figures.change import earlier
from queries.privacy.small_numbers import FEWEST
from queries.registry.registry import SHARES
from ui.base.i18n import _, day, moment, ngettext, signed, weekday_time
from ui.base.run import Run
from ui.figures.count import Count, count_of
from ui.figures.tiles import Change

_BEFORE = "\ue000"  # of private use: stands in translated words where the earlier number goes


class Then:
    """The figures that a run is compared with. Raises DatabaseAway."""

    def __init__(self, run: Run) -> None:
        self._seen = run
        self._earlier = earlier(run.filters, run.city.first_submitted_at)
        self._counts = self._earlier.counts(run.reports)

    @property
    def standing(self) -> Filters | None:
        """The moment that standing figures are compared with; None if it is before the first data."""
        return self._earlier.standing

    @property
    def at(self) -> str:
        """That moment in words: "08:00 Monday 02/11"; nothing where there is none."""
        return "" if self.standing is None else weekday_time(self._seen.local(self.standing.at), self._now)

    def count(self, figure: str, now: Any, *, good: int = 0) -> Change:
        """Return the change of a count of `now`; `good` is -1 where fewer is better, 1 where more is."""
        then = self._earlier.of(figure)
        if then is None:
            return self._nothing()
        before = self._counts[figure]
        if self._seen.rounded and not (int(now[figure]) and before):
            return self._too_few()
        change = int(now[figure]) - before
        sure = bool(good) and bool(count_differs(int(now[figure]), before))
        return self._change(signed(change), then, ((figure, before),), change * good if sure else 0, judged=bool(good))

    def share(self, name: str, now: Any, *, good: int = 1) -> Change:
        """Return the change of a share of the registry, of `now`, in percentage points."""
        part, whole = SHARES[name].part, SHARES[name].whole
        then = self._earlier.of(whole)
        if then is None:
            return self._nothing()
        counts = [int(now[part]), int(now[whole]), self._counts[part], self._counts[whole]]
        if self._seen.rounded and (not all(counts) or min(counts[1], counts[3]) < FEWEST):
            return self._too_few()
        if not counts[1] or not counts[3]:
            about = _("Nothing was counted in one of the two periods.")
            return Change((_("nothing to compare with"),), "muted", about)
        change = round((counts[0] / counts[1] - counts[2] / counts[3]) * 100, 1)
        sure = bool(good) and share_differs(*counts)
        words = _("{change} points", change=signed(change, 1))
        before = ((part, counts[2]), (whole, counts[3]))
        return self._change(words, then, before, change * good if sure else 0, judged=bool(good))

    def _change(
        self, words: str, then: Filters, before: tuple[tuple[str, int], ...], better: float, *, judged: bool
    ) -> Change:
        standing = then is self.standing
        said = (
            _("{change} from {before} at {moment}", change=words, before=_BEFORE, moment=self.at)
            if standing
            else _("{change} from {before} in the period before", change=words, before=_BEFORE)
        )
        first, last = said.split(_BEFORE)
        where = _moment_words(self._seen, then) if standing else _period_words(self._seen, then)
        counts: list[Count | str] = []
        for figure, number in before:
            counts += [*(["/"] if counts else []), count_of(self._seen, figure, number, **where)]
        word = "" if not better else " · " + (_("better") if better > 0 else _("worse"))
        about = self._about(then, standing)
        if judged and not better:
            about += " " + _("The difference does not exceed chance, so it has no colour.")
        return Change((first, *counts, last + word), better_tone(better), about)

    def _about(self, then: Filters, standing: bool) -> str:
        if standing:
            return _(
                "Compared with {moment}: the same weekday and hour, {weeks}.",
                moment=moment(self._seen.local(then.at)),
                weeks=ngettext("{count} week before", "{count} weeks before", self._earlier.weeks),
            )
        return _(
            "Compared with {start} to {end}: the same length, up to the same hour.",
            start=moment(self._seen.local(then.start)),
            end=moment(self._seen.local(min(then.end, then.at))),
        )

    def _nothing(self) -> Change:
        begins = self._seen.city.first_submitted_at
        about = "" if begins is None else _("The data begin on {day}, too late.", day=day(self._seen.local(begins)))
        return Change((_("nothing to compare with"),), "muted", about)

    def _too_few(self) -> Change:
        return Change((_("too few to compare"),), "muted")

    @property
    def _now(self) -> datetime:
        return self._seen.local(self._seen.filters.at)


def standing_before(run: Run) -> Filters | None:
    """Return the moment that standing figures are compared with; None if it is before the first data."""
    return earlier(run.filters, run.city.first_submitted_at).standing


def better_tone(better: float) -> str:
    """Return the tone of a change that exceeds chance: above 0 better, below 0 worse, 0 neither."""
    return "good" if better > 0 else "overdue" if better < 0 else "muted"


def grown_tone(now: int, before: int) -> str:
    """Return the tone of a change in a count where fewer is better."""
    return better_tone(before - now if count_differs(now, before) else 0)


def _moment_words(run: Run, then: Filters) -> dict[str, Any]:
    """Return the words of an address that ask for an earlier moment; standing figures have no period."""
    return {"at": run.local(then.at).isoformat(), "from": None, "to": None}


def _period_words(run: Run, then: Filters) -> dict[str, Any]:
    """Return the words of an address that ask for an earlier period as it stood at an earlier moment."""
    start, end = (run.local(each).isoformat() for each in (then.start, then.end))
    return {
        "at": run.local(then.at).isoformat(),
        "from": start,
        "to": end if then.end <= then.at else None,
    }
