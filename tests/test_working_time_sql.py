"""Working time in the database: the same answers and errors as in Python, and always from the present calendar."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reportdb.database.connection import connect
from reportdb.deadlines.calendars import fill_calendar
from reportdb.deadlines.working_time import CalendarError, WorkingTime
from tests.calendars import hanoi as add_city
from tests.calendars import utc, working_days
from tests.conftest import NewDatabase

FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
DAY = 86_400_000_000  # microseconds

Moments = NDArray[np.datetime64]


@pytest.fixture(scope="module")
def hanoi(new_database: NewDatabase, schema_template: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to a database with Hanoi's calendar of 2024 to 2027; read only."""
    with connect(new_database(schema_template)) as connection:
        add_city(connection)
        fill_calendar(connection, country="VN", subdivision=None, first=FIRST, last=LAST)
        yield connection


@pytest.fixture(scope="module")
def hours(hanoi: psycopg.Connection) -> WorkingTime:
    return WorkingTime.from_database(hanoi)


def _np(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _edges() -> Moments:
    """Every opening and closing, midnight, noon break, New Year and Tết of a span, and a microsecond around each."""
    days = np.arange("2025-12-20", "2026-03-05", dtype="datetime64[D]").astype("datetime64[us]")
    clocks = np.array([0, 480, 720, 750, 780, 1020, 1200], dtype="timedelta64[m]").astype("timedelta64[us]")
    around = np.array([-1, 0, 1], dtype="timedelta64[us]")
    local = days[:, None, None] + clocks[:, None] + around
    return np.asarray((local - np.timedelta64(7, "h")).ravel())


def _random_moments(rng: np.random.Generator, count: int, days: int) -> Moments:
    return np.datetime64(FIRST, "us") + rng.integers(DAY, days * DAY, count).astype("timedelta64[us]")


def _all(connection: psycopg.Connection, query: str, moments: Moments, others: NDArray[Any]) -> NDArray[np.float64]:
    """Ask for all pairs in one statement; a and b in the query are microseconds since 1970, or minutes."""
    rows = connection.execute(
        f"""with pair as (
                select moment_of(a) as a, b, n from unnest(%s::bigint[], %s::double precision[])
                    with ordinality as pair (a, b, n))
            {query}""".replace("moment_of(a)", "timestamptz 'epoch' + a * interval '1 microsecond'"),
        [moments.astype(np.int64).tolist(), others.astype(np.float64).tolist()],
    ).fetchall()
    return np.array([row[0] for row in rows])


ADD = """select (extract(epoch from ends) * 1000000)::bigint
    from pair left join lateral try_working_add(a, b) on true order by n"""
BETWEEN = """select minutes from pair
    left join lateral try_working_between(a, timestamptz 'epoch' + b * interval '1 microsecond') on true order by n"""


def test_a_hundred_thousand_random_sums_are_pythons(hanoi: psycopg.Connection, hours: WorkingTime) -> None:
    rng = np.random.default_rng(1000)
    moments = np.concatenate([_random_moments(rng, 100_000, 1300), _edges()])
    minutes = rng.integers(0, 20_000, len(moments)) / rng.choice([1, 7, 60_000_000], len(moments))
    minutes[rng.random(len(moments)) < 0.1] = 0
    ends = _all(hanoi, ADD, moments, minutes).astype("datetime64[us]")
    assert (ends == hours.add(moments, minutes)).all()
    # Whole microseconds of work, counted back from the end, give the minutes again.
    back = _all(hanoi, BETWEEN, moments, ends.astype(np.int64))
    assert (np.rint(back * 60_000_000) == np.rint(minutes * 60_000_000)).all()


def test_a_hundred_thousand_random_spans_are_pythons(hanoi: psycopg.Connection, hours: WorkingTime) -> None:
    rng = np.random.default_rng(1001)
    since = np.concatenate([_random_moments(rng, 100_000, 1400), _edges()])
    until = np.concatenate([_random_moments(rng, 100_000, 1400), rng.permutation(_edges())])
    # Microseconds since 1970 are below 2^53: exact as a double.
    assert (_all(hanoi, BETWEEN, since, until.astype(np.int64)) == hours.between(since, until)).all()


def test_a_start_within_office_hours_is_found_again(hanoi: psycopg.Connection, hours: WorkingTime) -> None:
    """Count the work from an opening before the start; adding it to that opening gives the start again."""
    rng = np.random.default_rng(1002)
    starts = hours.add(_random_moments(rng, 10_000, 1300), rng.integers(1, 480, 10_000))
    opening = np.full(10_000, _np(utc("2024-01-02 08:00")))
    done = _all(hanoi, BETWEEN, opening, starts.astype(np.int64))
    assert (_all(hanoi, ADD, opening, done).astype("datetime64[us]") == starts).all()


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-01-06 11:30", 30, "2026-01-06 12:00", id="ends at closing, not at the next opening"),
        pytest.param("2026-01-06 12:20", 30, "2026-01-06 13:30", id="begins during lunch"),
        pytest.param("2026-01-06 22:15", 480, "2026-01-07 17:00", id="begins at night"),
        pytest.param("2026-01-18 10:00", 480, "2026-01-19 17:00", id="begins on Sunday"),
        pytest.param("2026-01-09 16:00", 120, "2026-01-10 09:00", id="into the Saturday that is worked"),
        pytest.param("2025-12-31 16:00", 480, "2026-01-05 16:00", id="across New Year with its swapped Friday"),
        pytest.param("2026-02-13 15:00", 240, "2026-02-23 10:00", id="across Tết"),
        pytest.param("2026-01-06 12:00", 0, "2026-01-06 13:00", id="nothing to add at closing: the next opening"),
    ],
)
def test_one_deadline(hanoi: psycopg.Connection, start: str, minutes: int, end: str) -> None:
    query = "select working_add(%(start)s, %(minutes)s), working_between(%(start)s, %(end)s)"
    values = {"start": utc(start), "minutes": minutes, "end": utc(end)}
    assert hanoi.execute(query, values).fetchone() == (utc(end), minutes)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-06 00:00", "2026-01-08 00:00"),
        ("2026-01-09 23:59:59.999999", "2026-01-11 00:00"),
        ("2026-01-10 09:00", "2026-01-13 00:00"),
        ("2026-02-13 18:00", "2026-02-24 00:00"),
    ],
)
def test_the_next_working_day_ends_at_midnight(hanoi: psycopg.Connection, moment: str, end: str) -> None:
    assert hanoi.execute("select next_working_day_end(%s)", [utc(moment)]).fetchone() == (utc(end),)


