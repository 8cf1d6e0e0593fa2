"""An Open311 server is polled: what it holds is in the database soon, completely and once."""

import csv
import gzip
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.health.feeds import feeds
from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.open311.client import Client, Limits
from tests.conftest import SHARED
from tests.open311_city import Harbour, expected, held, write_mapping
from tests.open311_server import SERVICES, START, GeoReport, redirect
from ui.live.sessions import Viewers
from ui.live.watch import Watcher

SCHEMAS = SHARED / "open311" / "schema"
TWO_MONTHS, MINUTE = timedelta(days=60), timedelta(minutes=1)
BOMB = gzip.compress(bytes(300_000_000))


@pytest.fixture
def geo() -> GeoReport:
    return GeoReport()


@pytest.fixture
def url(geo: GeoReport) -> Iterator[str]:
    with geo.serving() as address:
        yield address


@pytest.fixture
def harbour(geo: GeoReport, url: str, tmp_path: Path) -> Iterator[Harbour]:
    city = Harbour(tmp_path, geo, url)
    yield city
    city.client.close()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_new_and_changed_requests_come_in(
    connection: psycopg.Connection, geo: GeoReport, url: str, tmp_path: Path, form: str
) -> None:
    city = Harbour(tmp_path, geo, url, form)
    ids = geo.add(130, over=TWO_MONTHS)
    assert city.poll(connection).new == 130
    geo.later(60)
    geo.change(ids[:7])
    geo.add(3)
    brought = city.poll(connection)
    assert (brought.new, brought.updated, brought.rejected) == (3, 7, 0)
    assert held(connection) == expected(geo)
    city.client.close()


def test_a_request_says_what_a_report_is(connection: psycopg.Connection, harbour: Harbour, geo: GeoReport) -> None:
    (opened,) = geo.add(1)
    geo.later(3600)
    geo.change([opened])
    harbour.poll(connection)
    row = connection.execute(
        """select report.public_code, category.name_en, unit.name_en, channel.code, report.title, report.text,
               report.address, report.lat, report.lon, report.status, report.submitted_at,
               report.ended_at, report.due_at
           from report join category on category.id = category_id join unit on unit.id = unit_id
           join channel on channel.id = channel_id"""
    ).fetchone()
    assert row == (
        "HB-R-000001", "Graffiti", "Public Works", "phone", "Graffiti", "Report 1", "1 Main Street", 42.3001, -71.1,
        "resolved", START, START + timedelta(hours=1), START + timedelta(days=5),
    )  # fmt: skip


