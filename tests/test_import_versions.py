"""Files of versions in any order end in the same state, and every account adds up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.import_cases import IMPORTED, Case

HEADER = "id,opened,closed,category,status,lon,lat,updated"
CHANGED = datetime(2024, 3, 2, tzinfo=UTC)
REPORTS, VERSIONS = 4, 6


def line(report: int, version: int) -> str:
    """Return a report's row as its source wrote it at a version: every third closes it."""
    changed = (CHANGED + timedelta(hours=version)).isoformat() if version else ""
    closed = changed if version % 3 == 2 else ""
    status = "Closed" if closed else "Open"
    return f"{report},2024-03-01,{closed},Kind {version % 2},{status},-73.9,40.{report}{version},{changed}"


VERSION = st.tuples(st.integers(1, REPORTS), st.integers(0, VERSIONS))
FILES = st.lists(st.lists(VERSION, min_size=1, max_size=8), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, garbage=st.integers(0, 3), data=st.data())
def test_versions_in_any_order_end_in_the_newest(
    connection: psycopg.Connection,
    tmp_path: Path,
    files: list[list[tuple[int, int]]],
    garbage: int,
    data: st.DataObject,
) -> None:
    case = Case("36", tmp_path)
    case.remap("ended = {", 'changed = { columns = ["updated"], format = "iso" }\nended = {')
    case.remap("nothing = []", "nothing = []\nmost_rejected = 1")
    connection.execute("truncate report, report_event, report_source, report_past, category cascade")
    newest: dict[int, int] = {}
    for number, file in enumerate(files):
        lines = [line(*version) for version in file] + ["broken"] * garbage
        counts = case.load_text(
            connection, HEADER, *data.draw(st.permutations(lines)), at=IMPORTED + timedelta(days=number)
        )
        known = dict(newest)
        for report, version in file:
            newest[report] = max(newest.get(report, 0), version)
        fresh = {report for report, _ in file} - set(known)
        better = {report for report in known if newest[report] > known[report]}
        assert counts.read == len(lines)
        assert (counts.new, counts.updated, counts.rejected) == (len(fresh), len(better), garbage)
        same = {report for report, version in file if known.get(report) == version == newest[report]}
        assert counts.unchanged == len(same)
        assert counts.repeated == len(file) - len(set(file))
    kept = connection.execute(
        """select cast(split_part(source_ref, ':', 2) as integer), category.name_en, status = 'resolved', lat
           from report join category on category.id = category_id order by 1"""
    ).fetchall()
    assert kept == [
        (report, f"Kind {version % 2}", version % 3 == 2, float(f"40.{report}{version}"))
        for report, version in sorted(newest.items())
    ]
    steps = connection.execute(
        """select count(*) from report where 1 + cast(ended_at is not null as integer)
               <> (select count(*) from report_event where report_id = id)"""
    ).fetchone()
    assert steps == (0,)
