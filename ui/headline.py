"""The overview's headline figures."""

from typing import Any

from queries.figures import figures, with_sums
from ui import tiles
from ui.meanings import figure_name, rate_name
from ui.unconfirmed import mark
from ui.viewing import Viewing
from ui.words import _, day, percent


def urgent(seen: Viewing, now: Any) -> tiles.Tile:
    """Return the tile of urgent reports: how many are open, and how many of those are overdue."""
    late = tiles.counted(seen, "urgent_overdue", now)
    tone = "overdue-tile" if late.count else "due-soon-tile"
    return tiles.plain(seen, "urgent", now, "", parts=(late, " " + _("overdue")), tone=tone)


def headline(seen: Viewing) -> list[tiles.Tile]:
    """Return the city's figures with what they were when the period began, or in the period before."""
    now = tiles.row(with_sums(figures(seen.reports, seen.filters)))
    before = tiles.row(with_sums(figures(seen.reports, seen.filters.before())))
    since = _("since {day}", day=day(seen.local(seen.filters.start)))
    against = _("against the period before")
    receive, handle = mark(seen, "receive"), mark(seen, "handle")
    return [
        tiles.count(seen, _("Open"), "open", now, before, since=since, good=-1),
        tiles.count(
            seen,
            _("Overdue"),
            "overdue",
            now,
            before,
            since=since,
            parts=tiles.out_of(seen, "open", now, _("open"), percent(now["overdue"], now["open"])),
            tone="overdue-tile",
            good=-1,
            mark=handle,
        ),
        urgent(seen, now),
        tiles.count(
            seen,
            _("Due soon"),
            "due_soon",
            now,
            before,
            since=since,
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
            mark=handle,
        ),
        tiles.count(
            seen,
            figure_name("receive_overdue"),
            "receive_overdue",
            now,
            before,
            since=since,
            parts=tiles.out_of(seen, "not_received", now, _("not yet taken on")),
            tone="overdue-tile",
            good=-1,
            mark=receive,
        ),
        tiles.count(
            seen,
            _("Received"),
            "received",
            now,
            before,
            since=against,
            parts=(tiles.counted(seen, "resolved", now), " " + _("resolved")),
        ),
        tiles.share(
            seen,
            rate_name("on_time_rate"),
            ("done_by_due", "fell_due"),
            now,
            before,
            since=against,
            words=_("of those that fell due"),
            tone="good-tile",
            mark=handle,
        ),
        tiles.share(
            seen,
            rate_name("received_on_time_rate"),
            ("received_on_time", "receive_fell_due"),
            now,
            before,
            since=against,
            words=_("of those due to be taken on"),
            tone="good-tile",
            mark=receive,
        ),
        tiles.share(
            seen,
            rate_name("satisfaction"),
            ("satisfied", "rated"),
            now,
            before,
            since=against,
            words=_("of those rated"),
            tone="good-tile",
        ),
    ]
