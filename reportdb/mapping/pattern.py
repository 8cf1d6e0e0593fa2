"""A pattern for a whole value, and what to write instead of it."""

import re

from reportdb.mapping.table import Table


def read_pattern(table: Table) -> tuple[re.Pattern[str] | None, str]:
    """Read the keys `pattern` and `written`. Raises ImportFailure if they do not fit."""
    pattern, written = table.optional("pattern"), table.text("written", r"\g<0>")
    try:
        compiled = re.compile(pattern) if pattern is not None else None
        if compiled:
            compiled.sub(written, "")
    except (re.error, IndexError) as error:
        table.refuse("pattern", f"and its replacement do not fit: {error}")
    return compiled, written


def rewritten(words: str, pattern: re.Pattern[str] | None, written: str) -> str:
    """Return a value as the mapping writes it: unchanged if it has no pattern, or another form."""
    match = pattern.fullmatch(words) if pattern else None
    return match.expand(written) if match else words
