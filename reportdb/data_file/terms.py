"""The units, categories, channels and areas that the database knows, found by a source's words."""

from collections.abc import Iterable
from typing import Literal

import psycopg
from psycopg import sql

from reportdb.importer.merging import add_terms
from reportdb.mapping.words import Term, Vocabulary
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.spelling import one_spelling

_LONGEST_NAME = 200  # characters

Nouns = Literal["unit", "category", "channel"]


class KnownTerms:
    """The rows of one table, found by the mapping's words for a code, by their codes, and by their names."""

    def __init__(
        self, connection: psycopg.Connection, table: Nouns, vocabulary: Vocabulary, *, adds: bool = False
    ) -> None:
        self._connection, self._table, self._vocabulary, self._adds = connection, table, vocabulary, adds
        self._met: dict[str, Term] = {}
        self._codes: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._load()

    def find(self, fields: Fields, column: str | None) -> int | str | None:
        """Return the id of what a column names, or its code if `add` must make it first; None if it names nothing.

        Raises Rejected for an unknown word.
        """
        words, vocabulary = fields.value(column), self._vocabulary
        spelling = one_spelling(words or "")
        if not spelling or spelling in vocabulary.nothing:
            term = vocabulary.blank
        elif spelling in vocabulary.known:
            term = vocabulary.known[spelling]
        elif spelling in self._names:
            return self._names[spelling]
        elif self._adds and len(spelling) <= _LONGEST_NAME:
            term = self._unlisted(spelling, str(words))
        else:
            raise Rejected(f"{column} {shown(words)} is no {self._table} of the city", f"unknown word in {column}")
        if term is None:
            return None
        self._met[term.code] = term
        return self._codes.get(term.code) or self._names.get(one_spelling(term.name_vi)) or term.code

    def _unlisted(self, spelling: str, words: str) -> Term:
        """Return the term of a word that nobody knows; of several ways to write it the first in order is its name."""
        name = " ".join(words.split())
        name = min(name, self._met[spelling].name_en) if spelling in self._met else name
        return Term(spelling, name, name)

    def known(self, fields: Fields, column: str) -> int:
        """Return the id of what a column names. Raises Rejected if that is nothing, or nothing the database has."""
        found = self.find(fields, column)
        if not isinstance(found, int):
            raise Rejected(
                f"{column} {shown(fields.value(column))} names no {self._table} of the city",
                f"unknown word in {column}",
            )
        return found

    def add(self, codes: Iterable[str]) -> dict[str, int]:
        """Add the terms met with these codes, and return their ids."""
        wanted = sorted(codes)
        add_terms(self._connection, self._table, [self._met[code] for code in wanted])
        self._load()
        return {code: self._codes[code] for code in wanted}

    def _load(self) -> None:
        rows = self._connection.execute(
            sql.SQL("select id, code, name_vi, name_en from {} order by id").format(sql.Identifier(self._table))
        ).fetchall()
        self._codes = {code: identity for identity, code, *_ in rows}
        self._names = {}
        for place in (1, 2, 3):  # a code before a name
            for row in rows:
                self._names.setdefault(one_spelling(row[place]), row[0])


class KnownAreas:
    """The areas of the database, found by code or name; a district before a ward of the same name."""

    def __init__(self, connection: psycopg.Connection) -> None:
        rows = connection.execute("select id, code, name_vi, name_en from area order by level, id").fetchall()
        self._ids: dict[str, int] = {}
        for place in (1, 2, 3):
            for row in rows:
                self._ids.setdefault(one_spelling(row[place]), row[0])

    def find(self, fields: Fields, column: str | None) -> int | None:
        """Return the area that a column names, or None if it is blank. Raises Rejected for an unknown one."""
        words = fields.value(column)
        if words is None:
            return None
        found = self._ids.get(one_spelling(words))
        if found is None:
            raise Rejected(f"{column} {shown(words)} names no area of the city", f"unknown area in {column}")
        return found
