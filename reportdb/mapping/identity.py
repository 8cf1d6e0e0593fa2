"""Where a source writes a report's own id, and how its spellings are normalised."""

import re
from dataclasses import dataclass

from reportdb.mapping.pattern import read_pattern
from reportdb.mapping.table import Table


@dataclass(frozen=True)
class Identity:
    """The columns of an id, and a pattern that brings its spellings into one: "1005.0" and "1005"."""

    columns: tuple[str, ...]  # joined, if several; all must be filled
    between: str
    pattern: re.Pattern[str] | None  # of the whole id
    written: str
    scientific: bool  # whether ids such as 1.01003E+11 are the source's own, not a spreadsheet's

    @property
    def name(self) -> str:
        """Return the columns' names for messages."""
        return " and ".join(self.columns)


def read_identity(columns: Table) -> Identity:
    """Read `columns.id`: the name of a column, or a table. Raises ImportFailure."""
    if not columns.holds_table("id"):
        return Identity((columns.text("id"),), "", None, "", scientific=False)
    table = columns.table("id")
    column, several = table.optional("column"), table.list("columns")
    if (column is None) == (not several):
        table.refuse("columns", "or column must name where the id stands, one of the two")
    pattern, written = read_pattern(table)
    return Identity(
        columns=several or (str(column),),
        between=table.text("between", "-"),
        pattern=pattern,
        written=written,
        scientific=table.choice("scientific", ("reject", "keep"), "reject") == "keep",
    )
