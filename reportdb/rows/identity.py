"""The id of a row."""

import re

from reportdb.mapping.identity import Identity
from reportdb.mapping.pattern import rewritten
from reportdb.rows.row import Fields, Rejected, shown

SCIENTIFIC = "id in scientific notation"
"""The kind of rejection for ids that a spreadsheet has shortened: several reports may share one."""

_LONGEST_ID = 200  # characters
_POWER_OF_TEN = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")


def scientific(words: str) -> bool:
    """Return whether an id was written as a power of ten, such as 1.01003E+11, so that its last digits are lost."""
    return "+" in words and _POWER_OF_TEN.fullmatch(words) is not None


def read_identity(fields: Fields, identity: Identity) -> str:
    """Return the row's id in the mapping's spelling. Raises Rejected."""
    parts = [fields.value(column) for column in identity.columns]
    words = interpret_identity(identity.between.join(part for part in parts if part), identity)
    if None in parts or not words:
        raise Rejected(f"{identity.name} is blank: a report needs an id", "no id")
    if not identity.scientific and any(part and scientific(part) for part in parts):
        raise Rejected(
            f"{identity.name} {shown(words)} is in scientific notation: the file went through a spreadsheet", SCIENTIFIC
        )
    if len(words) > _LONGEST_ID:
        raise Rejected(f"{identity.name} is longer than {_LONGEST_ID} characters", "id is too long")
    return words


def interpret_identity(words: str, identity: Identity) -> str:
    """Return an id in the mapping's spelling."""
    return rewritten(words, identity.pattern, identity.written).strip() if identity.pattern else words
