"""The keys that the mappings of all kinds share, and the columns that a mapping names."""

from dataclasses import dataclass
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat, read_file_format
from reportdb.mapping.moments import Moment, read_moment
from reportdb.mapping.table import Table
from reportdb.mapping.words import Vocabulary, read_meanings, read_vocabulary
from reportdb.spelling import one_spelling


@dataclass(frozen=True)
class DataFile:
    """How a file is read, whatever its rows mean."""

    file_format: FileFormat
    nothing: frozenset[str]
    names: tuple[str, ...]

    def columns(self) -> list[str]:
        """Return the columns that the mapping reads."""
        return list(self.names)


class Keys:
    """A mapping file while it is read; it notes the columns that the mapping names.

    Every method raises ImportFailure if the key is missing or its value is of the wrong kind.
    """

    def __init__(self, name: str) -> None:
        try:
            self._table = Table.read(Path(name), name)
        except OSError as error:
            raise ImportFailure(f"The mapping {name!r} cannot be read: {error.strerror}. Name a TOML file.") from error
        self.source, self._columns, self._times = (self._table.table(key) for key in ("source", "columns", "times"))
        self.source.optional("name")  # only what refers to reports needs it
        self._names: list[str] = []

    def column(self, key: str) -> str:
        """Return the column of a key that must be there."""
        return self._noted(self._columns.text(key))

    def optional(self, key: str) -> str | None:
        """Return the column of a key, or None."""
        return self._noted(self._columns.text(key)) if key in self._columns else None

    def several(self, key: str) -> tuple[str, ...]:
        """Return the columns of a key that are joined; none by default."""
        return tuple(self._noted(column) for column in self._columns.list(key))

    def moment(self, key: str) -> Moment:
        """Return where a time is written; it must be there."""
        moment = read_moment(self._times.table(key))
        self._names += moment.columns
        return moment

    def optional_moment(self, key: str) -> Moment | None:
        """Return where a time is written, or None."""
        return self.moment(key) if key in self._times else None

    def early_is_submission(self) -> bool:
        """Return whether what happened before a report's submission is taken at its submission."""
        return self._times.choice("early", ("reject", "submission"), "reject") == "submission"

    def refers_to(self) -> str:
        """Return what an id is: the source's own (source_ref), or the public code."""
        return self.source.choice("refers_to", ("source_ref", "public_code"), "source_ref")

    def prefix(self) -> str:
        """Return what stands before an id in what report_key holds."""
        return (
            f"{self.source.text('name')}:" if self.refers_to() == "source_ref" else self.source.text("code_prefix", "")
        )

    def vocabulary(self, key: str) -> Vocabulary:
        """Return a vocabulary, such as `[units]`."""
        return read_vocabulary(self._table.table(key))

    def adds(self, key: str) -> bool:
        """Return whether unknown words of a vocabulary become terms of their own."""
        return self._table.table(key).text("unlisted", "reject") == "add"

    def meanings(self, key: str, meanings: tuple[str, ...]) -> dict[str, str]:
        """Return a table of the source's words, each with one of `meanings`."""
        return read_meanings(self._table.table(key), meanings)

    def refuse(self, key: str, words: str) -> ImportFailure:
        """Return the failure that tells of a key of `[columns]`."""
        try:
            self._columns.refuse(key, words)
        except ImportFailure as failure:
            return failure

    def table(self, key: str) -> Table:
        """Return a table of the mapping; empty by default."""
        return self._table.table(key)

    def file(self) -> DataFile:
        """Return how the file is read, once all keys of the kind are read; refuse the rest."""
        nothing = self.source.list("nothing")
        read = DataFile(
            read_file_format(self.source),
            frozenset(one_spelling(word) for word in nothing),
            tuple(dict.fromkeys(self._names)),
        )
        self._table.refuse_the_rest()
        return read

    def _noted(self, column: str) -> str:
        self._names.append(column)
        return column
