"""Ages, thresholds, /health, /metrics and the status page, with a database and without one."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import UnknownElement

from queries.engine.database import DatabaseAway
from queries.figures.figures import City
from queries.health.feeds import Feed
from reportdb.database.migrations import BASELINE, SCHEMA
from tests.reports import report, small_city
from ui.base.i18n import speaking
from ui.base.thresholds import Limits, SettingsError, Thresholds, read, thresholds
from ui.live.freshness import freshness
from ui.live.pulse import Pulse
from ui.live.watch import Watcher, watching
from ui.server.metrics import health, metrics

FRAME = Path(__file__).parents[1] / "ui" / "frame" / "page_frame.py"
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
HERE = Request({"type": "http", "headers": []})
NOBODY = "postgresql://nobody@127.0.0.1:9/report"
CITY = City("test", "Thành phố", "City", "Asia/Ho_Chi_Minh", False, None, NOW - timedelta(days=9), NOW)


def feed(minutes_ago: float | None, every: float = 10) -> Feed:
    last = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return Feed("zalo", "Zalo", "Zalo", last, timedelta(minutes=every))


@pytest.mark.parametrize(
    ("minutes_ago", "levels"), [(0, []), (19, []), (20, ["amber"]), (59, ["amber"]), (60, ["red"]), (None, ["red"])]
)
def test_a_channel_is_late_by_its_own_rhythm(minutes_ago: float | None, levels: list[str]) -> None:
    pulse = Pulse(at=NOW, city=CITY, feeds=(feed(minutes_ago),), answered_at=NOW)
    assert [level for _feed, level in pulse.late_feeds] == levels


def test_a_city_that_is_not_live_has_no_late_channel() -> None:
    later = NOW + timedelta(days=90)
    assert Pulse(at=later, city=CITY, feeds=(feed(0),), answered_at=later).late_feeds == ()


@pytest.mark.parametrize(("seconds", "level"), [(2, "amber"), (59, "amber"), (60, "red")])
def test_an_answer_is_old_by_its_own_limits(seconds: int, level: str) -> None:
    pulse = Pulse(at=NOW, answered_at=NOW, looked_at=NOW + timedelta(seconds=seconds), trouble=DatabaseAway())
    assert pulse.answers == level
    assert Pulse(at=NOW, answered_at=NOW, looked_at=NOW).answers == "green"


def test_a_page_is_drawn_again_when_what_it_says_changes_and_not_before() -> None:
    calm = Pulse(at=NOW, city=CITY, feeds=(feed(0),), answered_at=NOW, looked_at=NOW)
    later = Pulse(at=NOW, city=CITY, feeds=(feed(5),), answered_at=NOW, looked_at=NOW + timedelta(seconds=2))
    assert calm.seen == later.seen
    assert calm.seen != Pulse(at=NOW, city=CITY, feeds=(feed(30),), answered_at=NOW, looked_at=NOW).seen
    away = Pulse(at=NOW, city=CITY, answered_at=NOW, looked_at=NOW, trouble=DatabaseAway("first"))
    again = Pulse(at=NOW, city=CITY, answered_at=NOW, looked_at=NOW, trouble=DatabaseAway("second"))
    assert away.seen == again.seen != calm.seen


def test_each_kind_of_trouble_has_its_words_in_both_languages() -> None:
    with speaking("en"):
        slow = freshness(Pulse(at=NOW, trouble=DatabaseAway("", "slow")), None)
        full = freshness(Pulse(at=NOW, trouble=DatabaseAway("", "disk_full")), None)
    assert (slow.words, full.words) == ("The database is slow", "The database's disk is full")
    assert slow.tone == "overdue"


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "green"), (9, "green"), (10, "amber"), (59, "amber"), (60, "red"), (None, "amber")]
)
def test_a_copy_is_behind_by_its_own_limits(seconds: int | None, level: str) -> None:
    known_to = None if seconds is None else NOW - timedelta(seconds=seconds)
    copy = Pulse(at=NOW, answered_at=NOW, is_copy=True, known_to=known_to)
    assert copy.copy_level == level
    assert copy.behind == (None if seconds is None else timedelta(seconds=seconds))
    primary = Pulse(at=NOW, answered_at=NOW, known_to=known_to)
    assert (primary.copy_level, primary.behind) == ("green", None)


def test_a_page_is_drawn_again_when_its_copy_falls_behind() -> None:
    near, far = (Pulse(at=NOW, answered_at=NOW, is_copy=True, known_to=NOW - timedelta(seconds=s)) for s in (3, 11))
    assert near.seen != far.seen
    assert near.seen == Pulse(at=NOW, answered_at=NOW, is_copy=True, known_to=NOW - timedelta(seconds=4)).seen


def test_a_standbys_channels_are_judged_at_its_own_moment() -> None:
    behind = Pulse(
        at=NOW, city=CITY, feeds=(feed(5),), answered_at=NOW + timedelta(hours=9), is_copy=True, known_to=NOW
    )
    assert behind.late_feeds == ()


@pytest.mark.parametrize("seconds_ahead", [299, 301])
def test_a_delivery_dated_in_the_future_does_not_count(seconds_ahead: int) -> None:
    pulse = Pulse(at=NOW, city=CITY, feeds=(feed(-seconds_ahead / 60),), answered_at=NOW)
    assert [level for _feed, level in pulse.late_feeds] == (["red"] if seconds_ahead > 300 else [])


def test_values_missing_in_a_file_keep_their_defaults() -> None:
    assert read({"feed": {"amber": 1}}) == Thresholds(feed=Limits(1, 6))


@pytest.mark.parametrize(
    "said", [{"feeds": {}}, {"feed": 3}, {"feed": {"amber": "2"}}, {"answer": {"amber": 70}}, {"feed": {"yellow": 1}}]
)
def test_an_invalid_setting_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        read(said)


def test_the_shipped_file_has_the_codes_defaults() -> None:
    assert thresholds() == Thresholds()


@pytest.fixture
def watched(connection: psycopg.Connection, database: str) -> Iterator[Watcher]:
    small_city(connection)
    now = datetime.now(UTC)
    report(connection, 1, submitted_at=now, updated_at=now)
    connection.execute("insert into feed values (1, now(), '1 minute'), (2, now() - interval '1 day', '5 minutes')")
    with watching(database) as found:
        yield found


def asked_for_health() -> tuple[int, dict[str, Any]]:
    answer = asyncio.run(health(HERE))
    return answer.status_code, json.loads(bytes(answer.body))


def test_health_says_what_is_wrong_and_stays_up_while_there_is_something_to_show(watched: Watcher) -> None:
    code, said = asked_for_health()
    assert (code, said["status"], said["late_channels"]) == (200, "ok", ["zalo"])
    watched.stop()
    city = watched.pulse.city
    watched.pulse = Pulse(at=NOW, city=city, looked_at=datetime.now(UTC), trouble=DatabaseAway("", "crowded"))
    code, said = asked_for_health()
    assert (code, said["status"], said["trouble"]) == (200, "away", "crowded")
    watched.pulse = Pulse(at=NOW, city=city, looked_at=datetime.now(UTC), answered_at=NOW, is_copy=True)
    code, said = asked_for_health()
    assert (code, said["status"], said["copy"], said["copy_seconds_behind"]) == (200, "behind", True, None)
    known_to = NOW - timedelta(minutes=12)
    watched.pulse = replace(watched.pulse, known_to=known_to)
    assert asked_for_health()[1]["copy_seconds_behind"] == 720
    watched.pulse = replace(watched.pulse, known_to=NOW)
    assert asked_for_health()[1]["status"] == "ok"
    watched.pulse = Pulse(at=NOW, city=city, looked_at=datetime.now(UTC) - timedelta(minutes=1))
    assert asked_for_health()[0] == 503, "no process watches any more"


def test_health_is_down_while_there_is_nothing_to_show() -> None:
    with watching(NOBODY):
        code, said = asked_for_health()
    assert (code, said["status"]) == (503, "nothing to show")


def measured() -> dict[tuple[str, ...], float]:
    """Return every metric by its name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(bytes(metrics(HERE).body).decode())
        for sample in family.samples
    }


