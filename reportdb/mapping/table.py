"""Read TOML with precise errors: a missing key, a wrong type, an unknown key."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from reportdb.mapping.failure import ImportFailure


class Table:
    """A table of a TOML file that records which keys were read, so that a misspelt one is reported.

    Every method raises ImportFailure if the key is missing or its value is of the wrong kind.
    """

    def __init__(self, content: dict[str, Any], file: str, path: str = "") -> None:
        self._content, self._file, self._path = content, file, path
        self._asked: set[str] = set()
        self._tables: dict[str, Table] = {}

    @classmethod
    def read(cls, file: Path, name: str) -> "Table":
        """Read a TOML file; `name` is used in messages. Raises OSError too."""
        try:
            with file.open("rb") as opened:
                return cls(tomllib.load(opened), name)
        except UnicodeDecodeError as error:
            raise ImportFailure(
                f"The mapping {name!r} is not UTF-8: byte {error.start + 1} is 0x{error.object[error.start]:02X}. "
                "Save the file as UTF-8."
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ImportFailure(f"The mapping {name!r} is not TOML: {error}.") from error

    def over(self, base: "Table") -> "Table":
        """Return this file laid over another: its keys replace the other's, tables are laid over tables."""
        own = {key: value for key, value in self._content.items() if key != "extends"}
        return Table(_laid_over(own, base._content), self._file)

    def refuse(self, key: str, words: str) -> NoReturn:
        """Raise ImportFailure about a key."""
        raise ImportFailure(f"The mapping {self._file!r}: {self._path}{key} {words}.")

    def refuse_the_rest(self) -> None:
        """Refuse keys, here and below, that were not read."""
        for key in self._content.keys() - self._asked:
            self.refuse(key, f"is not understood; known here: {', '.join(sorted(self._asked))}")
        for table in self._tables.values():
            table.refuse_the_rest()

    def optional(self, key: str) -> str | None:
        """Return a text, or None."""
        value = self._value(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, f"must be text, not {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; required unless there is a default."""
        value = self.optional(key)
        if value is None:
            value = default
        return self.refuse(key, "is missing") if value is None else value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return a text that must be one of `choices`."""
        chosen = self.text(key, default)
        return chosen if chosen in choices else self.refuse(key, f"must be one of {', '.join(choices)}, not {chosen!r}")

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number; required unless there is a default."""
        value = self._value(key)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, f"must be a number, not {value!r}")
        return float(value)

    def whole_number(self, key: str, default: int | None = None) -> int:
        """Return a whole number of at least 1; required unless there is a default."""
        number = self.number(key, default)
        return (
            int(number)
            if number >= 1 and number.is_integer()
            else self.refuse(key, "must be a whole number, 1 or more")
        )

    def flag(self, key: str) -> bool | None:
        """Return a boolean, or None."""
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, f"must be true or false, not {value!r}")
        return value

    def list(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty by default."""
        values = self._value(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.refuse(key, f"must be a list of texts, not {values!r}")
        return tuple(values)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a text or a list of texts as a tuple; empty by default."""
        value = self._value(key)
        return (value,) if isinstance(value, str) else self.list(key)

    def table(self, key: str) -> "Table":
        """Return a table; empty by default."""
        value = self._value(key) or {}
        if not isinstance(value, dict):
            self.refuse(key, f"must be a table, not {value!r}")
        return self._nested(value, key)

    def tables(self, key: str) -> "tuple[Table, ...]":
        """Return a list of tables; empty by default."""
        values = self._value(key) or []
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.refuse(key, f"must be a list of tables, not {values!r}")
        return tuple(self._nested(value, f"{key}[{n}]") for n, value in enumerate(values, start=1))

    def one_or_more_tables(self, key: str) -> "tuple[Table, ...]":
        """Return a table or a list of tables as a tuple."""
        return self.tables(key) if isinstance(self._value(key), list) else (self.table(key),)

    def holds_table(self, key: str) -> bool:
        """Return whether a key holds a table and not a simple value."""
        return isinstance(self._content.get(key), dict)

    def __iter__(self) -> Iterator[str]:
        """Iterate over keys that are the source's own words."""
        return iter(self._content)

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def _value(self, key: str) -> Any:
        self._asked.add(key)
        return self._content.get(key)

    def _nested(self, content: dict[str, Any], key: str) -> "Table":
        return self._tables.setdefault(key, Table(content, self._file, f"{self._path}{key}."))


def _laid_over(own: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _laid_over(value, base[key]) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in own.items()
    }
    return base | both
