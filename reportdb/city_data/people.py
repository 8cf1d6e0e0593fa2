"""Contacts and officers: who sent a report, and who in the unit answers for it."""

from datetime import datetime

import psycopg
from psycopg import sql

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.table_rows import TableRows
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.rows.row import Fields
from reportdb.source_file.raw_row import RawRow


class _OfReports:
    """What contacts and officers share: a row a report, found by its id."""

    def __init__(self, mapping: str) -> None:
        self._keys = Keys(mapping)
        self._refers_to, self._prefix = self._keys.refers_to(), self._keys.prefix()
        self._id, self._changed = self._keys.column("id"), self._keys.optional_moment("changed")

    def _begin(self, connection: psycopg.Connection, fields: Fields, at: datetime, columns: dict[str, str]) -> None:
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no reports yet. Import the city's reports first.")
        self._connection, self._values, self._at = connection, Values(fields, zone), at
        self._rows = TableRows(connection, "report_contact", {"reference": "text"}, columns)

    def _reference(self) -> str:
        return self._prefix + self._values.required(self._id)

    def _find_reports(self, account: Account, refuse: RefuseRow) -> None:
        """Find the reports of `told`; refuse rows without one."""
        self._rows.leave_one_of_each(account, refuse)
        self._connection.execute("alter table told add column report_id bigint")
        self._connection.execute(
            """update told set report_id = report_key.report_id from report_key
               where report_key.kind = %s and report_key.key = told.reference""",
            [self._refers_to],
        )
        rows = self._connection.execute(
            "delete from told where report_id is null returning line, reference, raw"
        ).fetchall()
        for line, reference, raw in sorted(rows):
            refuse(line, f"no report has this id: {reference}", "no report has this id", raw)


class Contacts(_OfReports):
    """The contacts of a file: the report's id, a name, a telephone number. They are written to report_contact alone.

    No message, note or rejects file holds them. Raises ImportFailure for a wrong mapping.
    """

    private = True

    def __init__(self, mapping: str) -> None:
        super().__init__(mapping)
        self._name, self._phone = self._keys.optional("name"), self._keys.optional("phone")
        if self._name is None and self._phone is None:
            raise self._keys.refuse("name", "or phone is missing")
        self.file = self._keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Begin a file. Raises ImportFailure without a city."""
        self._begin(connection, fields, at, {"name": "text", "phone": "text"})

    def take(self, row: RawRow) -> None:
        """Read one contact. Raises Rejected."""
        values = self._values
        changed = values.moment_or_note(self._changed)
        self._rows.add(
            row.line, "", self._reference(), values.name(self._name), values.name(self._phone), changed_at=changed
        )

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the contacts; a column that the mapping does not read keeps what is there."""
        self._find_reports(account, refuse)
        read = [name for name, column in (("name", self._name), ("phone", self._phone)) if column]
        columns = sql.SQL(", ").join(map(sql.Identifier, read))
        told = sql.SQL(", ").join(sql.Identifier("told", name) for name in read)
        (rows,) = self._connection.execute("select count(*) from told").fetchone() or (0,)
        account.updated = self._connection.execute(
            sql.SQL(
                """update report_contact as own set ({columns}) = row ({told}) from told
                   where own.report_id = told.report_id and row ({own}) is distinct from row ({told})"""
            ).format(columns=columns, told=told, own=sql.SQL(", ").join(sql.Identifier("own", name) for name in read))
        ).rowcount
        account.new = self._connection.execute(
            sql.SQL(
                """insert into report_contact (report_id, {columns}) select report_id, {columns} from told
                   where not exists (select 1 from report_contact as own where own.report_id = told.report_id)"""
            ).format(columns=columns)
        ).rowcount
        account.unchanged = rows - account.new - account.updated


class Officers(_OfReports):
    """The officers of a file: the report's id, who answers for it in the unit. Raises ImportFailure."""

    private = False

    def __init__(self, mapping: str) -> None:
        super().__init__(mapping)
        self._officer = self._keys.column("officer")
        self.file = self._keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Begin a file. Raises ImportFailure without a city."""
        self._begin(connection, fields, at, {"officer": "text"})

    def take(self, row: RawRow) -> None:
        """Read one officer; a blank one means nobody. Raises Rejected."""
        values = self._values
        changed = values.moment_or_note(self._changed)
        self._rows.add(row.line, row.text, self._reference(), values.name(self._officer), changed_at=changed)

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the officers of the reports that have another."""
        self._find_reports(account, refuse)
        (rows,) = self._connection.execute("select count(*) from told").fetchone() or (0,)
        account.updated = account.reports = self._connection.execute(
            """update report set officer = told.officer, updated_at = greatest(report.updated_at, %s) from told
               where report.id = report_id and report.officer is distinct from told.officer""",
            [self._at],
        ).rowcount
        account.unchanged = rows - account.updated
