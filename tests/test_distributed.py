"""The SQL is ready for a PostgreSQL whose tables of reports are spread over several machines by their report's id.

Where a rule is not kept, an exception names the place and says why; an exception that is no longer needed fails.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql as composed

from queries.engine.as_of import definitions, expanded
from queries.engine.statements import FILES, sql
from reportdb.database.connection import connect
from reportdb.database.migrations import SCHEMA
from tests.conftest import DEMO_NOW
from tests.reports import DAY, T, give_step, past, report, small_city

SPREAD = {"report": "id"} | dict.fromkeys(
    ("report_past", "report_event", "report_source", "report_contact"), "report_id"
)
"""The tables that are spread, and the column they are spread by. All others are small, or kept on one machine."""

SENT_FUNCTIONS = {
    "found_by_words": "It reads the index of words with its owner's rights: under a policy none serves.",
    "contact_of": "The one way to a citizen's contact; it writes the access log first.",
}
UNORDERED = {
    "period_hours": "Python counts the numbers in any order; both lists of a row share one. A sort took 40 % more.",
    "unit_hours": "As period_hours.",
    "handling_times": "Python counts the numbers in any order; there is one for each report.",
    "map_points": "A map draws its points in any order; to sort them takes longer than to find them.",
}
POLICIES = {"own_cases on report": "With unnest() the planner expects half of the reports, not a few."}
_SET_RETURNING = r"(?:generate_series|unnest|try_working_\w+|regexp_matches|jsonb?_\w+|string_to_table)"
_AGGREGATES = re.compile(r"\b(?:string_agg|array_agg|jsonb?_agg|xmlagg|jsonb?_object_agg)\(")


def code(text: str) -> str:
    """Return SQL without its comments."""
    return re.sub(r"--[^\n]*", "", text)


SCHEMA_FILES = {file.name: code(file.read_text()) for file in sorted(SCHEMA.rglob("*.sql"))}
QUERY_FILES = {name: code(file.read_text()) for name, file in FILES.items()}
ALL = SCHEMA_FILES | QUERY_FILES


def inside(text: str, opened: int) -> str:
    """Return what stands in the parentheses that open before the place `opened`."""
    depth, place = 1, opened
    while depth:
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
    return text[opened : place - 1]


def subqueries(text: str) -> Iterator[str]:
    """Yield each subquery in parentheses."""
    for found in re.finditer(r"\((?=\s*select\b)", text):
        yield inside(text, found.end())


def test_no_function_over_tables_of_reports_is_sent() -> None:
    """Such a function cannot be planned: what it says is sent in its place."""
    written = "\n".join(SCHEMA_FILES.values())
    functions = re.findall(
        r"create (?:or replace )?function (\w+)\(([^)]*)\)(.*?)(?=\n(?:create|revoke|grant|alter|do|select)\b)",
        written,
        re.DOTALL,
    )
    tables = "|".join(SPREAD)
    over_reports = {
        name
        for name, given, body in functions
        if given and not given.startswith("out ") and re.search(rf"\b(from|join) ({tables})\b", body)
    }
    assert {"report_at", "report_standing", "report_former", "report_open_at", "found_by_words"} <= over_reports
    sent = {
        name
        for question in FILES.keys() - {"definitions"}
        for figure in ("true", "overdue", "with_higher")
        for name in re.findall(r"\b(\w+)\(", code(sql(question, figure, "worklist")))
    }
    assert sent & over_reports == set(SENT_FUNCTIONS)


def test_what_is_sent_is_what_the_database_holds(connection: psycopg.Connection) -> None:
    held: dict[str, str] = dict(
        connection.execute(
            "select proname::text, prosrc from pg_proc where proname = any (%s)", [list(definitions())]
        ).fetchall()
    )
    assert held == {name: found.body for name, found in definitions().items()}


@pytest.mark.parametrize("name", [name for name in definitions() if name.startswith("report_")])
def test_the_text_answers_as_the_function_does(demo: str, name: str) -> None:
    with connect(demo) as connection:
        count = 0
        for moment in (DEMO_NOW, DEMO_NOW - timedelta(days=90)):
            call = f"from {name}(:at) as one"
            both = [f"select to_jsonb(one) {text} order by id" for text in (call, expanded(call))]
            answers = [
                connection.execute(question.replace(":at", "%(at)s").encode(), {"at": moment}).fetchall()
                for question in both
            ]
            assert answers[0] == answers[1]
            count += len(answers[0])
        assert count > 20


def test_policies_compare_columns_with_values_and_settings() -> None:
    """A policy that asks another table cannot be applied on the machine that holds the row.

    `(select scope_units())` asks none: in this form the setting is verified once for a question, not for each row.
    """
    policies = re.findall(r"create policy (\w+ on \w+) for .*?;", SCHEMA_FILES["18_access.sql"], re.DOTALL)
    text = {
        name: found
        for file in SCHEMA_FILES.values()
        for found, name in re.findall(r"(create policy (\w+ on \w+)\b[^;]*;)", file)
    }
    assert set(policies) <= set(text)
    asking = {
        name
        for name, policy in text.items()
        if "select" in re.sub(r"for select|\(select scope_units\(\)\)", "", policy)
    }
    assert asking == set(POLICIES)


HELD = ("report_past", "report_event", "report_source")


def _holders(connection: psycopg.Connection) -> list[tuple[int | None, int | None]]:
    found = []
    for table in HELD:
        question = composed.SQL("select distinct now_unit_id, now_escalated_by_id from {} where report_id = 1")
        found += connection.execute(question.format(composed.Identifier(table))).fetchall()
    return found


def _rows_of_the_report(connection: psycopg.Connection) -> None:
    past(connection, 1, valid_from=T - 2 * DAY, valid_to=T - DAY)
    give_step(connection, 1, 1, "submitted", T - 2 * DAY)
    give_step(connection, 1, 2, "transferred", T - DAY)
    connection.execute("insert into report_source (report_id) values (1)")


@pytest.mark.parametrize("report_first", [True, False])
def test_rows_of_a_report_keep_who_holds_it_now(connection: psycopg.Connection, *, report_first: bool) -> None:
    """As its unit_id and escalated_by_id stand, whatever changed them and whichever row was written first."""
    small_city(connection)
    if report_first:
        report(connection, 1, unit_id=2)
    _rows_of_the_report(connection)
    if not report_first:
        assert _holders(connection) == [(None, None)] * 3
        report(connection, 1, unit_id=2)
    assert _holders(connection) == [(2, None)] * 3
    connection.execute("update report set unit_id = 1, transfer_count = 1 where id = 1")
    assert _holders(connection) == [(1, None)] * 3
    connection.execute("update report set escalated_at = now(), escalated_by_id = 1, unit_id = null where id = 1")
    assert _holders(connection) == [(None, 1)] * 3
    connection.execute("update report set escalated_by_id = null, escalated_at = null, unit_id = 2 where id = 1")
    assert _holders(connection) == [(2, None)] * 3
    report(connection, 2, unit_id=1)
    connection.execute("update report_event set report_id = 2 where n = 2")
    assert connection.execute("select now_unit_id from report_event where report_id = 2").fetchall() == [(1,)]


def test_aggregates_that_depend_on_an_order_say_which() -> None:
    unordered = {
        name
        for name, text in ALL.items()
        for found in _AGGREGATES.finditer(text)
        if not re.search(r"\border by\b", inside(text, found.end()))
    }
    assert unordered == set(UNORDERED)


@pytest.mark.parametrize("name", ALL)
def test_no_select_list_is_empty(name: str) -> None:
    assert not re.search(r"\bselect\s+from\b", ALL[name])


@pytest.mark.parametrize("name", QUERY_FILES)
def test_no_subquery_over_a_set_returning_function_looks_outside(name: str) -> None:
    for subquery in subqueries(QUERY_FILES[name]):
        for call in re.finditer(rf"\b(?:from|join)\s+{_SET_RETURNING}\(", subquery):
            given = re.sub(
                r":\w+|\b\w+(?=\()|\bas \w+|\bat time zone\b|\binterval\b|'[^']*'", "", inside(subquery, call.end())
            )
            assert not re.findall(r"[a-z_]+", given), subquery


def test_a_unique_key_holds_the_column_that_tables_are_spread_by(connection: psycopg.Connection) -> None:
    keys = connection.execute(
        """select relname::text, indrelid::regclass::text,
               array(select attname::text from pg_attribute where attrelid = indrelid and attnum = any (indkey))
           from pg_index join pg_class on pg_class.oid = indexrelid
           where indisunique and indrelid::regclass::text = any (%s)""",
        [list(SPREAD)],
    ).fetchall()
    assert {table for _, table, _ in keys} == set(SPREAD)
    assert [name for name, table, columns in keys if SPREAD[table] not in columns] == []


def test_codes_and_references_are_unique_in_a_table_of_their_own(connection: psycopg.Connection) -> None:
    def keys() -> list[tuple[str, int]]:
        return connection.execute("select key, report_id from report_key order by key").fetchall()

    small_city(connection)
    report(connection, 1, public_code="A", source_ref="boston:1")
    report(connection, 2, public_code="B")
    assert keys() == [("A", 1), ("B", 2), ("boston:1", 1)]
    for taken in ({"public_code": "A"}, {"public_code": "C", "source_ref": "boston:1"}):
        with pytest.raises(psycopg.errors.UniqueViolation):
            report(connection, 3, **taken)
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("update report set public_code = 'B' where id = 1")
    connection.execute("update report set public_code = 'D', source_ref = null where id = 1")
    report(connection, 3, public_code="A", source_ref="boston:1")
    assert keys() == [("A", 3), ("B", 2), ("D", 1), ("boston:1", 3)]
    connection.execute("delete from report where id = 3")
    assert keys() == [("B", 2), ("D", 1)]
    connection.execute("truncate report")
    assert keys() == []


def test_each_table_that_is_spread_has_its_column(connection: psycopg.Connection) -> None:
    for table, column in SPREAD.items():
        connection.execute(
            composed.SQL("select {} from {} limit 1").format(composed.Identifier(column), composed.Identifier(table))
        )
