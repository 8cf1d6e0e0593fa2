"""The summary: what it counts equals what the reports themselves say, for every figure, filter and moment."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.database import ReportDatabase
from queries.days import days
from queries.figures import city
from queries.filters import Filters
from queries.period import happened, hours, summarised
from reportdb.check import find_damage
from reportdb.connection import connect
from reportdb.simulation import Simulation
from reportdb.summary import summarise
from tests.conftest import DEMO_NOW, NewDatabase, database_name

_Asked = tuple[timedelta, timedelta, dict[str, Any]]
DIMENSIONS = (None, "district", "ward", "unit", "category", "channel")
CHOICES = {"districts": 30, "wards": 126, "units": 40, "categories": 12, "channels": 5}


class _Unsummarised(ReportDatabase):
    """The same database for one who finds nothing counted beforehand."""

    def ask(self, question: str, **parameters: Any) -> pd.DataFrame:
        return pd.DataFrame() if question == "summary" else super().ask(question, **parameters)


def _the_same(filters: Filters, by: str | None, counted: ReportDatabase, recounted: ReportDatabase) -> None:
    for ask in (happened, hours):
        found, truth = (
            ask(reports, filters, by=by).sort_values("key", ignore_index=True) for reports in (counted, recounted)
        )
        pd.testing.assert_frame_equal(found, truth, check_dtype=False)
    (found, step), (truth, _) = (days(reports, filters) for reports in (counted, recounted))
    pd.testing.assert_frame_equal(found, truth, check_dtype=False)
    # What was open when a step ended, asked for as any moment is.
    row = found.iloc[len(found) // 2]
    midnight = datetime.combine(row["day"] + timedelta(days=step), time.min, filters.zone)
    then = replace(filters, at=min(midnight, filters.at))
    assert row["open"] == recounted.ask_now("case_count", figure="open", **then.parameters())["cases"].iloc[0]


@st.composite
def some_filters(draw: st.DrawFn) -> _Asked:
    """How long ago the moment is, how long the period before it, and up to two choices."""
    ago = draw(st.one_of(st.just(timedelta()), st.timedeltas(timedelta(), timedelta(days=500))))
    length = draw(st.timedeltas(timedelta(), timedelta(days=800)))
    chosen = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=2, unique=True))
    picks = {
        name: tuple(draw(st.sets(st.integers(-1, CHOICES[name]).filter(bool), min_size=1, max_size=8)))
        for name in chosen
    }
    if draw(st.booleans()):
        picks["scope"] = tuple(draw(st.sets(st.integers(1, CHOICES["units"]), min_size=1, max_size=8)))
    return ago, length, picks


@settings(max_examples=20, deadline=None, derandomize=True)
@given(asked=some_filters(), by=st.sampled_from(DIMENSIONS))
def test_counts_equal_a_recount(demo: str, asked: _Asked, by: str | None) -> None:
    ago, length, picks = asked
    with closing(ReportDatabase(demo)) as counted, closing(_Unsummarised(demo)) as recounted:
        at = DEMO_NOW - ago
        filters = Filters.of(at=at, zone=city(counted).zone, start=at - length, **picks)
        _the_same(filters, by, counted, recounted)


def test_a_year_is_answered_by_the_summary(demo: str) -> None:
    with closing(ReportDatabase(demo)) as reports:
        year = Filters.of(at=DEMO_NOW, zone=city(reports).zone, start=DEMO_NOW - timedelta(days=365))
        for filters, by, dimension in (
            (year, None, "city"),
            (year, "unit", "unit"),
            (year.choosing(units=(1, 2)), None, "unit"),
            (year.choosing(units=(1, 2)), "unit", "unit"),
        ):
            whole = summarised(reports, filters, by)
            assert whole is not None
            assert (whole.dimension, (whole.end - whole.first).days) == (dimension, 364)
        assert summarised(reports, year.choosing(units=(1,)), "category") is None
        assert summarised(reports, year.choosing(units=(1,)), "category", months=True) is not None


def test_changes_are_counted_at_once_and_stay_counted(demo: str, new_database: NewDatabase) -> None:
    url = new_database(database_name(demo))
    later = DEMO_NOW + timedelta(days=2)
    with connect(url) as connection:
        Simulation(connection, per_hour=20, seed=1, now=DEMO_NOW).advance(later)
        # Corrections, which leave no history: sent elsewhere, never ended, never there.
        connection.execute("update report set district_id = 3, unit_id = 7 where id % 50 = 1")
        connection.execute("update report set status = 'waiting', ended_at = null where id % 50 = 2 and rating is null")
        connection.execute("delete from report_event where report_id % 50 = 3")
        connection.execute("delete from report_past where report_id % 50 = 3")
        connection.execute("delete from report where id % 50 = 3")
        with closing(ReportDatabase(url)) as counted, closing(_Unsummarised(url)) as recounted:
            assert not counted.ask_now("summary").empty
            for when in ("noted", "brought into the counts"):
                assert connection.execute("select count(*) > 0 from report_change").fetchone() == (when == "noted",)
                for at in (later, DEMO_NOW - timedelta(days=20), DEMO_NOW - timedelta(days=200)):
                    filters = Filters.of(at=at, zone=city(counted).zone, start=at - timedelta(days=300))
                    _the_same(filters, "unit", counted, recounted)
                    _the_same(filters.choosing(districts=(3,)), None, counted, recounted)
                    _the_same(filters.choosing(districts=(3, 4), categories=(1, 2, 3)), "unit", counted, recounted)
                summarise(connection, now=later)
        assert [str(found) for found in find_damage(connection, later) if "summarise" in str(found)] == []
