"""The encoding of a file's text: what its first bytes tell, and what cannot be decoded."""

import codecs
import unicodedata
from itertools import pairwise

KEEP_BYTES = "keep-bytes"
"""The error handler for files: each byte that cannot be decoded becomes one character of U+DC00 to U+DCFF."""

LONGEST_MARK = 4
_MARKS = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_VOWELS = frozenset("aăâeêioôơuưyAĂÂEÊIOÔƠUƯY")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_FEW_TONES = 0.2  # of the letters beyond ASCII; Vietnamese has far more, other languages next to none


def _keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end
    if isinstance(error, UnicodeEncodeError):
        kept = error.object[error.start : error.end]
        # Surrogates that never were bytes are escaped, so that writing never fails.
        return b"".join(
            bytes([ord(one) - 0xDC00]) if 0xDC80 <= ord(one) <= 0xDCFF else one.encode("ascii", "backslashreplace")
            for one in kept
        ), error.end
    raise error


codecs.register_error(KEEP_BYTES, _keep_bytes)


def encoding_of(start: bytes, named: str) -> str:
    """Return the encoding of a file that begins with these bytes: its own mark counts, else the mapping's word.

    UTF-16 without a mark has its zero bytes at the even or the odd places.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    name = codecs.lookup(named).name
    if name == "utf-16":
        return _utf16(start) or "utf-16-le"
    return name


def _utf16(start: bytes) -> str | None:
    """Return which UTF-16 without a mark the bytes are, or None: in a header most letters are ASCII."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if 4 * max(even, odd) < len(start) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def likely_encoding(start: bytes) -> str | None:
    """Return the encoding that fits a sample of a file which is not UTF-8, or None if none can be told."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding.removesuffix("-sig")
    if _utf16(start):
        return "utf-16"
    if b"\0" in start:
        return None
    vietnamese = start.decode("windows-1258", "replace")
    beyond = sum(not letter.isascii() for letter in vietnamese)
    tones = sum(after in _TONES and before in _VOWELS for before, after in pairwise(vietnamese))
    if beyond and tones >= _FEW_TONES * beyond:
        return "windows-1258"
    try:
        start.decode("windows-1252")
    except UnicodeDecodeError:
        return None
    return "windows-1252"


def undecodable(text: str, encoding: str) -> str | None:
    """Return where a text has a byte that is not of the encoding, or None."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = (ord(text[error.start]) - 0xDC00) & 0xFF
        if encoding.startswith(("utf-16", "utf-32")):
            return f"character {error.start + 1} is cut or broken"
        position = len(text[: error.start].encode(encoding, KEEP_BYTES)) + 1
        return f"byte {position} is 0x{byte:02x}"
    return None


def composed(fields: list[str]) -> list[str]:
    """Return texts with letters and their marks composed (NFC): one spelling of each Vietnamese word."""
    return [field if field.isascii() else unicodedata.normalize("NFC", field) for field in fields]
