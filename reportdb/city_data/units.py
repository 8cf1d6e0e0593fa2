"""Units: their names, levels and parents, where and when they answer, and who heads them."""

from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.terms import KnownAreas
from reportdb.data_file.values import Values, city_zone
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.moments import Moment
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow
from reportdb.spelling import one_spelling

KINDS = ("city", "district", "commune", "department", "utility", "ministry")
_MOST_UNITS = 10_000  # of a city; a file with more does not hold units

Head = tuple[str, str, str, date | None, date | None]  # name, title in both languages, first day, first day after


@dataclass
class _Unit:
    """A unit of the file: the line and text of its first row, what is written, its parent's word, its heads."""

    line: int
    raw: str
    code: str
    values: tuple[object, ...]  # name_vi, name_en, kind, area_id, valid_from, valid_to
    parent: str | None
    heads: list[Head] = field(default_factory=list)


class Units:
    """The units of a file, a row each, or a row for each of their heads. Raises ImportFailure for a wrong mapping."""

    private = False

    def __init__(self, mapping: str) -> None:
        keys = Keys(mapping)
        self._vi, self._en, self._code = keys.optional("vi"), keys.optional("en"), keys.optional("code")
        if self._vi is None and self._en is None:
            raise keys.refuse("vi", "or en is missing: the unit's name")
        self._kind, self._area, self._parent = keys.optional("kind"), keys.optional("area"), keys.optional("parent")
        self._head = keys.optional("head")
        self._title_vi, self._title_en = keys.optional("title_vi"), keys.optional("title_en")
        self._days = [keys.optional_moment(key) for key in ("valid_from", "valid_to")]
        self._head_days = [keys.optional_moment(key) for key in ("head_from", "head_to")]
        self._kinds = keys.meanings("kinds", KINDS)
        self._usual = keys.source.choice("kind", KINDS, "department")
        self.file = keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read the city's areas and units."""
        del at
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no city yet. Import the city's reports first.")
        self._connection, self._fields, self._values = connection, fields, Values(fields, zone)
        self._areas = KnownAreas(connection)
        self._units: dict[str, _Unit] = {}
        self._more: list[tuple[int, str, str, _Unit]] = []  # further rows of a unit

    def take(self, row: RawRow) -> None:
        """Read one unit, or one more of its heads. Raises Rejected."""
        values = self._values
        vi, en = values.name(self._vi), values.name(self._en)
        name = vi or en
        if name is None:
            raise Rejected("no name of the unit", "no name")
        code = values.required(self._code) if self._code else one_spelling(name)
        unit = _Unit(
            row.line,
            row.text,
            code,
            (
                *(name, en or name),
                values.meaning(self._kinds, self._kind, self._usual),
                self._areas.find(self._fields, self._area),
                *self._term(self._days),
            ),
            values.name(self._parent),
        )
        head = values.name(self._head)
        if head:
            title_vi, title_en = values.name(self._title_vi), values.name(self._title_en)
            title = title_vi or title_en or ""
            unit.heads.append((head, title, title_en or title, *self._term(self._head_days)))
        known = self._units.setdefault(code, unit)
        if known is not unit:
            self._more.append((row.line, row.text, code, unit))
        elif len(self._units) > _MOST_UNITS:
            raise ImportFailure(f"The file holds more than {_MOST_UNITS:,} units. Is it the right column?")

    def _term(self, moments: list[Moment | None]) -> tuple[date | None, date | None]:
        start, end = (self._values.day(moment) for moment in moments)
        if start and end and start >= end:
            raise Rejected(f"it ends on {end}, not after {start}", "an end before the beginning")
        return start, end

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the units, their parents and their heads; units that the file does not name stay."""
        for line, raw, code, more in self._more:
            unit = self._units[code]
            if (more.values, more.parent) != (unit.values, unit.parent):
                refuse(
                    line,
                    f"tells another unit than line {unit.line} by the code {code}",
                    "repeats a unit otherwise",
                    raw,
                )
                continue
            account.repeated += 1
            unit.heads += [head for head in more.heads if head not in unit.heads]
        before = self._snapshot()
        names = self._names(before)
        ids = {code: self._write_unit(code, unit, names, account) for code, unit in self._units.items()}
        self._write_parents(ids, account)
        self._write_heads(ids)
        after = self._snapshot()
        account.new = sum(identity not in before for identity in ids.values())
        account.unchanged = sum(before.get(identity) == after[identity] for identity in ids.values())
        account.updated = len(ids) - account.new - account.unchanged

    def _snapshot(self) -> dict[int, tuple[object, ...]]:
        """Return all that the database holds of each unit."""
        rows = self._connection.execute(
            """select unit.id, code, name_vi, name_en, kind, area_id, unit.valid_from, unit.valid_to, parent_id,
                   array(select row (name, title_vi, title_en, head.valid_from, head.valid_to)::text
                         from unit_head as head where unit_id = unit.id order by 1)
               from unit order by unit.id"""
        ).fetchall()
        return {row[0]: tuple(row[1:]) for row in rows}

    def _names(self, before: dict[int, tuple[object, ...]]) -> dict[str, int]:
        """Return the units whose codes the file does not name, by a name that no other unit has."""
        found: dict[str, set[int]] = {}
        for identity, (code, *names) in before.items():
            for name in names[:2]:
                found.setdefault(one_spelling(str(name)), set()).update([] if code in self._units else [identity])
        return {name: min(ids) for name, ids in found.items() if len(ids) == 1}

    def _write_unit(self, code: str, unit: _Unit, names: dict[str, int], account: Account) -> int:
        """Insert a unit or correct the known one, and return its id."""
        known = self._connection.execute("select id from unit where code = %s", [code]).fetchone()
        if known is None and (identity := names.get(one_spelling(str(unit.values[0])))):
            # A unit that came with the reports keeps its code: the reports name it so.
            known = (identity,)
            account.notes["known by another code, which it keeps"] += 1
        if known is None:
            known = self._connection.execute(
                """insert into unit (id, code, name_vi, name_en, kind, area_id, valid_from, valid_to)
                   select coalesce(max(id), 0) + 1, %s, %s, %s, %s, %s, %s, %s from unit returning id""",
                [code, *unit.values],
            ).fetchone()
        else:
            self._connection.execute(
                """update unit set (name_vi, name_en, kind, area_id, valid_from, valid_to) =
                       row (%s, %s, %s, cast(%s as integer), cast(%s as date), cast(%s as date)) where id = %s""",
                [*unit.values, known[0]],
            )
        return int((known or (0,))[0])

    def _write_parents(self, ids: dict[str, int], account: Account) -> None:
        """Write the parents, if the mapping reads them. Raises ImportFailure for units that are above themselves."""
        if self._parent is None:
            return
        rows = self._connection.execute("select id, code, name_vi, name_en, parent_id from unit order by id").fetchall()
        names: dict[str, int] = {one_spelling(code): identity for code, identity in ids.items()}
        for place in (1, 2, 3):
            for row in rows:
                names.setdefault(one_spelling(row[place]), row[0])
        parents: dict[int, int | None] = {row[0]: row[4] for row in rows}
        for code, unit in self._units.items():
            parent = names.get(one_spelling(unit.parent)) if unit.parent else None
            account.notes.update(["a parent that is no unit"] if unit.parent and parent is None else [])
            parents[ids[code]] = parent
        _refuse_circles(parents)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "update unit set parent_id = %s where id = %s and parent_id is distinct from %s",
                [(parents[identity], identity, parents[identity]) for identity in ids.values()],
            )

    def _write_heads(self, ids: dict[str, int]) -> None:
        """Replace the heads of the units of which the file names one."""
        heads = [(ids[code], *head) for code, unit in self._units.items() for head in unit.heads]
        with self._connection.cursor() as cursor:
            cursor.execute("delete from unit_head where unit_id = any(%s)", [sorted({head[0] for head in heads})])
            cursor.executemany("insert into unit_head values (%s, %s, %s, %s, %s, %s)", heads)


def _refuse_circles(parents: dict[int, int | None]) -> None:
    for parent in parents.values():
        above, steps = parent, 0
        while above is not None and steps <= len(parents):
            above, steps = parents.get(above), steps + 1
        if above is not None:
            raise ImportFailure("Some units are above themselves: correct their parents. Nothing was imported.")
