"""Recomputed deadlines: never without being asked, exactly what was shown, and the past is kept."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

from reportdb.__main__ import app
from reportdb.check import find_damage
from reportdb.database.connection import connect
from reportdb.deadlines.recomputation import Changes, OtherChanges, apply_changes, find_changes
from reportdb.demo import build_demo
from reportdb.simulation import Simulation
from tests.conftest import DEMO_NOW, NewDatabase
from tests.report_invariants import fingerprint
from tests.reports import DAY, T, give_step, report, ruled_city

_STATE = "select id, rule_id, receive_due_at, due_at from report_at(%s)"


@pytest.fixture
def city(new_database: NewDatabase, small_demo: str) -> Iterator[psycopg.Connection]:
    """A demo city for this test, 8,000 reports."""
    with connect(new_database(small_demo)) as connection:
        yield connection


@pytest.fixture(scope="module")
def small_demo(new_database: NewDatabase, schema_template: str) -> str:
    url = new_database(schema_template)
    with connect(url) as connection:
        build_demo(connection, reports=8000, seed=5, now=DEMO_NOW)
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


@pytest.mark.parametrize("ended", [False, True])
def test_the_demo_agrees_with_the_rules(demo: str, ended: bool) -> None:
    with connect(demo) as connection:
        changes = find_changes(connection, ended=ended)
    assert (len(changes.ids), changes.unknown) == (0, 0)
    assert changes.looked_at == 12_000 if ended else changes.looked_at > 100


def test_the_simulation_agrees_with_the_rules(city: psycopg.Connection) -> None:
    simulation = Simulation(city, per_hour=20, seed=1, now=DEMO_NOW)
    for hours in range(6, 14 * 24, 6):
        simulation.advance(DEMO_NOW + timedelta(hours=hours))
    kinds = {kind for (kind,) in city.execute("select distinct kind from report_event where at > %s", [DEMO_NOW])}
    assert kinds >= {"paused", "resumed", "recategorised", "extended"}
    assert len(find_changes(city, ended=True).ids) == 0


def test_a_changed_rule_does_not_change_existing_deadlines(city: psycopg.Connection) -> None:
    just_before = DEMO_NOW - timedelta(seconds=1)
    before = fingerprint(city, _STATE, just_before)
    given: dict[int, str] = dict(
        city.execute("select id, (rule_id, receive_due_at, due_at)::text from report").fetchall()
    )
    city.execute("update deadline_rule set handle_minutes = 960 where severity = 'normal' and valid_to is null")
    Simulation(city, per_hour=5, seed=1, now=DEMO_NOW).advance(DEMO_NOW + 2 * DAY)
    assert fingerprint(city, _STATE, just_before) == before
    rows = city.execute(
        """select id, (rule_id, receive_due_at, due_at)::text from report
           where submitted_at <= %(now)s and updated_at > %(now)s and severity <> 'urgent' and not exists (
               select from report_event where report_id = id and (kind = 'paused' or at >= %(now)s
                   and kind in ('transferred', 'extended', 'recategorised', 'reopened')))""",
        {"now": DEMO_NOW},
    ).fetchall()
    assert len(rows) > 10, "reports kept changing meanwhile"
    assert {identity: words for identity, words in rows if given[identity] != words} == {}


def test_recompute_changes_what_was_shown_and_keeps_the_past(city: psycopg.Connection) -> None:
    now = DEMO_NOW + timedelta(days=1)
    before = {moment: fingerprint(city, _STATE, moment) for moment in (DEMO_NOW, DEMO_NOW - 30 * DAY)}
    city.execute("update deadline_rule set handle_minutes = 960 where severity = 'normal' and valid_to is null")
    shown = find_changes(city, ended=False)
    assert len(shown.ids) > 30
    assert (shown.after.due_at <= shown.before.due_at)[~np.isnat(shown.before.due_at)].all()
    assert shown.overdue(np.datetime64(now.replace(tzinfo=None), "us"))[0] > 0
    for token in ("", "000000000000", shown.token + "0", Changes.none().token):
        with pytest.raises(OtherChanges, match="--dry-run"):
            apply_changes(city, token, now=now, ended=False)
    assert {moment: fingerprint(city, _STATE, moment) for moment in before} == before
    written = apply_changes(city, shown.token, now=now, ended=False)
    assert written.ids.tolist() == shown.ids.tolist()
    assert len(find_changes(city, ended=False).ids) == 0
    assert {moment: fingerprint(city, _STATE, moment) for moment in before} == before
    assert city.execute("select count(*) from report where updated_at = %s", [now]).fetchone() == (len(shown.ids),)
    # Later steps start from the new deadlines, and the history stays consistent.
    Simulation(city, per_hour=5, seed=1, now=now).advance(now + 2 * DAY)
    assert len(find_changes(city, ended=False).ids) == 0
    assert find_damage(city, now + 2 * DAY) == []


def test_changes_shown_for_another_state_are_not_written(city: psycopg.Connection) -> None:
    city.execute("update deadline_rule set handle_minutes = 960 where severity = 'normal' and valid_to is null")
    token = find_changes(city, ended=False).token
    city.execute("update deadline_rule set handle_minutes = 961 where severity = 'normal' and valid_to is null")
    with pytest.raises(OtherChanges):
        apply_changes(city, token, now=DEMO_NOW + DAY, ended=False)
    assert token != find_changes(city, ended=False).token


def test_the_sources_deadlines_and_extensions_without_minutes_are_kept(connection: psycopg.Connection) -> None:
    ruled_city(connection)
    report(connection, 1, due_at=T)  # only by the source
    report(connection, 2)  # received before there was a rule
    report(connection, 3, rule_id=1, due_at=T + DAY)
    for number in (1, 2, 3):
        give_step(connection, number, 1, "submitted", T - 2 * DAY)
    give_step(connection, 3, 2, "extended", T - DAY)
    changes = find_changes(connection, ended=True)
    assert (changes.ids.tolist(), changes.looked_at, changes.unknown) == ([2], 3, 2)
    assert changes.after.rule_id.tolist() == [1]
    # Submitted Mon 16 November 2026, 10:00: Mon 6 h, Tue to Fri 32 h, Mon 23 08-10 2 h.
    assert changes.after.due_at.tolist() == [datetime.fromisoformat("2026-11-23 03:00")]


def run(*words: str) -> tuple[int, str]:
    """Return a command's exit code and output."""
    done = CliRunner().invoke(app, ["deadlines", *words])
    return done.exit_code, done.output


def test_the_commands(city: psycopg.Connection) -> None:
    database = ["--database", city.info.dsn]
    code, words = run("show", *database)
    assert code == 0
    assert "1207/QĐ-UBND" in words
    assert "receipt only" in words
    assert run("recompute", *database)[0] == 2
    assert run("recompute", "--dry-run", "--apply", "x", *database)[0] == 2
    assert "0 of" in run("recompute", "--dry-run", *database)[1]
    city.execute("update deadline_rule set handle_minutes = 960 where severity = 'normal' and valid_to is null")
    code, words = run("recompute", "--dry-run", *database)
    assert code == 0
    token = words.split("--apply ")[1].split()[0]
    assert run("recompute", "--apply", "no-such-token", *database)[0] == 3
    code, words = run("recompute", "--apply", token, *database)
    assert (code, "reports have new deadlines" in words) == (0, True)
    assert "0 of" in run("recompute", "--dry-run", *database)[1]
    city.execute("update deadline_rule set category_id = 1 where severity = 'normal' and valid_to is null")
    assert "a category without a rule" in run("show", *database)[1]
