"""The source's words for channels, categories, units, statuses and severities, and what they mean."""

from collections.abc import Mapping as Words
from dataclasses import dataclass

from reportdb.mapping.table import Table
from reportdb.spelling import one_spelling

STATUSES = ("waiting", "in_progress", "resolved", "refused")
SEVERITIES = ("urgent", "complex", "normal")


@dataclass(frozen=True)
class Term:
    """One channel, category or unit."""

    code: str
    name_vi: str
    name_en: str


@dataclass(frozen=True)
class Vocabulary:
    """The source's words in one column, compared ignoring case and spaces, with their meanings."""

    known: Words[str, Term]
    nothing: frozenset[str]  # words that mean "none"
    blank: Term | None  # the meaning of an empty value
    add_unlisted: bool


def read_meanings(table: Table, meanings: tuple[str, ...]) -> dict[str, str]:
    """Read a table of the source's words, each with one of `meanings`. Raises ImportFailure."""
    return {one_spelling(word): table.choice(word, meanings) for word in table}


def read_vocabulary(table: Table) -> Vocabulary:
    """Read `[channels]`, `[categories]` or `[units]`. Raises ImportFailure."""
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
    return Vocabulary(
        known=known,
        nothing=frozenset(one_spelling(word) for word in table.list("nothing")),
        blank=terms[blank] if blank is not None else None,
        add_unlisted=table.choice("unlisted", ("add", "reject"), "reject") == "add",
    )
