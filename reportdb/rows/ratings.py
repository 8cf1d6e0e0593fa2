"""How the citizen rated the work, when, and what the citizen was told: all of it may be unknown."""

from datetime import datetime

from reportdb.mapping.ratings import Rated
from reportdb.rows.row import Fields
from reportdb.rows.times import TimeReader
from reportdb.spelling import one_spelling


def read_rating(fields: Fields, rated: Rated, times: TimeReader) -> tuple[str | None, datetime | None]:
    """Return a row's rating and its time in UTC, or None; what cannot be read counts as unknown and is noted."""
    words = fields.value(rated.column)
    rating = rated.words.get(one_spelling(words)) if words else None
    if words and rating is None:
        fields.note(f"unknown word in {rated.column}", str(rated.column))
    return rating, times.optional(rated.at) if rating and rated.at else None
