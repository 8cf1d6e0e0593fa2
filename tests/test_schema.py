"""The baseline of the schema makes one database, and the same one as an earlier baseline with its migrations."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import psycopg
import pytest

from reportdb.database.connection import connect
from reportdb.database.migrations import SCHEMA, migrate
from tests.catalogue import Catalogue, catalogue, differences
from tests.conftest import NewDatabase

Snapshot = Callable[[Path], Catalogue]

MIGRATION = """
alter table unit_head add column phone text;
create index unit_head_phone on unit_head (phone);
create function reachable(head text) returns boolean language sql stable
begin atomic
    select count(*) > 0 from unit_head where name = head and phone is not null;
end;
grant execute on function reachable to report_leader;
"""
"""A change of the schema as a migration makes it; `_folded` says the same in the baseline."""


CHANGES = [
    ("table", "create table fresh ()"),
    ("table", "alter table note enable row level security"),
    ("table", "alter view report_text reset (security_barrier)"),
    ("column", "alter table note add column place text"),
    ("column", "alter table note alter column author drop not null"),
    ("column", "alter table note alter column author set default 'nobody'"),
    ("column", "alter table working_line alter column done set storage extended"),
    ("constraint", "alter table note add check (author <> '')"),
    ("constraint", "alter table report drop constraint report_resolved_without_text"),
    ("index", "drop index report_cell"),
    ("index", "create index fresh on note (author)"),
    (
        "function",
        """create or replace function number_at(numbers bytea, place integer) returns integer
           language sql immutable parallel safe return 1""",
    ),
    ("function", "alter function scope_reader() security definer"),
    ("function", "alter function scope_units() volatile"),
    ("function", "alter function note_access reset search_path"),
    (
        "view",
        """create or replace view report_step with (security_barrier) as
           select report_id, n, at, kind, from_unit_id, to_unit_id, note from report_event""",
    ),
    ("policy", "alter policy every_case on report using (true)"),
    ("policy", "alter policy lines on access_log to report_reader"),
    ("trigger", "drop trigger mark_new on report"),
    ("trigger", "alter table report disable trigger mark_new"),
    ("rights to a table", "grant select on report_contact to report_reader"),
    ("rights to a column", "grant select (title) on report to report_reader"),
    ("rights to a function", "grant execute on function contact_of to report_reader"),
    ("rights to a function", "grant execute on function lo_creat to public"),
    ("schema", "grant create on schema public to report_reader"),
    ("role", "grant report_admin to report_reader"),
    ("statistics", "drop statistics report_words_kept"),
    ("sequence", "alter sequence note_id_seq increment 2"),
    ("comment", "comment on table note is 'a note'"),
    ("rows", "insert into channel (id, code, name_vi, name_en) values (1, 'app', 'app', 'app')"),
    ("rule", "create rule fresh as on insert to note do nothing"),
    ("type", "create domain fresh as integer"),
]
"""Changes of a schema, and the kind of object each shows up in."""


@pytest.fixture(scope="module")
def snapshot(new_database: NewDatabase) -> Snapshot:
    """Make a database from a folder of the schema and return its catalogue."""

    def take(folder: Path) -> Catalogue:
        with connect(new_database("template1")) as connection:
            migrate(connection, folder)
            return catalogue(connection)

    return take


@pytest.fixture(scope="module")
def current(snapshot: Snapshot) -> Catalogue:
    """The catalogue of the schema as it is."""
    return snapshot(SCHEMA)


@pytest.fixture
def undone(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A database with the schema, in a transaction that is undone at the end."""
    with connection.transaction(force_rollback=True):
        yield connection


def test_the_schema_makes_the_same_database_twice(snapshot: Snapshot, current: Catalogue) -> None:
    assert differences(current, snapshot(SCHEMA)) == []
    kinds = {kind for kind, _ in current}
    assert {"table", "column", "constraint", "index", "function", "view", "policy", "trigger", "sequence"} < kinds
    assert {"statistics", "rights to a table", "rights to a column", "rights to a function", "role", "rows"} < kinds


def test_a_folded_migration_gives_the_same_as_the_migration_itself(snapshot: Snapshot, tmp_path: Path) -> None:
    migrated, folded = tmp_path / "migrated", tmp_path / "folded"
    for folder in (migrated, folded):
        copytree(SCHEMA, folder)
    (migrated / "9998_phone.sql").write_text(MIGRATION)
    _replace(
        folded / "baseline" / "03_city.sql", "valid_to date,                        -- first day the name no longer"
    )
    added = MIGRATION.partition("phone text;")[2]
    access = folded / "baseline" / "19_record.sql"
    access.write_text(access.read_text() + added)
    assert differences(snapshot(migrated), snapshot(folded)) == []


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_the_comparison_finds_a_difference(
    undone: psycopg.Connection, current: Catalogue, kind: str, change: str
) -> None:
    assert differences(current, catalogue(undone)) == []
    undone.execute(change.encode())
    found = differences(current, catalogue(undone))
    assert [line for line in found if line.startswith(f"{kind} ")], found


def _replace(file: Path, before_this: str) -> None:
    """Add the example's column to the table of a baseline's file, behind the columns that the table has."""
    text = file.read_text()
    column, rest = text.split(before_this)
    line, rest = rest.split("\n", 1)
    file.write_text(f"{column}{before_this}{line}\n    phone text,\n{rest}")
