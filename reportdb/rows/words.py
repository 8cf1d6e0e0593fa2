"""The words of a row, and what they mean.

What one word means depends on the word and the mapping alone (`interpret_term`, `interpret_meaning`), so each word of a
file is interpreted once.
"""

from collections.abc import Mapping as Words
from dataclasses import dataclass
from typing import Generic, TypeVar

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.words import Term, Vocabulary
from reportdb.rows.row import Fields, Rejected, shown
from reportdb.spelling import one_spelling, shown_order

_LONGEST_NAME = 200  # characters of a word for a channel, category or unit
_MOST_REMEMBERED = 10_000  # words of a column; others are interpreted again

Meaning = TypeVar("Meaning", str, bool)


@dataclass(frozen=True, slots=True)
class TermReading:
    """What one word of a column means."""

    term: Term | None  # None: no term, as for a report that no unit holds
    note: str | None = None  # why the word counts as unknown, as in `Note.reason`
    refusal: Rejected | None = None  # why its row is rejected


def interpret_term(words: str | None, column: str, vocabulary: Vocabulary) -> TermReading:
    """Return what a word means in a column; `words` are as `Fields.value` returns them."""
    key = one_spelling(words or "")
    if not key or key in vocabulary.nothing:
        unsaid = vocabulary.blank is None and vocabulary.unknown is not None
        return TermReading(vocabulary.blank or vocabulary.unknown, f"{column} is blank" if unsaid else None)
    if key in vocabulary.known:
        return TermReading(vocabulary.known[key])
    if vocabulary.separator and vocabulary.separator in str(words):
        return interpret_term(_chosen(str(words), vocabulary), column, vocabulary)
    return _unlisted(key, str(words), column, vocabulary)


def _unlisted(key: str, words: str, column: str, vocabulary: Vocabulary) -> TermReading:
    """Return what a word means that the mapping does not list."""
    if vocabulary.unlisted == "reject":
        refusal = Rejected(f"{column} {shown(words)} is not in the mapping", f"unknown word in {column}")
        return TermReading(None, refusal=refusal)
    if vocabulary.unlisted == "unknown":
        return TermReading(vocabulary.unknown, f"unknown word in {column}")
    if len(key) > _LONGEST_NAME:
        return TermReading(vocabulary.unknown, f"{column} is too long")
    if vocabulary.unknown is not None and key == vocabulary.unknown.code:
        return TermReading(vocabulary.unknown)
    name = " ".join(words.split())
    return TermReading(Term(key, name, name))


def _chosen(words: str, vocabulary: Vocabulary) -> str | None:
    """Return the one of several words that counts: the first preferred one that is there, else the first."""
    parts: dict[str, str] = {}
    terms: dict[Term, str] = {}
    for part in words.split(vocabulary.separator):
        key = one_spelling(part)
        if key and key not in vocabulary.nothing:
            parts.setdefault(key, part)
            if key in vocabulary.known:
                terms.setdefault(vocabulary.known[key], part)
    for wanted in vocabulary.prefer:
        meant = vocabulary.known.get(wanted)
        if wanted in parts or meant in terms:
            return parts[wanted] if meant is None else terms[meant]
    return next(iter(parts.values()), None)


class TermReader:
    """Reads the terms of one column, and collects those of accepted rows by code."""

    def __init__(self, column: str | None, vocabulary: Vocabulary) -> None:
        self.met: dict[str, Term] = {}
        self._column, self._name, self._vocabulary = column, str(column), vocabulary
        self._readings: dict[str | None, TermReading] = {}

    def read(self, fields: Fields) -> Term | None:
        """Return the row's term, or None. Raises Rejected for an unknown word if the mapping says so."""
        words = fields.value(self._column)
        reading = self._readings.get(words)
        if reading is None:
            reading = interpret_term(words, self._name, self._vocabulary)
            if len(self._readings) < _MOST_REMEMBERED and len(words or "") <= _LONGEST_NAME:
                self._readings[words] = reading
        if reading.refusal:
            raise Rejected(str(reading.refusal), reading.refusal.kind)
        if reading.note:
            fields.note(reading.note, self._name)
        return reading.term

    def accept(self, term: Term | None) -> None:
        """Collect the term of a row that is accepted. Raises ImportFailure for a column that holds no terms."""
        if term is None or (met := self.met.get(term.code)) is term:
            return
        if met is None:
            self.met[term.code] = term
            if len(self.met) > self._vocabulary.most_words:
                raise ImportFailure(
                    f"The column {self._name} holds more than {self._vocabulary.most_words} different words. Is it the "
                    "right column? If it is, raise most_words in the mapping. Nothing was imported."
                )
        elif shown_order(term.name_en) < shown_order(met.name_en):
            # The name does not depend on the order of rows.
            self.met[term.code] = term


@dataclass(frozen=True, slots=True)
class MeaningReading(Generic[Meaning]):
    """What one word of a column with fixed meanings means."""

    meaning: Meaning | None  # None: it does not say
    note: str | None = None  # why the word counts as unknown


def interpret_meaning(words: str | None, column: str, meanings: Words[str, Meaning]) -> MeaningReading[Meaning]:
    """Return what a severity or a flag means; an unknown word counts as none."""
    if words is None:
        return MeaningReading(None)
    meaning = meanings.get(one_spelling(words))
    return MeaningReading(meaning, None if meaning is not None else f"unknown word in {column}")


class MeaningReader(Generic[Meaning]):
    """Reads one column with fixed meanings: a severity or a flag."""

    def __init__(self, column: str | None, meanings: Words[str, Meaning]) -> None:
        self._column, self._name = column, str(column)
        self._meanings: Words[str, Meaning] = meanings
        self._readings: dict[str | None, MeaningReading[Meaning]] = {}

    def read(self, fields: Fields) -> Meaning | None:
        """Return the row's meaning, or None if it does not say or its word is unknown, which is noted."""
        words = fields.value(self._column)
        reading = self._readings.get(words)
        if reading is None:
            reading = interpret_meaning(words, self._name, self._meanings)
            if len(self._readings) < _MOST_REMEMBERED and len(words or "") <= _LONGEST_NAME:
                self._readings[words] = reading
        if reading.note:
            fields.note(reading.note, self._name)
        return reading.meaning
