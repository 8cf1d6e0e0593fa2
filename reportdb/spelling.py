"""When two spellings count as one word, and which of them is shown."""

import re
import unicodedata

_INVISIBLE = "\u200b\u2060\ufeff"  # spaces without width, as copied from web pages and other files
_WITHOUT_INVISIBLE = str.maketrans("", "", _INVISIBLE)
_PLACES = {
    before: after
    for first, second in (("o", "a"), ("o", "e"), ("u", "y"))
    for tone in "\u0300\u0301\u0303\u0309\u0323"
    for before, after in [
        (
            unicodedata.normalize("NFC", f"{first}{second}{tone}"),
            unicodedata.normalize("NFC", f"{first}{tone}{second}"),
        )
    ]
}
# The two ways differ only where the vowel ends the syllable: hoà and hòa, but always hoàn. In quý the u belongs to q.
_SECOND_VOWEL = re.compile(rf"(?<!q)(?:{'|'.join(_PLACES)})(?!\w)")


def composed(words: str) -> str:
    """Return words in one Unicode composition (NFC), without spaces at their ends."""
    words = words.strip()
    return words if words.isascii() else unicodedata.normalize("NFC", words).strip(_INVISIBLE).strip()


def one_spelling(words: str) -> str:
    """Normalise words for comparison: Unicode composition, case, spaces, and the place of Vietnamese tone marks."""
    key = " ".join(words.split()).casefold()
    if key.isascii():
        return key
    key = " ".join(unicodedata.normalize("NFC", key.translate(_WITHOUT_INVISIBLE)).split())
    return _SECOND_VOWEL.sub(lambda match: _PLACES[match.group()], key)


def shown_order(words: str) -> tuple[bool, str]:
    """Return the sort key of spellings of one word: the least is shown, "Hòa" before "Hoà", else the first in order."""
    return _SECOND_VOWEL.search(words.casefold()) is not None, words
