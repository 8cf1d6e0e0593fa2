"""The names of a file's columns, and which of them the mapping reads."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.opening import Reads
from reportdb.spelling import one_spelling

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def column_key(name: str) -> str:
    """Return what names of columns are compared by: neither case, spaces, unseen characters nor composition."""
    return one_spelling(_UNSEEN.sub("", name)).replace(" ", "")


@dataclass
class Header:
    """A file's columns: those that the mapping reads under the mapping's names, the others under their own."""

    names: list[str]
    doubled: dict[int, tuple[int, ...]]  # a column that is read -> the other columns of the same name
    missing: list[str]  # columns that the mapping reads and the file lacks
    compared: bool = False  # whether a row has shown that doubled columns hold the same words

    def joined(self, fields: list[str], where: str) -> list[str]:
        """Return a row's fields with doubled columns made one: the words that stand in any of them.

        Raises ImportFailure if they hold different words, for nobody knows which are meant.
        """
        if not self.doubled:
            return fields
        fields = list(fields)
        for place, others in self.doubled.items():
            words = {fields[one].strip() for one in (place, *others)} - {""}
            if len(words) > 1:
                first, second = sorted(words)[:2]
                name = self.names[place]
                raise ImportFailure(
                    f"{where}: of several columns named {name}, two hold different words, {first[:60]!r} "
                    f'and {second[:60]!r}. Write "{name} (1)" or "{name} (2)" in the mapping. Nothing was imported.'
                )
            fields[place] = words.pop() if words else ""
        self.compared = True
        return fields

    def refuse_uncompared(self, file: Path) -> None:
        """Refuse a file whose doubled columns no row could compare, once all are read. Raises ImportFailure."""
        for place in () if self.compared else self.doubled:
            raise ImportFailure(
                f"{file} has several columns named {self.names[place]}, and no whole row. Nothing was imported."
            )


def read_header(own: Iterable[str], mapping: Reads, file: Path) -> Header:
    """Give a file's columns the names by which the mapping reads them.

    A column without a name is called `column N`; of several with one name each is also called `name (1)`, `name (2)`.
    Raises ImportFailure if the mapping names one column in two ways.
    """
    names = [name.strip() or f"column {place}" for place, name in enumerate(own, start=1)]
    exact, loose, numbered = _places(names)
    also = mapping.file_format.also_named
    taken: dict[int, str] = {}
    doubled: dict[int, tuple[int, ...]] = {}
    missing = []
    for wanted in mapping.columns():
        found: list[int] = []
        for name in (wanted, *also.get(wanted, ())):
            found = exact.get(name) or loose.get(column_key(name)) or numbered.get(name) or []
            if found:
                break
        if not found:
            missing.append(wanted)
            continue
        place, *others = found
        if place in taken:
            raise ImportFailure(
                f"{file}: the mapping names the column {names[place]} in two ways, {taken[place]!r} and {wanted!r}. "
                "Write it in one way. Nothing was imported."
            )
        taken[place] = wanted
        if others:
            doubled[place] = tuple(others)
    return Header(_unique(names, taken), doubled, missing)


def _places(names: list[str]) -> tuple[dict[str, list[int]], dict[str, list[int]], dict[str, list[int]]]:
    """Return the places of each name, of each name's key, and of each numbered name of a repeated one."""
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    numbered: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        exact.setdefault(name, []).append(place)
        loose.setdefault(column_key(name), []).append(place)
    for name, places in exact.items():
        if len(places) > 1:
            numbered |= {f"{name} ({number})": [place] for number, place in enumerate(places, start=1)}
    return exact, loose, numbered


def _unique(names: list[str], taken: dict[int, str]) -> list[str]:
    """Return one name for each column: the mapping's, else its own, with a number if that is repeated."""
    used = Counter(taken.values())
    unique = []
    for place, name in enumerate(names):
        called = taken.get(place)
        if called is None:
            called, number = name, 1
            while called in used:
                number += 1
                called = f"{name} ({number})"
            used[called] += 1
        unique.append(called)
    return unique


def refuse_missing(header: Header, own: list[str], cause: str, file: Path) -> None:
    """Refuse a file that lacks columns the mapping reads, with the likely cause. Raises ImportFailure."""
    if header.missing:
        raise ImportFailure(
            f"{file} lacks columns the mapping reads: {', '.join(header.missing)}. "
            f"It has: {', '.join(own)[:2000]}. {cause}Nothing was imported."
        )
