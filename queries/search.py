"""A search: what a viewer typed, understood as a code, or as words and names.

Every word must be found. Words are compared without case, diacritics or punctuation; the last one may be the beginning
of a word. Words that are a name, or two and more of a name's words, are found where they stand side by side, and also
in every report that lies in that area, is held by that unit or has that category, whatever its text says. A search that
begins a public code finds the cases with that code instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queries.database import ReportDatabase

_LONGEST = 120  # characters of what is typed; the rest is left out
_MOST_WORDS = 10


@dataclass(frozen=True)
class Search:
    """A search as the database understands it: a text query over a report's words, or a pattern of its code."""

    words: str | None = None
    code: str | None = None


def search(reports: ReportDatabase, typed: str) -> Search | None:
    """Understand what a viewer typed; None where there is no word in it. Raises DatabaseAway."""
    typed = "".join(letter for letter in typed[:_LONGEST] if letter.isprintable()).strip()
    if code := _code(reports, typed):
        return Search(code=code)
    words = reports.ask("search_words", typed=typed)["words"].iloc[0].split()[:_MOST_WORDS]
    if not words:
        return None
    return Search(words=" & ".join(_either(run, marks, last) for run, marks, last in _runs(words, _names(reports))))


def _code(reports: ReportDatabase, typed: str) -> str | None:
    """Return the pattern of the codes that are, or else begin with, what was typed; None where no code does."""
    if " " in typed or not any(letter.isdigit() for letter in typed):
        return None
    exact = typed.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    forms = (exact, exact.upper(), exact.lower())
    for pattern in (*forms, *(form + "%" for form in forms)):
        if reports.ask("code_known", code=pattern)["known"].iloc[0]:
            return pattern
    return None


def _names(reports: ReportDatabase) -> list[tuple[str, str]]:
    """Return every name, between spaces, with its mark."""
    answer = reports.ask("search_names")
    return [(f" {name} ", mark) for name, mark in zip(answer["name"], answer["mark"], strict=True)]


def _runs(words: list[str], names: list[tuple[str, str]]) -> Iterator[tuple[list[str], list[str], bool]]:
    """Cut the words into the longest runs that are names, from the left, and single words that are none.

    Yield each run with the marks of its names, and whether it is the last.
    """
    start = 0
    while start < len(words):
        end, marks = start + 1, []
        for longest in range(len(words), start, -1):
            if marks := _meant(words[start:longest], names):
                end = longest
                break
        yield words[start:end], marks, end == len(words)
        start = end


def _meant(run: list[str], names: list[tuple[str, str]]) -> list[str]:
    """Return the marks of the names that a run of words is, or else, where it has two words, is part of."""
    spaced = f" {' '.join(run)} "
    whole = [mark for name, mark in names if name == spaced]
    if whole or len(run) == 1:
        return sorted(set(whole))
    return sorted({mark for name, mark in names if spaced in name})


def _either(run: list[str], marks: list[str], last: bool) -> str:
    """Return the part of a text query that finds a run of words side by side, or one of the marks."""
    lexemes = [f"'{word}'" for word in run]
    if last and not marks and len(run[-1]) > 1 and run[-1].isalpha():  # house 20 is not house 208
        lexemes[-1] += ":*"
    return "(" + " | ".join([" <-> ".join(lexemes), *(f"'{mark}'" for mark in marks)]) + ")"
