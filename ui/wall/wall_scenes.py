"""The content of a wall's scenes: the pages' figures, rankings and cases, fewer and larger."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from queries.cases.cases import case_count
from queries.cases.urgent import longest_overdue, newest, urgent
from queries.figures.backlog import backlog
from queries.figures.figures import Dimension, figures, names
from queries.privacy.small_numbers import FEWEST
from ui.base import levels
from ui.base.i18n import _, day, duration, name, number, percent, signed
from ui.base.run import Run
from ui.base.states import TONES, state
from ui.figures import backlog_tiles, tiles
from ui.figures.change import Then, grown_tone, standing_before
from ui.figures.headline import headline
from ui.figures.unconfirmed import mark
from ui.unit.leaderboard import leaderboard
from ui.wall.screens import WallScreen
from ui.wall.wall_map import wall_map

_RANKED, _BEST = 9, 5
_PLACES = 30  # in two columns
_CASES = 6
_RATED, _FEWEST_RATED = 6, 10
_TICKER = 8
TICKER_HOURS = 2
"""How long an urgent report counts as new."""


def scenes() -> dict[str, tuple[str, Callable[[Run, WallScreen], dict[str, Any]]]]:
    """Return each scene's short name and the function that makes its values."""
    return {
        "figures": (_("Headline"), _figures),
        "map": (_("Map"), _map),
        "overdue": (_("Overdue"), _overdue),
        "backlog": (_("Backlog"), _backlog),
        "newest": (_("Urgent and new"), _newest),
        "satisfaction": (_("Satisfaction"), _satisfaction),
    }


def ticker(run: Run) -> list[dict[str, Any]]:
    """Return the open urgent reports of the last hours, the newest first: what, where, who, how long ago.

    Nothing that a citizen wrote: everybody in the room sees a wall.
    """
    since = run.filters.at - timedelta(hours=TICKER_HOURS)
    table, _found = urgent(run.reports, run.filters, order="newest", limit=_TICKER, since=since)
    return _case_rows(run, table)


def _figures(run: Run, _screen: WallScreen) -> dict[str, Any]:
    return {"title": _("Is the city keeping its promises?"), "tiles": headline(run), "period": _period(run)}


def _map(run: Run, screen: WallScreen) -> dict[str, Any]:
    now = tiles.row(figures(run.reports, run.filters))
    found = wall_map(run, "ward" if screen.level == "ward" else "district")
    by_overdue = found is None or found["measure"] == "overdue"
    return {
        "title": _("Where are open reports overdue?") if by_overdue else _("Where are the open reports?"),
        "map": found,
        "open": now["open"],
        "overdue": now["overdue"],
        "share": percent(now["overdue"], now["open"]),
        "mark": mark(run),
    }


def _overdue(run: Run, _screen: WallScreen) -> dict[str, Any]:
    found = leaderboard(run, by="unit", kind="all", order="fair", most=_RANKED)
    then = standing_before(run)
    return vars(found) | {
        "title": _("Which units are late?"),
        "best": found.best[:_BEST],
        "about": _("Fair ranking of the units with at least {count} open reports", count=run.fewest_open),
        "since": "" if then is None else day(run.local(then.at)),
    }


def _backlog(run: Run, screen: WallScreen) -> dict[str, Any]:
    since, then = backlog_tiles.compared_since(run), Then(run)
    whole = backlog_tiles.total(run, since)
    by = _level(run, screen)
    table = backlog(run.reports, run.filters, since=since, by=by)
    table = table[table["open"] > 0].sort_values(["open", "code"], ascending=[False, True], na_position="last")
    shown = table.head(_PLACES)
    rest = table.iloc[len(shown) :]
    rows = [
        {
            "name": _("not located") if pd.isna(row["key"]) else name(row),
            "open": row["open"],
            "overdue": row["overdue"],
            "due_soon": row["due_soon"],
            "other": row["open"] - row["overdue"] - row["due_soon"],
            "change": signed(row["open"] - row["open_before"]) if then.standing else "",
            "tone": grown_tone(row["open"], row["open_before"]),
        }
        for row in shown.to_dict("records")
    ]
    return {
        "title": _("Where does the backlog lie?"),
        "whole": whole,
        "share": percent(whole["overdue"], whole["open"]),
        "change": signed(whole["open"] - whole["open_before"]) if then.standing else "",
        "tone": grown_tone(whole["open"], whole["open_before"]),
        "since": then.at,
        "days_of_work": None if pd.isna(whole["days_of_work"]) else number(whole["days_of_work"], 1),
        "rows": rows,
        "most": max([1, *(row["open"] for row in rows)]),
        "rest": len(rest),
        "rest_open": int(rest["open"].sum()),
        "mark": mark(run),
    }