def test_metrics_show_how_far_a_standby_is_behind(watched: Watcher) -> None:
    found = measured()
    assert found["dashboard_database_is_copy",] == 0
    assert ("dashboard_copy_behind_seconds",) not in found
    watched.stop()
    watched.pulse = Pulse(at=NOW, answered_at=NOW, is_copy=True, known_to=NOW - timedelta(minutes=12))
    found = measured()
    assert found["dashboard_database_is_copy",] == 1
    assert found["dashboard_copy_behind_seconds",] == 720


def test_metrics_are_in_prometheus_format(watched: Watcher) -> None:
    watched.reports.ask("names")
    found = measured()
    assert found["dashboard_database_up",] == 1
    assert found["dashboard_query_seconds_count", "names"] == 1
    assert found["dashboard_feed_rhythm_seconds", "zalo"] == 300
    assert found["process_resident_memory_bytes",] > 1e6


pytestmark = pytest.mark.usefixtures("administrator")


def status_page() -> str:
    """Draw the status page and return its panel."""
    app = AppTest.from_file(str(FRAME), default_timeout=60)
    app.query_params["lang"] = "en"
    app.switch_page(str(FRAME.parents[2] / "pages" / "status.py"))
    app.run()
    assert not app.exception
    told = [e.proto.json for e in app.main if isinstance(e, UnknownElement) and e.type == "bidi_component"]
    drawn = [data.get("html", "") for data in map(json.loads, told) if isinstance(data, dict)]
    (page,) = (html for html in drawn if 'class="status"' in html)
    return str(page)


