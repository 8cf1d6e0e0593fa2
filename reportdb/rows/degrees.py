"""One number of a coordinate: with decimal point or comma, or in degrees, minutes and seconds."""

import math
import re

_PLAIN = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_SPACED = re.compile(r"[-+]?[0-9]{1,3}(?:[ '\u00a0\u202f][0-9]{3})+(?:[.,][0-9]*)?")  # 2 325 647,34
_PART = r"[0-9]+(?:[.,][0-9]*)?"
_DEGREES = re.compile(
    rf"""(?P<before>[NSEWBĐ])?\s?(?P<sign>[-+])?(?P<degrees>{_PART})\s?[°º]?
        (?:\s?(?P<minutes>{_PART})\s?['′’])?
        (?:\s?(?P<seconds>{_PART})\s?(?:["″”]|''|′′|’’))?\s?(?P<after>[NSEWBĐ])?""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 60  # characters of one number
_VIETNAMESE = {"B": "N", "Đ": "E"}  # bắc, đông; those for west and south would be mistaken for English ones


def number(words: str, decimal: str | None = None, letters: str = "NSEW") -> float | None:
    """Return a coordinate, or None if it cannot be read.

    `decimal` is the sign before decimals, None for either; `letters` are the hemispheres it may name.
    """
    if len(words) > _LONGEST:
        return None
    if decimal != ",":
        try:
            read = float(words)
        except ValueError:
            pass
        else:
            return read if math.isfinite(read) else None
    words = words.replace("\u2212", "-")  # the minus sign of typesetters
    if _SPACED.fullmatch(words):
        words = re.sub(r"[ '\u00a0\u202f]", "", words)
    if re.search(r"[^-+.,eE0-9]", words):
        return _in_degrees(words, letters)
    plain = _with_point(words, decimal)
    read = float(plain) if plain and _PLAIN.fullmatch(plain) else math.nan
    return read if math.isfinite(read) else _in_degrees(words, letters)


def _with_point(words: str, decimal: str | None) -> str | None:
    """Write a number with a decimal point and without signs between its thousands, or return None."""
    if decimal is None and "." in words and "," in words:
        decimal = max(",.", key=words.rfind)  # the last one stands before the decimals
    elif decimal is None:
        decimal = "," if words.count(",") == 1 else "."
    thousands = "," if decimal == "." else "."
    if thousands in words:
        grouped = rf"[-+]?[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}})+(?:[{decimal}][0-9]*)?"
        if not re.fullmatch(grouped, words):
            return None
    return words.replace(thousands, "").replace(decimal, ".")


def _in_degrees(words: str, letters: str) -> float | None:
    """Return degrees written with their signs or a hemisphere: 21°02'30"N, 105.85 E."""
    match = _DEGREES.fullmatch(words)
    if not match or (match["before"] and match["after"]) or not re.search(r"[^-+., 0-9]", words):
        return None
    parts = [float(match[part].replace(",", ".")) if match[part] else 0.0 for part in ("degrees", "minutes", "seconds")]
    letter = (match["before"] or match["after"] or "").upper()
    letter = _VIETNAMESE.get(letter, letter)
    if (letter and (letter not in letters or match["sign"])) or parts[1] >= 60 or parts[2] >= 60:
        return None
    size = parts[0] + parts[1] / 60 + parts[2] / 3600
    return -size if letter in {"S", "W"} or match["sign"] == "-" else size
