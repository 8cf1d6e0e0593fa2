"""In which ways the rows of a file change reports that are known already."""

import psycopg
from psycopg import sql

_ENDS = {
    "resolved since": "report.ended_at is null and arriving.status = 'resolved'",
    "refused since": "report.ended_at is null and arriving.status = 'refused'",
    "open again": "report.ended_at is not null and arriving.ended_at is null",
    "in another status": """report.status <> arriving.status
        and (report.ended_at is null) = (arriving.ended_at is null)""",
    "with another closing time": """report.ended_at is not null and arriving.ended_at is not null
        and (report.ended_at, report.ended_known) is distinct from (arriving.ended_at, arriving.ended_known)""",
}
_COLUMNS = {
    "with a moved deadline": "due_at",
    "with another time of being taken on": "received_at",
    "with another time of submission": "submitted_at",
    "in another category": "category_id",
    "of another severity": "severity",
    "by another channel": "channel_id",
    "with another unit": "unit_id",
    "with another officer": "officer",
    "in another place": "lon, lat, district_id, ward_id",
    "with corrected words": "title, text, address",
    "reopened another number of times": "reopen_count",
}


def count_changes(connection: psycopg.Connection, published: str) -> dict[str, int]:
    """Return how many of the reports in `changed` differ from their rows in `arriving` in which way, in words.

    Call it before the reports are corrected. `published` are the columns of report_source that rows fill.
    """
    ways = _ENDS | {words: _differ("report", columns) for words, columns in _COLUMNS.items()}
    ways["with other words of the source's own"] = _differ("report_source", published)
    # The conditions are constants of this file.
    counts = sql.SQL(", ").join(sql.SQL(f"count(*) filter (where {differs})") for differs in ways.values())
    row = connection.execute(
        sql.SQL(
            """select {} from changed join arriving using (id) join told_report as report using (id)
               left join report_source on report_id = id"""
        ).format(counts)
    ).fetchone()
    return dict(zip(ways, row or (0,) * len(ways), strict=True))


def _differ(table: str, columns: str) -> str:
    ours, theirs = (", ".join(f"{name}.{column}" for column in columns.split(", ")) for name in (table, "arriving"))
    return f"({ours}) is distinct from ({theirs})"
