"""The overview's headline figures."""

from typing import Any

from queries.figures.figures import figures, with_sums
from ui.base.i18n import _, percent
from ui.base.run import Run
from ui.figures import tiles
from ui.figures.change import Then
from ui.figures.count import counted


def urgent(run: Run, now: Any) -> tiles.Tile:
    """Return the tile of urgent reports: how many are open, and how many of those are overdue."""
    late = counted(run, "urgent_overdue", now)
    tone = "overdue-tile" if late.count else "due-soon-tile"
    return tiles.plain(run, "urgent", now, "", parts=(late, " " + _("overdue")), tone=tone)


def headline(run: Run) -> list[tiles.Tile]:
    """Return the city's figures with their changes, compared as queries.change says."""
    now = tiles.row(with_sums(figures(run.reports, run.filters)))
    then = Then(run)
    undue, untimed = tiles.no_deadlines(run, now), tiles.no_receive_times(run, now)
    return [
        tiles.count(run, "open", now, then.count("open", now, good=-1)),
        tiles.count(
            run,
            "overdue",
            now,
            then.count("overdue", now, good=-1),
            parts=tiles.out_of(run, "open", now, _("open"), percent(now["overdue"], now["open"])),
            tone="overdue-tile",
            unknown=undue,
        ),
        urgent(run, now),
        tiles.count(
            run,
            "due_soon",
            now,
            then.count("due_soon", now),
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
            unknown=undue,
        ),
        tiles.count(
            run,
            "receive_overdue",
            now,
            then.count("receive_overdue", now, good=-1),
            parts=tiles.out_of(run, "not_received", now, _("not yet taken on")),
            tone="overdue-tile",
            unknown=untimed,
        ),
        tiles.count(
            run,
            "received",
            now,
            then.count("received", now),
            parts=(counted(run, "resolved", now), " " + _("resolved")),
        ),
        tiles.share(
            run,
            "on_time_rate",
            now,
            then.share("on_time_rate", now),
            words=_("of those that fell due"),
            unknown=_("nothing with a deadline fell due"),
        ),
        tiles.share(
            run,
            "received_on_time_rate",
            now,
            then.share("received_on_time_rate", now),
            words=_("of those due to be taken on"),
            unknown=_("nothing was due to be taken on"),
        ),
        tiles.share(
            run,
            "satisfaction",
            now,
            then.share("satisfaction", now),
            words=_("of those rated"),
            unknown=_("nothing was rated"),
        ),
    ]
