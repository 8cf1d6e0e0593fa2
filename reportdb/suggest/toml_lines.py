"""Lines of TOML with comments, from words of a file that may hold anything."""

import json

from safe_text import one_line

_LONGEST = 60  # characters of a word in a comment


def quoted(words: str) -> str:
    """Return words as a TOML string; what cannot be seen is escaped, so that it survives a terminal."""
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in json.dumps(words, ensure_ascii=False))


def listed(words: tuple[str, ...] | list[str]) -> str:
    """Return words as a TOML list."""
    return f"[{', '.join(quoted(one) for one in words)}]"


def shown(words: str) -> str:
    """Return words for a comment: in quotes, on one line, shortened."""
    plain = one_line(words)
    return repr(plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 3]}...")


def in_rows(number: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if number == 1 else f"{number:,} rows"


def line(key: str, value: str, check: str | None = None) -> str:
    """Return one line, with what is to be checked."""
    return f"{key} = {value}" + (f"  # check: {check}" if check else "")
