"""How to show a value that others wrote: one function for each output format.

Names, titles, answers, sources: values from files, databases or addresses may contain Markdown, HTML, formulas,
terminal escape sequences, or characters that reverse the text beside them. HTML escaping is done by Jinja2
(ui/base/html_panel.py) after `plain_text`. This module imports nothing of ours, so that every room can use it.
"""

import json
import re
import traceback
from typing import Any

_ISOLATE, _END = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_JOINER = "\u2060"  # word joiner: invisible, and breaks up syntax

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and line feed
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028\u2029"  # soft hyphen, direction marks, zero-width spaces
    "\u202a-\u202e\u2060-\u2067\u206a-\u206f"  # embeddings, overrides and isolates; shaping
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"  # noncharacters
)
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_DROPPED = re.compile(f"[{_UNSEEN}]")
_TURNS = re.compile(f"[{_RIGHT_TO_LEFT}]")
_UNUSUAL = re.compile(f"[{_UNSEEN}{_RIGHT_TO_LEFT}{_ISOLATE}{_END}]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_INNERMOST = re.compile(f"{_ISOLATE}[^{_ISOLATE}{_END}]*{_END}")

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# What Streamlit replaces after Markdown's escapes are gone: addresses, mail, :material/icon:, :emoji:, arrows.
_PIECES = re.compile(r"(?<=:)(?!\d\d?(?![\w:+-]))(?=\S)|(?<=@)|(?<=www)(?=\.)|(?<=[<>~-])(?=[=>-])", re.IGNORECASE)

_FORMULA = re.compile("(^|[;\t\n])([\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def plain_text(value: str) -> str:
    """Return text without control characters, and with nothing that reverses the text beside it.

    Line breaks are kept. A line with right-to-left letters is isolated (Unicode's FSI and PDI). Idempotent.
    """
    if not _UNUSUAL.search(value):
        return value
    kept = _DROPPED.sub("", _LINE_ENDS.sub("\n", value))
    return "\n".join(map(_isolated, kept.split("\n")))


def one_line(value: str) -> str:
    """Return `plain_text` in one line, with single spaces."""
    return " ".join(plain_text(value).split())


def streamlit_label(value: str) -> str:
    """Return text for a Streamlit label or text, which reads Markdown: it is shown literally.

    It produces no link, picture, heading, list, code, formula, colour, icon, emoji or arrow.
    """
    return _PUNCTUATION.sub(r"\\\g<0>", _PIECES.sub(_JOINER, one_line(value)))


def tooltip_text(value: str) -> str:
    """Return text for a property of a deck.gl map's tooltip.

    Streamlit replaces {names} by properties one after the other; the result contains no such placeholder.
    """
    return one_line(value).replace("{", "{" + _JOINER)


def glyphs(value: str) -> str:
    """Return text for a map's text layer, which draws letter by letter and would draw direction marks too."""
    return one_line(value).replace(_ISOLATE, "").replace(_END, "")


def spreadsheet_cell(value: Any) -> Any:
    """Return a cell of a CSV file that no spreadsheet reads as a formula.

    An apostrophe is put before each character that could begin one: at the start of the cell, and after characters that
    another country's spreadsheet takes for the end of a cell or a row (";", tab, line end).
    """
    if not isinstance(value, str):
        return value
    text = plain_text(value)
    guarded = _FORMULA.sub(r"\1\2'", text)
    return "'" + guarded if guarded.startswith(("\t", "\n")) else guarded


def terminal_text(value: str) -> str:
    """Return text for a terminal: no escape sequences, no direction marks."""
    return _DROPPED.sub("", _LINE_ENDS.sub("\n", value)).replace(_ISOLATE, "").replace(_END, "")


def log_text(value: object) -> str:
    """Return a value on one line for a log; unprintable characters are escaped as in Python."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(value))


def log_error(error: BaseException) -> str:
    """Return an error with its traceback for a log, every line indented and written by `log_text`."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(f"    {log_text(line)}" for line in lines)


def json_text(value: Any) -> str:
    """Return a value as indented JSON for a terminal; unprintable characters are escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=2)
    return _UNUSUAL.sub(_json_escaped, written)


def _isolated(line: str) -> str:
    rest, before = line, ""
    while rest != before:
        rest, before = _INNERMOST.sub("", rest), rest
    if _ISOLATE in rest or _END in rest:  # an unclosed one would affect what follows
        rest = line = line.replace(_ISOLATE, "").replace(_END, "")
    return f"{_ISOLATE}{line}{_END}" if _TURNS.search(rest) else line


def _json_escaped(found: re.Match[str]) -> str:
    """Return a character's JSON escape; letters are left unchanged."""
    letter = found[0]
    return letter if _TURNS.match(letter) else json.dumps(letter)[1:-1]
