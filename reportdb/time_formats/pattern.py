"""Formats of strptime, compiled once: the same letters, read faster, and in English and Vietnamese."""

import re
from datetime import date, datetime, tzinfo

from reportdb.time_formats.written import AM_PM, Written, clock, hour_of_day, microseconds
from reportdb.time_formats.zones import ZONE, UnknownZone, written_zone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?|(?:tháng|thg)\.?\ ?(?:1[0-2]|0?[1-9])"
_PARTS = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "m": r"1[0-2]|0[1-9]|[1-9]",
    "d": r"3[01]|[12][0-9]|0[1-9]|[1-9]",
    "j": r"36[0-6]|3[0-5][0-9]|[12][0-9]{2}|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]",
    "H": r"2[0-4]|[01][0-9]|[0-9]",
    "I": r"1[0-2]|0[0-9]|[0-9]",
    "M": r"[0-5][0-9]|[0-9]",
    "S": r"60|[0-5][0-9]|[0-9]",
    "f": r"[0-9]{1,9}",
    "p": AM_PM,
    "b": _MONTH,
    "a": r"(?:thứ|chủ)\ [^\W\d_]+|[^\W\d_]+\.?",
    "Z": ZONE,
}
_SAME = {"e": "d", "k": "H", "l": "I", "h": "b", "B": "b", "A": "a", "z": "Z"}
_LONGER = {"T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d", "D": "%m/%d/%y", "r": "%I:%M:%S %p"}
_DIRECTIVE = re.compile(r"%([-#_0]?)(.)|(\s+)|([^%\s]+)", re.DOTALL)
_LITERAL_ZONE = re.compile(r"(?<![A-Za-z])(?:[A-Z]{1,5}|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?)(?![A-Za-z0-9])")


class Pattern:
    """A format of strptime. `own` is the zone whose abbreviations count. Raises ValueError for a wrong format.

    Beside strptime it reads "24:00", second 60, up to nine decimals, SA and CH for AM and PM, and every written zone. A
    zone that stands in the format as text counts too: "%H:%M:%S UTC".
    """

    def __init__(self, written: str, own: tzinfo | None) -> None:
        self._own = own
        written = re.sub(r"(?<!%)((?:%%)*)%([TRFDr])", lambda found: found[1] + _LONGER[found[2]], written)
        self._written = written
        self._letters: set[str] = set()
        expression, after_time = "", ""
        for modifier, named, space, text in _DIRECTIVE.findall(written):
            letter = _SAME.get(named, named)
            if letter == "%":
                expression += "%"
            elif letter:
                if letter in self._letters:
                    raise ValueError(f"%{letter} stands there twice")
                self._letters.add(letter)
                if letter not in _PARTS and modifier:
                    raise ValueError(f"%{modifier}{letter} is unknown")
                expression += f"(?P<{letter}>{_PARTS.get(letter, '.*')})"
                after_time = "" if letter in "HIMSfp" else after_time
            else:
                expression += r"\s+" if space else re.escape(text)
                after_time += " " if space else text
        self._expression = re.compile(expression, re.IGNORECASE)
        self._slow = not self._letters <= _PARTS.keys()  # letters that only strptime itself knows
        self.has_time = bool(self._letters & set("HIcX"))
        self.has_day = _names_a_day(self._letters)
        self._zone = self._literal_zone(after_time) if "Z" not in self._letters and self.has_time else None

    def __call__(self, words: str) -> Written:
        """Read a time. Raises ValueError."""
        if self._slow:
            return datetime.strptime(words, self._written), self.has_time  # noqa: DTZ007 - as written
        found = self._expression.fullmatch(words)
        if not found:
            raise ValueError(words)
        letters = self._letters
        year = int(found["Y"]) if "Y" in letters else _century(int(found["y"]))
        if "j" in letters:
            day = date.fromordinal(date(year, 1, 1).toordinal() + int(found["j"]) - 1)
            if day.year != year:
                raise ValueError(words)
        else:
            month = int(found["m"]) if "m" in letters else _month(found["b"])
            day = date(year, month, int(found["d"]))
        zone = written_zone(found["Z"], self._own) if "Z" in letters else self._zone
        if not self.has_time:
            return datetime(day.year, day.month, day.day, tzinfo=zone), False
        hour = hour_of_day(int(found["H" if "H" in letters else "I"]), found["p"] if "p" in letters else None)
        minute = int(found["M"]) if "M" in letters else 0
        second = int(found["S"]) if "S" in letters else 0
        micro = microseconds(found["f"]) if "f" in letters else 0
        return clock(day, hour, minute, second, micro, zone), True

    def _literal_zone(self, text: str) -> tzinfo | None:
        """Return the zone that stands as text after the time of day."""
        for found in _LITERAL_ZONE.findall(text):
            try:
                return written_zone(found, self._own)
            except UnknownZone:
                continue
        return None


def _names_a_day(letters: set[str]) -> bool:
    """Return whether these letters of strptime give a day of a year."""
    if letters & set("cx"):
        return True
    if not letters & set("YyG"):
        return False
    of_month = "d" in letters and bool(letters & set("mb"))
    of_week = bool(letters & set("UVW")) and bool(letters & set("uwa"))
    return of_month or of_week or "j" in letters


def _century(year: int) -> int:
    """Return the year of two digits: 69 to 99 are of the last century, as POSIX has it."""
    return year + (1900 if year >= 69 else 2000)


def _month(words: str) -> int:
    """Return the month of a name that the expression has matched."""
    english = words[:3].lower()
    return _MONTHS.index(english) + 1 if english in _MONTHS else int("".join(filter(str.isdecimal, words)))
