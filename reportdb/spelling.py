"""When two spellings are one word."""

import unicodedata


def one_spelling(words: str) -> str:
    """Return words as they are compared: composed or decomposed, in any capitals, with any number of spaces."""
    return unicodedata.normalize("NFC", " ".join(words.split()).casefold())