def test_the_status_page_names_versions_channels_and_times(watched: Watcher) -> None:
    assert watched.pulse.city
    page = status_page()
    schema = max([BASELINE, *(file.stem for file in SCHEMA.glob("*.sql"))])
    for words in ("PostgreSQL", schema, "Zalo", "silent", "delivers", "changes", "the database answers"):
        assert words in page


def test_the_status_page_names_what_is_dated_in_the_future(watched: Watcher, connection: psycopg.Connection) -> None:
    assert "nothing" in status_page().partition("Dated in the future")[2][:120]
    report(connection, 7, submitted_at=datetime(2102, 1, 2, tzinfo=UTC), updated_at=datetime.now(UTC))
    connection.execute("update feed set last_delivery_at = '2102-01-02'")
    watched.poll()
    page = unescape(status_page())
    assert "report.submitted_at: 1 row, as report 7, to 02/01/2102 07:00" in page
    assert "feed.last_delivery_at: 2 rows, to 02/01/2102 07:00" in page
    assert "dated in the future" in page
    assert "their transactions" in page


def test_the_status_page_says_how_old_a_copy_is_and_where_the_log_is_written(watched: Watcher) -> None:
    watched.stop()
    watched.pulse = replace(watched.pulse, is_copy=True, known_to=watched.pulse.at - timedelta(minutes=12))
    page = unescape(status_page())
    assert "minutes behind its primary" in page
    assert "REPORT_DB_WRITE_URL names no primary" in page


def test_the_status_page_needs_no_database() -> None:
    with watching(NOBODY):
        page = status_page()
    assert "the database does not answer" in page
    assert "Check that PostgreSQL runs" in page
    assert "Not known now" in page


def troubled() -> None:
    """Pages of an empty and of an absent database, as a viewer and as an operator read them."""
    from datetime import UTC, datetime

    from queries.engine.database import DatabaseAway
    from ui.live import freshness
    from ui.live.pulse import Pulse

    for cures in (False, True):
        freshness.empty_database(cures=cures)
        freshness.database_away(Pulse(at=datetime.now(UTC)), DatabaseAway("refused"), cures=cures)


def test_only_the_operator_sees_commands() -> None:
    app = AppTest.from_function(troubled)
    app.query_params["lang"] = "en"
    app.run()
    viewers, operators = ([one[n].value.replace("\\", "") for one in (app.info, app.error)] for n in (0, 1))
    assert not any("python" in words or "Check" in words for words in viewers)
    assert "python -m reportdb" in operators[0]
    assert "Check that PostgreSQL runs" in operators[1]
    assert viewers[1].endswith("this page returns by itself.")
