"""The overview's headline figures."""

from queries.figures import figures, with_sums
from ui import tiles
from ui.viewing import Viewing
from ui.words import _, day, percent


def headline(seen: Viewing) -> list[tiles.Tile]:
    """Return the city's six figures with what they were when the period began, or in the period before."""
    now = tiles.row(with_sums(figures(seen.reports, seen.filters)))
    before = tiles.row(with_sums(figures(seen.reports, seen.filters.before())))
    since = _("since {day}", day=day(seen.local(seen.filters.start)))
    against = _("against the period before")
    return [
        tiles.count(seen, _("Open"), "open", now, before, since=since, good=-1),
        tiles.count(
            seen,
            _("Overdue"),
            "overdue",
            now,
            before,
            since=since,
            parts=(_("{share} of the open", share=percent(now["overdue"], now["open"])),),
            tone="overdue-tile",
            good=-1,
        ),
        tiles.count(
            seen,
            _("Due soon"),
            "due_soon",
            now,
            before,
            since=since,
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
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
            _("On-time rate"),
            ("done_by_due", "fell_due"),
            now,
            before,
            since=against,
            words=_("of those that fell due"),
            tone="good-tile",
        ),
        tiles.share(
            seen,
            _("Satisfaction"),
            ("satisfied", "rated"),
            now,
            before,
            since=against,
            words=_("of those rated"),
            tone="good-tile",
        ),
    ]
