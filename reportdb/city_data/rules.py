"""Rules of deadlines: what a city promises, by category and severity."""

from datetime import datetime

import psycopg

from reportdb.data_file.account import Account
from reportdb.data_file.importing import RefuseRow
from reportdb.data_file.keys import Keys
from reportdb.data_file.terms import KnownTerms
from reportdb.data_file.values import Values, city_zone
from reportdb.deadlines.rule_table import NewRule, Term, TermError, read_term, working_day_minutes, write_rule
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.words import SEVERITIES
from reportdb.rows.row import Fields, Rejected
from reportdb.source_file.raw_row import RawRow

_TERMS = ("hours", "working hours", "days", "working days")


class Rules:
    """The rules of a file, a row each. Raises ImportFailure for a wrong mapping."""

    private = False

    def __init__(self, mapping: str) -> None:
        keys = Keys(mapping)
        self._category, self._severity = keys.optional("category"), keys.optional("severity")
        self._receive, self._handle = keys.optional("receive"), keys.optional("handle")
        if self._receive is None and self._handle is None:
            raise keys.refuse("handle", "or receive is missing: the term that is promised")
        self._source, self._from = keys.optional("source"), keys.moment("valid_from")
        self._usual = keys.source.choice("term", _TERMS) if "term" in keys.source else None
        self._who = keys.source.text("said_by", "")
        if self._source is None and not self._who:
            raise keys.refuse("source", "is missing; without that column, source.said_by says who gives the rules")
        self._handle_from = keys.source.choice("counts_from", ("submitted", "received"), "submitted")
        self._confirmed = bool(keys.source.flag("confirmed"))
        self._severities = keys.meanings("severities", SEVERITIES)
        self._categories = keys.vocabulary("categories")
        self.file = keys.file()

    def begin(self, connection: psycopg.Connection, fields: Fields, at: datetime) -> None:
        """Read the city's categories. Raises ImportFailure without a city."""
        del at
        zone = city_zone(connection)
        if zone is None:
            raise ImportFailure("The database holds no city yet. Import the city's reports first.")
        self._connection, self._fields, self._values = connection, fields, Values(fields, zone)
        self._known = KnownTerms(connection, "category", self._categories)
        self._rules: dict[tuple[object, ...], tuple[int, str, NewRule]] = {}
        self._again: list[tuple[int, str, NewRule]] = []

    def take(self, row: RawRow) -> None:
        """Read one rule; a blank category or severity means all. Raises Rejected."""
        values = self._values
        column = self._category
        category = self._known.known(self._fields, column) if column and values.words(column) else None
        valid_from = values.day(self._from)
        if valid_from is None:
            raise Rejected("no first day of the rule", "no first day")
        day_minutes = working_day_minutes(self._connection, valid_from)
        receive, handle = (self._term(column, day_minutes) for column in (self._receive, self._handle))
        if len({term.clock for term in (receive, handle) if term}) != 1:
            raise Rejected("no term, or two by different clocks: working time and the calendar", "no single clock")
        rule = NewRule(
            category_id=category,
            severity=values.meaning(self._severities, self._severity),
            receive=receive,
            handle=handle,
            handle_from=self._handle_from,
            valid_from=valid_from,
            source=values.words(self._source) or self._who or values.required(str(self._source)),
            confirmed=self._confirmed,
        )
        known = self._rules.setdefault((category, rule.severity, valid_from), (row.line, row.text, rule))
        if known[2] is not rule:
            self._again.append((row.line, row.text, rule))

    def write(self, account: Account, refuse: RefuseRow) -> None:
        """Write the rules in the order of their first days."""
        for line, raw, rule in self._again:
            first, _, known = self._rules[rule.category_id, rule.severity, rule.valid_from]
            if rule == known:
                account.repeated += 1
            else:
                refuse(line, f"tells another rule than line {first}", "repeats a rule otherwise", raw)
        for _, _, rule in sorted(self._rules.values(), key=lambda told: (told[2].valid_from, told[0])):
            done = write_rule(self._connection, rule)
            account.new += done == "new"
            account.updated += done == "updated"
            account.unchanged += done == "unchanged"

    def _term(self, column: str | None, day_minutes: int) -> Term | None:
        words = self._values.words(column)
        if words is None:
            return None
        try:
            return read_term(words, usual=self._usual, day_minutes=day_minutes)
        except TermError as error:
            raise Rejected(f"{column}: {error}", f"{column} is no term") from error
