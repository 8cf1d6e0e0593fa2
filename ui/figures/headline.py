"""The overview's headline figures."""

from typing import Any

from queries.figures.figures import figures, with_sums
from ui.base.figure_names import figure_name, rate_name
from ui.base.i18n import _, percent
from ui.base.run import Run
from ui.figures import tiles
from ui.figures.change import Then
from ui.figures.count import counted
from ui.figures.unconfirmed import mark


def urgent(run: Run, now: Any) -> tiles.Tile:
    """Return the tile of urgent reports: how many are open, and how many of those are overdue."""
    late = counted(run, "urgent_overdue", now)
    tone = "overdue-tile" if late.count else "due-soon-tile"
    return tiles.plain(run, "urgent", now, "", parts=(late, " " + _("overdue")), tone=tone)


def headline(run: Run) -> list[tiles.Tile]:
    """Return the city's figures with their changes: like with like, as queries.change says."""
    now = tiles.row(with_sums(figures(run.reports, run.filters)))
    then = Then(run)
    receive, handle = mark(run, "receive"), mark(run, "handle")
    undue, untimed = tiles.no_deadlines(run, now), tiles.no_receive_times(run, now)
    return [
        tiles.count(run, _("Open"), "open", now, then.count("open", now, good=-1)),
        tiles.count(
            run,
            _("Overdue"),
            "overdue",
            now,
            then.count("overdue", now, good=-1),
            parts=tiles.out_of(run, "open", now, _("open"), percent(now["overdue"], now["open"])),
            tone="overdue-tile",
            mark=handle,
            unknown=undue,
        ),
        urgent(run, now),
        tiles.count(
            run,
            _("Due soon"),
            "due_soon",
            now,
            then.count("due_soon", now),
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
            mark=handle,
            unknown=undue,
        ),
        tiles.count(
            run,
            figure_name("receive_overdue"),
            "receive_overdue",
            now,
            then.count("receive_overdue", now, good=-1),
            parts=tiles.out_of(run, "not_received", now, _("not yet taken on")),
            tone="overdue-tile",
            mark=receive,
            unknown=untimed,
        ),
        tiles.count(
            run,
            _("Received"),
            "received",
            now,
            then.count("received", now),
            parts=(counted(run, "resolved", now), " " + _("resolved")),
        ),
        tiles.share(
            run,
            rate_name("on_time_rate"),
            ("done_by_due", "fell_due"),
            now,
            then.share("done_by_due", "fell_due", now),
            words=_("of those that fell due"),
            unknown=_("nothing with a deadline fell due"),
            mark=handle,
        ),
        tiles.share(
            run,
            rate_name("received_on_time_rate"),
            ("received_on_time", "receive_fell_due"),
            now,
            then.share("received_on_time", "receive_fell_due", now),
            words=_("of those due to be taken on"),
            unknown=_("nothing had a time by which to be taken on"),
            mark=receive,
        ),
        tiles.share(
            run,
            rate_name("satisfaction"),
            ("satisfied", "rated"),
            now,
            then.share("satisfied", "rated", now),
            words=_("of those rated"),
            unknown=_("nothing was rated"),
        ),
    ]