def test_an_open_request_has_no_end_though_it_was_updated(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    ids = geo.add(1)
    geo.later(3600)
    geo.change(ids, status="open", status_notes="under way")
    harbour.poll(connection)
    assert connection.execute("select status, ended_at from report").fetchone() == ("waiting", None)


def test_what_comes_again_unchanged_is_not_written_again(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    geo.add(20)
    harbour.poll(connection)
    before = connection.execute("select max(updated_at), count(*) from report").fetchone()
    geo.later(60)
    assert harbour.poll(connection).read == 0
    assert connection.execute("select max(updated_at), count(*) from report").fetchone() == before


def test_a_server_that_takes_no_update_times_is_read_again_in_rounds(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    geo.takes_updates = False
    ids = geo.add(300, over=TWO_MONTHS)
    harbour.poll(connection)
    geo.later(60)
    geo.change(ids[3:9])
    geo.add(5)
    harbour.poll(connection)
    assert held(connection) == expected(geo)
    spans = [(one["start_date"], one["end_date"]) for one in geo.asked if "start_date" in one]
    longest = max(datetime.fromisoformat(end) - datetime.fromisoformat(begin) for begin, end in spans)
    assert longest <= timedelta(days=90, seconds=2)


@pytest.mark.parametrize("years", [-5, 9])
def test_the_server_has_a_clock_of_its_own(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport, years: int
) -> None:
    geo.now = START + timedelta(days=365 * years)
    ids = geo.add(10, over=timedelta(days=5))
    harbour.poll(connection)
    geo.later(60)
    geo.change(ids[:2])
    assert harbour.poll(connection).updated == 2
    assert held(connection) == expected(geo)


def test_a_change_the_server_shows_late_is_not_lost(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    ids = geo.add(40, over=TWO_MONTHS)
    harbour.poll(connection)
    geo.later(300)
    geo.change(ids[:1])
    hidden = geo.requests.pop(ids[0])
    geo.change(ids[1:2])
    harbour.poll(connection)
    geo.later(200)
    geo.requests[ids[0]] = hidden
    harbour.poll(connection)
    assert held(connection) == expected(geo)


def test_a_request_without_an_id_is_taken_when_it_has_one(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    ids = geo.add(3)
    geo.requests[ids[1]]["service_request_id"] = None
    geo.requests[ids[1]]["token"] = "abc"
    harbour.poll(connection)
    assert set(held(connection)) == {ids[0], ids[2]}
    for _ in range(3):
        geo.later(900)
        geo.change([ids[0]])
        harbour.poll(connection)
    geo.requests[ids[1]]["service_request_id"] = ids[1]
    harbour.poll(connection)
    assert held(connection) == expected(geo)


def test_a_service_without_a_name_gets_it_from_the_service_list(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    geo.add(1)
    geo.requests["R-000001"]["service_name"] = None
    harbour.poll(connection)
    assert connection.execute("select name_en from category").fetchall() == [(SERVICES[1]["service_name"],)]


def test_a_server_whose_service_list_fails_is_read_without(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    geo.add(3)
    geo.bad_days.extend([500] * 4)
    assert harbour.poll(connection).new == 3


def test_a_rejected_request_is_collected_without_what_the_mapping_does_not_read(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    ids = geo.add(30)
    geo.requests[ids[0]]["requested_datetime"] = "soon"
    assert harbour.poll(connection).rejected == 1
    assert len(held(connection)) == 29
    with harbour.rejects.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert ids[0] in row["row"]
    assert "example.org" not in row["row"]
    assert harbour.rejects.stat().st_mode & 0o077 == 0
    geo.later(60)
    assert harbour.poll(connection).rejected == 0  # a known rejected row is counted once


def test_private_values_of_a_request_are_stored_nowhere(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport
) -> None:
    geo.add(3)
    harbour.poll(connection)
    tables = connection.execute("select quote_ident(tablename) from pg_tables where schemaname = 'public'").fetchall()
    for (table,) in tables:
        rows = connection.execute(f"select count(*) from {table} as own where own::text like '%example.org%'".encode())
        assert rows.fetchone() == (0,), table


def test_the_age_of_the_channels_grows_while_the_server_is_away(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport, reports: ReportDatabase
) -> None:
    geo.add(4)
    harbour.poll(connection)
    young = {feed.code: feed for feed in feeds(reports)}
    assert set(young) == {"phone", "web"}
    assert all(timedelta(0) <= datetime.now(UTC) - feed.last_delivery_at < MINUTE for feed in young.values())  # type: ignore[operator]
    assert {feed.expected_every for feed in young.values()} == {MINUTE}
    geo.bad_days.extend([500] * 4)
    with pytest.raises(FeedAway, match="answers 500"):
        harbour.poll(connection)
    assert {feed.code: feed for feed in feeds(reports)} == young
    harbour.poll(connection)
    assert all(feed.last_delivery_at > young[feed.code].last_delivery_at for feed in feeds(reports))  # type: ignore[operator]


@pytest.mark.parametrize("bad", [429, 500, 503, "broken", "empty", "slow", "bomb"])
def test_a_bad_answer_is_asked_for_again(
    connection: psycopg.Connection, harbour: Harbour, geo: GeoReport, bad: object
) -> None:
    geo.add(20)
    geo.bad_days.extend([bad, bad])
    assert harbour.poll(connection).new == 20


def test_retry_after_is_heeded(geo: GeoReport, url: str) -> None:
    waited: list[float] = []
    geo.bad_days.append(Response("", 429, {"Retry-After": "17"}))
    with Client(url, limits=Limits(pause=0), wait=waited.append) as client:
        client.ask("services", {})
    assert 17 in waited
    geo.bad_days.append(Response("", 503, {"Retry-After": "900"}))
    with Client(url, limits=Limits(pause=0), wait=waited.append) as client, pytest.raises(FeedAway) as away:
        client.ask("services", {})
    assert away.value.retry_after == 900
    geo.bad_days.append(Response("", 429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}))
    with Client(url, limits=Limits(pause=0), wait=waited.append) as client, pytest.raises(FeedAway) as away:
        client.ask("services", {})
    assert (away.value.retry_after or 0) > 1e6


def test_the_client_pauses_between_questions_and_says_who_it_is(geo: GeoReport, url: str) -> None:
    waited: list[float] = []
    with Client(url, limits=Limits(pause=0.5), wait=waited.append) as client:
        for _ in range(3):
            client.ask("services", {})
    assert [seconds > 0.3 for seconds in waited] == [False, True, True]
    assert geo.agents == {"citizen-reports-dashboard/0.1 (Open311 GeoReport v2 client)"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (redirect("file:///etc/passwd"), "redirects to file://"),
        (redirect("ftp://127.0.0.1/requests.json"), "redirects to ftp://127.0.0.1"),
        (redirect("http://169.254.169.254/latest"), "redirects to http://169.254.169.254"),
        (Response(b"[" + b" " * 3_000_000 + b"]"), "more than 2,000,000 bytes"),
        (Response(BOMB, headers={"Content-Encoding": "gzip"}), "more than 2,000,000 bytes"),
        (Response(json.dumps([{"code": 404, "description": "no \x1b[31mcity"}]), 404), "answers 404: no [31mcity"),
        (Response("<errors><error><description>no city</description></error></errors>", 400), "answers 400: no city"),
        (Response("<html>", 401), "answers 401."),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_used_is_refused_at_once(
    harbour: Harbour, geo: GeoReport, answer: Response, words: str
) -> None:
    geo.bad_days.append(answer)
    with pytest.raises(FeedRefused) as refused:
        harbour.client.ask("requests", {})
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)
    assert harbour.client.asked == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(b"x" * 50, headers={"Content-Encoding": "gzip, gzip"}), "packs its answers"),
        (Response(b"no gzip", headers={"Content-Encoding": "gzip"}), "does not answer"),
        (Response("<a/>"), "begins with <a>"),
        (Response("[" * 100_000), "no JSON"),
        (Response("null"), "neither JSON nor XML"),
        (Response('{"hits": []}'), "no list of requests"),
        (Response("[1]"), "no object"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told_after_some_tries(
    harbour: Harbour, geo: GeoReport, answer: Response, words: str
) -> None:
    geo.bad_days.extend([answer] * 4)
    with pytest.raises(FeedAway) as away:
        harbour.client.ask("requests", {})
    assert words in str(away.value)
    assert harbour.client.asked == 4


def test_redirections_on_the_same_host_are_followed_a_few_times(harbour: Harbour, geo: GeoReport) -> None:
    geo.bad_days.extend([redirect("services.json"), redirect("/v2/services.json")])
    assert len(harbour.client.ask("services", {})) == len(SERVICES)
    geo.bad_days.extend([redirect("services.json")] * 5)
    with pytest.raises(FeedRefused, match="more than 3 times"):
        harbour.client.ask("services", {})


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "city.example", "http://", "ftp://x/y", "http://[", "http://x:99999/"]
)
def test_only_addresses_of_the_web_are_asked(address: str) -> None:
    with pytest.raises(FeedRefused, match="is not understood"):
        Client(address)


def test_the_key_stands_in_no_message_and_no_log(geo: GeoReport, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    address = url.replace("http://", "http://u:s3cret@") + "?token=s3cret"
    geo.bad_days.append(401)
    with Client(address, api_key="s3cret", limits=Limits(pause=0)) as client, pytest.raises(FeedRefused) as refused:
        client.ask("services", {})
    assert "s3cret" not in str(refused.value) + caplog.text
    with Client(address, api_key="s3cret", limits=Limits(pause=0)) as client:
        client.ask("requests", {})
    assert (geo.asked[-1]["api_key"], geo.asked[-1]["token"]) == ("s3cret", "s3cret")


def test_the_jurisdiction_goes_with_every_question(
    connection: psycopg.Connection, geo: GeoReport, url: str, tmp_path: Path
) -> None:
    geo.jurisdiction = "harbour.example"
    geo.add(2)
    city = Harbour(tmp_path, geo, url)
    assert city.poll(connection).new == 2
    city.client.close()
    with Client(url, limits=Limits(pause=0)) as client, pytest.raises(FeedRefused, match="jurisdiction_id not found"):
        client.ask("requests", {})


def test_the_test_server_answers_as_the_schema_says(geo: GeoReport, url: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    if not SCHEMAS.exists():
        pytest.skip("the schemas (../shared/data/open311/schema) are not here")
    geo.add(5)
    geo.change(["R-000001"])
    with Client(url, limits=Limits(pause=0)) as client:
        for method, file in (("requests", "request.json"), ("services", "service.json")):
            schema = json.loads((SCHEMAS / file).read_text())
            for one in client.ask(method, {}):
                jsonschema.validate({**one, **{key: float(one[key]) for key in ("lat", "long") if key in one}}, schema)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "change", "reopen", "later", "poll", "poll", "lose", "kill"]),
        st.integers(0, 400),
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=STEPS,
    takes_updates=st.booleans(),
    most=st.none() | st.integers(60, 120),
    form=st.sampled_from(["json", "xml"]),
)
def test_after_any_changes_polls_and_failures_nothing_is_missing_or_doubled(
    connection: psycopg.Connection,
    tmp_path: Path,
    steps: list[tuple[str, int]],
    takes_updates: bool,
    most: int | None,
    form: str,
) -> None:
    connection.execute("truncate report, report_source, report_event, report_past, live_source, feed cascade")
    geo = GeoReport(takes_updates=takes_updates, most=most, most_of_a_page=40)
    geo.add(30, over=TWO_MONTHS)
    with geo.serving() as address, ExitStack() as opened:
        city = Harbour(tmp_path, geo, address, form, since=START - timedelta(days=80))
        opened.callback(lambda: city.client.close())  # noqa: PLW0108 - the last one
        for step, number in steps:
            ids = list(geo.requests)
            if step == "add":
                geo.add(number % 60, over=timedelta(seconds=number))
            elif step in {"change", "reopen"}:
                some = ids[number % len(ids) :: 3]
                geo.change(some, status="closed" if step == "change" else "open", description=f"{number}")
            elif step == "later":
                geo.later(number * 100)
            else:
                if step != "poll":
                    geo.bad_days.extend([None] * (number % 9) + [500, "broken", 503, "empty"])
                with suppress(FeedAway) if step != "poll" else nullcontext():
                    city.poll(connection)
                geo.bad_days.clear()
                if step == "kill":
                    city.client.close()
                    city = Harbour(tmp_path, geo, address, form)
            geo.later(1)
        city.poll(connection)
    assert held(connection) == expected(geo)
    assert connection.execute("select count(*) from report").fetchone() == (len(geo.requests),)


def command(database: str, url: str, mapping: Path, *more: str) -> list[str]:
    own = [sys.executable, "-m", "reportdb", "open311", "poll", url, str(mapping), "--database", database]
    return [*own, "--rejects", str(mapping.parent / "rejects.csv"), "--since", "2026-01-01", *more]


def test_500_changes_are_on_screen_within_the_interval_and_five_seconds(
    database: str, connection: psycopg.Connection, reports: ReportDatabase, geo: GeoReport, url: str, tmp_path: Path
) -> None:
    geo.runs, geo.most_of_a_page = True, 200
    ids = geo.add(2000, over=TWO_MONTHS)
    interval = 4
    process = subprocess.Popen(command(database, url, write_mapping(tmp_path), "--interval", str(interval)))
    try:
        wait_until(lambda: len(held(connection)) == 2000, 60)
        time.sleep(1)
        geo.change(ids[100:600])
        watcher = Watcher(reports, Viewers())
        wait_until(lambda: shown_open(watcher) == 1500, interval + 5)
        watcher.stop()
        assert held(connection) == expected(geo)
    finally:
        process.terminate()
        assert process.wait(20) == 0


def shown_open(watcher: Watcher) -> int:
    """Return the open cases at the moment that screens show."""
    at = Filters.of(scope=ALL_CASES, at=watcher.pulse.at, zone=ZoneInfo("America/New_York"))
    return case_count(watcher.reports, at, figure="open")


def test_a_poll_killed_in_the_middle_doubles_and_loses_nothing(
    database: str, connection: psycopg.Connection, geo: GeoReport, url: str, tmp_path: Path
) -> None:
    geo.most_of_a_page = 20
    geo.add(800, over=TWO_MONTHS)
    mapping = write_mapping(tmp_path)
    for turn in range(1, 4):
        asked = len(geo.asked)
        process = subprocess.Popen(command(database, url, mapping, "--once", "--pause", "0.01"))
        wait_until(lambda: len(geo.asked) > asked + 25 * turn or process.poll() is not None, 60)  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.wait()
        geo.later(20)
        geo.change(list(geo.requests)[turn * 50 : turn * 100])
        geo.add(10)
    done = subprocess.run(command(database, url, mapping, "--once", "--pause", "0"), check=True, capture_output=True)
    assert b"open311 harbour: " in done.stdout
    assert held(connection) == expected(geo)
    assert connection.execute("select count(*), count(distinct source_ref) from report").fetchone() == (830, 830)


def test_a_second_reader_of_the_same_server_is_refused(
    database: str,
    connection: psycopg.Connection,
    geo: GeoReport,
    harbour: Harbour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from reportdb.feeds import running

    monkeypatch.setattr(running, "_SECONDS_FOR_A_LOST_SESSION", 0)
    geo.add(1)

    def within(own: psycopg.Connection) -> None:
        with pytest.raises(FeedRefused, match="already being read by another process"):
            running.keep_reading(database, "open311 harbour", lambda _c: None, interval=1, once=True)
        harbour.poll(own)

    running.keep_reading(database, "open311 harbour", within, interval=1, once=True)
    assert len(held(connection)) == 1


def wait_until(condition: object, seconds: float) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.1)