def test_the_unknown_stays_unknown(hanoi: psycopg.Connection) -> None:
    assert hanoi.execute(
        """select working_add(null, 1), working_add('2026-01-06', null), working_between(null, '2026-01-06'),
               next_working_day_end(null)"""
    ).fetchone() == (None, None, None, None)


_INSTANTS = st.datetimes(datetime(2024, 2, 1), datetime(2027, 6, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
_FEW = settings(
    max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_FEW
@given(moment=_INSTANTS, minutes=st.integers(0, 20_000))
def test_one_row_is_answered_as_python_does(
    hanoi: psycopg.Connection, hours: WorkingTime, moment: datetime, minutes: int
) -> None:
    found = hanoi.execute(
        """select due, working_between(%(moment)s, due), working_between(due, %(moment)s),
               next_working_day_end(%(moment)s)
           from working_add(%(moment)s, %(minutes)s) as due""",
        {"moment": moment, "minutes": minutes},
    ).fetchone()
    assert found is not None
    assert _np(found[0]) == hours.add(_np(moment), minutes)
    assert found[1:3] == (minutes, -minutes)
    assert _np(found[3]) == hours.next_working_day_end(_np(moment))


@_FEW
@given(moment=_INSTANTS, first=st.integers(1, 5_000), then=st.integers(1, 5_000))
def test_work_may_be_split_in_two(hanoi: psycopg.Connection, moment: datetime, first: int, then: int) -> None:
    query = "select working_add(working_add(%(a)s, %(b)s), %(c)s) = working_add(%(a)s, %(b)s + %(c)s)"
    assert hanoi.execute(query, {"a": moment, "b": first, "c": then}).fetchone() == (True,)


REFUSED = [
    ("working_add", ["2026-01-05"], "2026-01-05 to 2026-01-05 and does not reach 2026-01-06"),
    ("working_add", ["2026-01-06"], "ends on 2026-01-06, before the work is done. Fill the tables"),
    ("working_add", ["2026-01-06", "2026-01-09"], "lacks 2026-01-07, 2026-01-08. Fill"),
    ("working_add", ["2026-01-06", "2026-01-20"], "2026-01-10, 2026-01-11 and 8 more. Fill"),
    ("working_between", ["2026-01-05"], "does not reach 2026-01-06"),
    ("working_between", ["2026-01-06"], "runs from 2026-01-06 to 2026-01-06 and does not reach 2026-01-09"),
    ("working_between", ["2026-01-06", "2026-01-08", "2026-01-09"], "lacks 2026-01-07. Fill"),
    ("working_between", ["2026-01-05", "2026-01-07", "2026-01-08", "2026-01-09"], "lacks 2026-01-06. Fill"),
    ("next_working_day_end", ["2026-01-06"], "ends on 2026-01-06, before"),
    ("next_working_day_end", ["2026-01-05", "2026-01-07", "2026-01-08"], "lacks 2026-01-06. Fill"),
    ("next_working_day_end", ["2026-01-06", "2026-01-08"], "lacks 2026-01-07. Fill"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "days", "message"), REFUSED)
def test_days_the_calendar_lacks_are_refused_as_in_python(
    connection: psycopg.Connection, function: str, days: list[str], message: str
) -> None:
    working_days(connection, *days)
    start, end = utc("2026-01-06 16:00"), utc("2026-01-09 09:00")
    arguments: dict[str, list[Any]] = {
        "working_add": [start, 120],
        "working_between": [start, end],
        "next_working_day_end": [start],
    }
    places = ", ".join(["%s"] * len(arguments[function]))
    with pytest.raises(psycopg.DataError) as in_sql:
        connection.execute(f"select {function}({places})", arguments[function])
    assert message in str(in_sql.value)
    hours = WorkingTime.from_database(connection)
    asked: dict[str, Callable[[], object]] = {
        "working_add": lambda: hours.add(_np(start), 120),
        "working_between": lambda: hours.between(_np(start), _np(end)),
        "next_working_day_end": lambda: hours.next_working_day_end(_np(start)),
    }
    with pytest.raises(CalendarError) as in_python:
        asked[function]()
    assert message in str(in_python.value)


def test_a_gap_affects_only_rows_that_cross_it(connection: psycopg.Connection) -> None:
    working_days(connection, *(f"2026-01-{day:02}" for day in range(5, 10) if day != 7))
    moments = [utc(f"2026-01-{day:02} 16:00") for day in (2, 5, 6, 7, 8, 9)]
    due = connection.execute(
        "select ends from unnest(%s) as start left join lateral try_working_add(start, 120) on true order by start",
        [moments],
    ).fetchall()
    assert [end for (end,) in due] == [None, utc("2026-01-06 09:00"), None, None, utc("2026-01-09 09:00"), None]
    worked = connection.execute(
        """select minutes from unnest(%s) as start
           left join lateral try_working_between(start, %s) on true order by start""",
        [moments, utc("2026-01-09 17:00")],
    ).fetchall()
    assert [minutes for (minutes,) in worked] == [None, None, None, None, 540, 60]


def test_an_invalid_calendar_is_refused_with_a_message(connection: psycopg.Connection) -> None:
    def refusal() -> str:
        with pytest.raises(psycopg.DataError) as refused:
            connection.execute("select working_add('2026-01-06', 1)")
        return str(refused.value)

    assert "The table city is empty" in refusal()
    working_days(connection, "2026-01-06")
    with pytest.raises(psycopg.DataError, match="must not be negative"):
        connection.execute("select working_add('2026-01-06', -1)")
    connection.execute("insert into office_hours values ('2026-01-01', '11:00', '14:00', 'test', true)")
    assert "office hours overlap" in refusal()
    connection.execute("delete from office_hours")
    assert "The calendar is empty. Fill the tables" in refusal()


@pytest.mark.parametrize("zone", ["America/New_York", "America/Havana", "Australia/Lord_Howe", "Asia/Ho_Chi_Minh"])
def test_days_on_which_clocks_change_are_pythons(connection: psycopg.Connection, zone: str) -> None:
    """Offices that open at night, when an hour is missing or occurs twice; Havana's midnight does so."""
    add_city(connection, zone)
    connection.execute(
        """insert into working_day (day, working, source)
               select day, true, 'test' from generate_series(date '2026-01-01', date '2026-12-31', '1 day') as day;
           insert into office_hours values ('1900-01-01', '00:30', '01:45', 'test', true),
               ('1900-01-01', '02:15', '03:30', 'test', true)"""
    )
    hours = WorkingTime.from_database(connection)
    moments = np.arange("2026-01-03", "2026-12-28", 97, dtype="datetime64[m]").astype("datetime64[us]")
    minutes = np.arange(len(moments)) % 200
    ends = _all(connection, ADD, moments, minutes).astype("datetime64[us]")
    assert (ends == hours.add(moments, minutes)).all()
    nexts = _all(
        connection, "select (extract(epoch from next_working_day_end(a)) * 1000000)::bigint from pair order by n",
        moments[::20], minutes[::20],
    ).astype("datetime64[us]")  # fmt: skip
    assert (nexts == hours.next_working_day_end(moments[::20])).all()


def test_the_reader_may_ask_and_not_write(hanoi: psycopg.Connection) -> None:
    with hanoi.transaction(force_rollback=True):
        hanoi.execute("set local role report_reader")
        assert hanoi.execute("select working_between('2026-01-06 01:00Z', '2026-01-06 02:00Z')").fetchone() == (60,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            hanoi.execute("delete from working_line")
