"""The source's words for channels, categories, units, statuses and severities, and what they mean."""

from collections.abc import Mapping as Words
from dataclasses import dataclass

from reportdb.mapping.table import Table
from reportdb.spelling import one_spelling

STATUSES = ("waiting", "in_progress", "resolved", "refused")
SEVERITIES = ("urgent", "complex", "normal")
MOST_WORDS = 1000
"""Different words in one column, unless the mapping raises it: a column with more hardly holds categories."""


@dataclass(frozen=True)
class Term:
    """One channel, category or unit."""

    code: str
    name_vi: str
    name_en: str


UNKNOWN = Term("blank", "Không rõ", "Unknown")
"""The channel or category of a row that does not say, unless the mapping names one."""


@dataclass(frozen=True)
class Vocabulary:
    """The source's words in one column, compared by `one_spelling`, with their meanings."""

    known: Words[str, Term]
    nothing: frozenset[str]  # words that mean "none"
    blank: Term | None  # the term of an empty value; None: none, and the row's value is unknown
    unlisted: str  # a word not in `known`: "add" makes a term of it, "unknown" notes it, "reject" loses the row
    unknown: Term | None = None  # the term of values that are unknown; None for units: there is none
    most_words: int = MOST_WORDS
    separator: str | None = None  # between the words of a column with several
    prefer: tuple[str, ...] = ()  # of several words, the first of these that is there counts, else the row's first


def read_meanings(table: Table, meanings: tuple[str, ...]) -> dict[str, str]:
    """Read a table of the source's words, each with one of `meanings`. Raises ImportFailure."""
    read: dict[str, str] = {}
    for word in table:
        meaning = table.choice(word, meanings)
        if read.setdefault(one_spelling(word), meaning) != meaning:
            table.refuse(word, f"is the same word as another one, which means {read[one_spelling(word)]!r}")
    return read


def read_vocabulary(table: Table, unknown: Term | None = None) -> Vocabulary:
    """Read `[channels]`, `[categories]` or `[units]`; `unknown` is the term of rows that do not say.

    Raises ImportFailure.
    """
    terms: dict[str, Term] = {}
    known: dict[str, Term] = {}
    for entry in table.tables("known"):
        english = entry.text("en")
        term = Term(entry.text("code"), entry.text("vi", english), english)
        terms[term.code] = term
        for word in (term.code, *entry.list("words")):
            if known.setdefault(one_spelling(word), term) != term:
                entry.refuse("words", f"holds {word!r}, which already means {known[one_spelling(word)].code!r}")
    blank = table.optional("blank")
    if blank is not None and blank not in terms:
        table.refuse("blank", f"names no code of this table: {blank!r}")
    separator, prefer = table.optional("separator"), table.list("prefer")
    if separator == "":
        table.refuse("separator", "must be at least one character")
    if prefer and not separator:
        table.refuse("prefer", "needs a separator: it chooses among several words of a row")
    said = terms[blank] if blank is not None else None
    return Vocabulary(
        known=known,
        nothing=frozenset(one_spelling(word) for word in table.list("nothing")),
        blank=said,
        unlisted=table.choice("unlisted", ("add", "unknown", "reject"), "unknown"),
        unknown=said or (terms.get(unknown.code, unknown) if unknown else None),
        most_words=table.whole_number("most_words", MOST_WORDS),
        separator=separator,
        prefer=tuple(one_spelling(word) for word in prefer),
    )
