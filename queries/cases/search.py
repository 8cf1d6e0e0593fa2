"""Search: what a viewer typed, parsed as a code, or as words and names.

Every word must be found. Words are compared without case, diacritics and punctuation; the last one may be the beginning
of a word unless it is a word itself. Words that form a name, or two or more of a name's words, are found side by side
in the text, and also in every report in that area, held by that unit or of that category. If the input begins a public
code, the cases with that code are found instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from queries.engine.database import ReportDatabase
from queries.engine.filters import NONE, Filters
from queries.engine.scope import Scope

_LONGEST = 120  # characters of the input; the rest is ignored
_MOST_WORDS = 10
_NEWEST = 2_000
"""Among so many of the newest reports every word in use occurs."""
_MARKS = {"districts": "=d", "wards": "=w", "units": "=u", "categories": "=c"}  # as in search_marks() in the schema


@dataclass(frozen=True)
class Search:
    """A parsed search: a text query over reports' words, or a range of codes."""

    words: str | None = None
    code: str | None = None
    code_end: str | None = None

    def parameters(self, filters: Filters, *, units: bool = True) -> dict[str, Any]:
        """Return the parameters of a question that searches, as definitions.sql names them.

        Without `units` the chosen units need not be the holders.
        """
        return {
            "words": self.words,
            "words_here": self.words and self._here(filters if units else filters.choosing(units=()), self.words),
            "code": self.code,
            "code_end": self.code_end,
            "within_units": filters.scope.within_units,
            "own": filters.scope.own,
        }

    def _here(self, filters: Filters, words: str) -> str:
        """Return the text query for the words and the marks of the chosen dimensions."""
        chosen = [(mark, getattr(filters, name)) for name, mark in _MARKS.items()]
        marks = [" | ".join(f"'{mark}{one}'" for one in ids) for mark, ids in chosen if ids and NONE not in ids]
        return " & ".join([words, *(f"({each})" for each in marks)])


def search(reports: ReportDatabase, typed: str, scope: Scope) -> Search | None:
    """Parse what a viewer typed; None if it contains no word.

    Telephone numbers and the like are not words: masked text cannot be searched. Raises DatabaseAway.
    """
    typed = "".join(letter for letter in typed[:_LONGEST] if letter.isprintable()).strip()
    if codes := _codes(reports, typed, scope):
        return codes
    words = reports.ask("search_words", typed=typed)["words"].iloc[0].split()[:_MOST_WORDS]
    if not words:
        return None
    runs = list(_runs(words, _names(reports)))
    parts = [_either(run) for run in runs]
    if not runs[-1].marks and _may_begin(words[-1]) and not _met(reports, words[-1], scope):
        parts[-1] = f"('{words[-1]}':*)"
    return Search(words=" & ".join(parts))


def may_be_code(typed: str) -> bool:
    """Whether the input has the form of a public code: one word with a digit."""
    return " " not in typed and any(letter.isdigit() for letter in typed)


def _codes(reports: ReportDatabase, typed: str, scope: Scope) -> Search | None:
    """Return the code that was typed, or the codes that begin with it, in any case; None if there is none."""
    if not may_be_code(typed):
        return None
    forms = tuple(dict.fromkeys((typed, typed.upper(), typed.lower())))
    # Codes are compared bytewise: nothing sorts between a code and the same code followed by the lowest character.
    alone, begun = ([(form, end(form)) for form in forms] for end in (lambda form: form + "\x01", _after))
    for code, code_end in (*alone, *begun):
        if reports.ask("code_known", code=code, code_end=code_end, scope=scope)["known"].iloc[0]:
            return Search(code=code, code_end=code_end)
    return None


def _after(code: str) -> str:
    """Return the smallest string after all codes with this prefix."""
    return code[:-1] + chr(ord(code[-1]) + 1)


def _names(reports: ReportDatabase) -> list[tuple[str, str]]:
    """Return every name, surrounded by spaces, with its mark."""
    answer = reports.ask("search_names")
    return [(f" {name} ", mark) for name, mark in zip(answer["name"], answer["mark"], strict=True)]


class _Run(NamedTuple):
    words: list[str]
    marks: list[str]  # of the names they form, or are part of


def _runs(words: list[str], names: list[tuple[str, str]]) -> Iterator[_Run]:
    """Split the words, from the left, into the longest runs that form names, and other single words."""
    start = 0
    while start < len(words):
        end, marks = start + 1, []
        for longest in range(len(words), start, -1):
            if marks := _meant(words[start:longest], names):
                end = longest
                break
        yield _Run(words[start:end], marks)
        start = end


def _meant(run: list[str], names: list[tuple[str, str]]) -> list[str]:
    """Return the marks of the names that a run of words forms or, for two or more words, is part of."""
    spaced = f" {' '.join(run)} "
    whole = [mark for name, mark in names if name == spaced]
    if whole or len(run) == 1:
        return sorted(set(whole))
    return sorted({mark for name, mark in names if spaced in name})


def _either(run: _Run) -> str:
    """Return the part of a text query that finds a run's words side by side, or one of its marks."""
    side_by_side = " <-> ".join(f"'{word}'" for word in run.words)
    return "(" + " | ".join([side_by_side, *(f"'{mark}'" for mark in run.marks)]) + ")"


def _may_begin(word: str) -> bool:
    """Whether a word may be the beginning of another: house 20 is not house 208."""
    return len(word) > 1 and word.isalpha()


def _met(reports: ReportDatabase, word: str, scope: Scope) -> bool:
    """Return whether a word occurs as it is in one of the newest reports the viewer may read.

    Collecting everything that begins with a frequent word would take longer than the rest of the search.
    """
    return bool(reports.ask("word_met", word=f"'{word}'", newest=_NEWEST, own=scope.own, scope=scope)["met"].iloc[0])
