"""When two spellings count as one word."""

import unicodedata


def one_spelling(words: str) -> str:
    """Normalise words for comparison: Unicode composition, case and spaces."""
    return unicodedata.normalize("NFC", " ".join(words.split()).casefold())
