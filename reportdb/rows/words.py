"""The words of a row, and what they mean."""

from collections.abc import Mapping as Words
from typing import TypeVar

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.words import Term, Vocabulary
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.spelling import one_spelling

_LONGEST_NAME = 200  # characters of a word for a channel, category or unit
_MOST_WORDS = 1000  # in one column; one with more does not hold categories

Meaning = TypeVar("Meaning", str, bool)


def read_term(fields: Fields, column: str | None, vocabulary: Vocabulary, met: dict[str, Term]) -> Term | None:
    """Return the term a column's word means, noted in `met` by its code; None if the word means none.

    Raises Rejected for an unknown word, or ImportFailure for a column that holds no terms.
    """
    words = fields.value(column)
    key = one_spelling(words or "")
    if not key or key in vocabulary.nothing:
        term = vocabulary.blank
        if term is None:
            return None
    elif key in vocabulary.known:
        term = vocabulary.known[key]
    elif not vocabulary.add_unlisted:
        raise Rejected(f"{column} {shown(words)} is not in the mapping", f"unknown word in {column}")
    elif len(key) > _LONGEST_NAME:
        raise Rejected(f"{column} is longer than {_LONGEST_NAME} characters", f"{column} is too long")
    else:
        name = " ".join(str(words).split())
        # Of several capitalisations the first in order is the name, independent of the order of rows.
        name = min(name, met[key].name_en) if key in met else name
        term = Term(key, name, name)
    met[term.code] = term
    if len(met) > _MOST_WORDS:
        raise ImportFailure(
            f"The column {column} holds more than {_MOST_WORDS} different words. Is it the right column? "
            "Nothing was imported."
        )
    return term


def read_meaning(meanings: Words[str, Meaning], column: str, words: str | None) -> Meaning:
    """Return what a word means. Raises Rejected for a blank or an unknown one."""
    if words is None:
        raise Rejected(f"{column} is blank", f"{column} is blank")
    meaning = meanings.get(one_spelling(words))
    if meaning is None:
        raise Rejected(f"{column} {shown(words)} is not in the mapping", f"unknown word in {column}")
    return meaning