def _newest(run: Run, _screen: WallScreen) -> dict[str, Any]:
    gravest, found = urgent(run.reports, run.filters, order="worklist", limit=_CASES)
    latest = newest(run.reports, run.filters, limit=_CASES)
    room = _CASES - 1 - max(1, len(gravest))  # below the urgent ones and one more heading
    late = longest_overdue(run.reports, run.filters, limit=_CASES) if room > 0 else gravest
    late = late[~late["id"].isin(gravest["id"])].head(room)
    return {
        "title": _("What is urgent, and what is new?"),
        "found": found,
        "gravest": _case_rows(run, gravest),
        "late": _case_rows(run, late),
        "newest": _case_rows(run, latest),
        "mark": mark(run),
    }


def _satisfaction(run: Run, screen: WallScreen) -> dict[str, Any]:
    whole = tiles.row(figures(run.reports, run.filters))
    answers = [
        (_("Satisfied"), "good", "rated_satisfied"),
        (_("Acceptable"), "acceptable", "rated_acceptable"),
        (_("Not satisfied"), "overdue", "rated_not_satisfied"),
    ]
    resolved = case_count(run.reports, run.filters, figure="resolved")
    table = figures(run.reports, run.filters, by=_level(run, screen)).dropna(subset="key")
    fewest = FEWEST if run.rounded else _FEWEST_RATED
    table = table[table["rated"] >= fewest]
    order = table.assign(part=table["satisfied"] / table["rated"]).sort_values(["part", "code"])
    rows = [
        {
            "name": name(row),
            "share": percent(row["satisfied"], row["rated"]),
            "raw": _raw(row["satisfied"], row["rated"]),
            "part": round(100 * row["part"], 1),
        }
        for row in order.to_dict("records")
    ]
    shown = min(_RATED, len(rows) // 2)
    return {
        "title": _("Are citizens satisfied with the answers?"),
        "share": percent(whole["satisfied"], whole["rated"]),
        "raw": _raw(whole["satisfied"], whole["rated"]) if whole["rated"] else "",
        "rated_share": percent(whole["rated"], resolved),
        "rated_raw": _raw(whole["rated"], resolved),
        "answers": [
            {"words": words, "tone": tone, "count": case_count(run.reports, run.filters, figure=figure)}
            for words, tone, figure in answers
        ],
        "rated": whole["rated"],
        "period": _period(run),
        "groups": [(_("Least satisfied"), rows[:shown]), (_("Most satisfied"), rows[::-1][:shown])],
        "few": _("Places with at least {count} ratings", count=fewest),
    }


def _case_rows(run: Run, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return cases by what, where, who and how long, and nothing a citizen wrote."""
    known = {kind: names(run.reports, kind).to_dict("index") for kind in ("category", "ward", "district", "unit")}
    rows = []
    for case in table.to_dict("records"):
        facts = {kind: members.get(case[f"{kind}_id"]) for kind, members in known.items()}
        places = [name(facts[kind]) for kind in ("ward", "district") if facts[kind]]
        time, since = _time(case, run.filters.at)
        rows.append(
            {
                "category": name(facts["category"]),
                "place": ", ".join(dict.fromkeys(places)) or _("not located"),
                "unit": name(facts["unit"]) if facts["unit"] else _("no unit yet"),
                "urgent": case["severity"] == "urgent",
                "tone": TONES[case["state"]],
                "age": time,
                "since": since,
            }
        )
    return rows


def _time(case: Any, at: datetime) -> tuple[str, str]:
    """Return a case's time past or to its deadline, else its age, and the words for it."""
    words = state(case["state"])
    if case["state"] in {"overdue", "due_soon", "in_time"}:
        hours = (case["due_at"] - at).total_seconds() / 3600
        return _short(abs(hours)), words if hours < 0 else _("{state}, left", state=words)
    return _short((at - case["submitted_at"]).total_seconds() / 3600), _("{state}, came in", state=words)


def _short(hours: float) -> str:
    """Return a duration in the largest unit that is precise enough: minutes, hours, days."""
    return _("{count} min", count=number(max(0, int(hours * 60)))) if hours < 1 else duration(hours)


def _level(run: Run, screen: WallScreen) -> Dimension:
    """Return the screen's level of areas, or the one the city has."""
    return levels.default(run.reports, "ward" if screen.level == "ward" else "district")


def _raw(part: int, whole: int) -> str:
    return f"{number(part)}/{number(whole)}"


def _period(run: Run) -> str:
    start, end = (day(run.local(moment)) for moment in (run.filters.start, run.filters.at))
    return _("Period: {start} to {end}", start=start, end=end)
