"""How a value that others wrote is shown: one function for each place it is written into.

Names, titles, answers, sources: whatever a file, a database or an address holds may contain Markdown, HTML, formulas,
escape sequences of a terminal, or characters that turn the text beside them around. What HTML needs beyond `plain_text`
Jinja2 does (ui/base/html_panel.py). This module imports nothing of ours, so that every room can use it.
"""

import json
import re
import traceback
from typing import Any

_ISOLATE, _END = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_JOINER = "\u2060"  # word joiner: nobody sees it, and what it stands in is no longer one piece of syntax

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028\u2029"  # soft hyphen, marks of direction, spaces of no width
    "\u202a-\u202e\u2060-\u2067\u206a-\u206f"  # embeddings, overrides and isolates; shaping
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"  # no characters at all
)
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_DROPPED = re.compile(f"[{_UNSEEN}]")
_TURNS = re.compile(f"[{_RIGHT_TO_LEFT}]")
_UNUSUAL = re.compile(f"[{_UNSEEN}{_RIGHT_TO_LEFT}{_ISOLATE}{_END}]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_INNERMOST = re.compile(f"{_ISOLATE}[^{_ISOLATE}{_END}]*{_END}")

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# What Streamlit replaces after Markdown's own escapes are gone: addresses, mail, :material/icon:, :emoji:, arrows.
_PIECES = re.compile(r"(?<=:)(?!\d\d?(?![\w:+-]))(?=\S)|(?<=@)|(?<=www)(?=\.)|(?<=[<>~-])(?=[=>-])", re.IGNORECASE)

_FORMULA = re.compile("(^|[;\t\n])([\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def plain_text(value: str) -> str:
    """Return text as a reader sees it: no control character, and nothing in it turns its neighbours around.

    Lines stay lines. A line with right-to-left letters is isolated (Unicode's FSI and PDI). Done again, it changes
    nothing.
    """
    if not _UNUSUAL.search(value):
        return value
    kept = _DROPPED.sub("", _LINE_ENDS.sub("\n", value))
    return "\n".join(map(_isolated, kept.split("\n")))


def one_line(value: str) -> str:
    """Return `plain_text` in one line, with single spaces."""
    return " ".join(plain_text(value).split())


def streamlit_label(value: str) -> str:
    """Return words for a label or a text of Streamlit's own, which reads Markdown: they are shown as they stand.

    No link, picture, heading, list, code, formula, colour, icon, emoji or arrow comes of them.
    """
    return _PUNCTUATION.sub(r"\\\g<0>", _PIECES.sub(_JOINER, one_line(value)))


def tooltip_text(value: str) -> str:
    """Return words for a property of what a deck.gl map is asked about.

    Streamlit puts properties in place of {their names} one after the other: in these words there is no such place.
    """
    return one_line(value).replace("{", "{" + _JOINER)


def glyphs(value: str) -> str:
    """Return words for a text layer of a map, which draws letter by letter and would draw marks of direction too."""
    return one_line(value).replace(_ISOLATE, "").replace(_END, "")


def spreadsheet_cell(value: Any) -> Any:
    """Return a cell of a CSV file that no spreadsheet takes for a formula.

    An apostrophe stands before each sign that could begin one: at the beginning of the cell, and after what a
    spreadsheet of another country takes for the end of a cell or a row (";", tab, line end).
    """
    if not isinstance(value, str):
        return value
    text = plain_text(value)
    guarded = _FORMULA.sub(r"\1\2'", text)
    return "'" + guarded if guarded.startswith(("\t", "\n")) else guarded


def terminal_text(value: str) -> str:
    """Return text for a terminal: no escape sequence, and no mark of direction."""
    return _DROPPED.sub("", _LINE_ENDS.sub("\n", value)).replace(_ISOLATE, "").replace(_END, "")


def log_text(value: object) -> str:
    """Return a value for a line of a log, on that one line: what is not printed stands as Python escapes it."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(value))


def log_error(error: BaseException) -> str:
    """Return an error with its way through the code for a log, every line of it indented and as `log_text` has it."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(f"    {log_text(line)}" for line in lines)


def json_text(value: Any) -> str:
    """Return a value as indented JSON that can be printed on a terminal: what is not printed is escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=2)
    return _UNUSUAL.sub(_json_escaped, written)


def _isolated(line: str) -> str:
    rest, before = line, ""
    while rest != before:
        rest, before = _INNERMOST.sub("", rest), rest
    if _ISOLATE in rest or _END in rest:  # one that is never closed would take what follows with it
        rest = line = line.replace(_ISOLATE, "").replace(_END, "")
    return f"{_ISOLATE}{line}{_END}" if _TURNS.search(rest) else line


def _json_escaped(found: re.Match[str]) -> str:
    """Return a character as JSON escapes it; letters are left as they are."""
    letter = found[0]
    return letter if _TURNS.match(letter) else json.dumps(letter)[1:-1]
