"""A CSV file's bytes in blocks of whole rows, and the rows of a block that is clean.

A block is clean if its bytes leave no doubt: quotes stand only around whole fields, lines end alike, and all is
UTF-8. Of other blocks the file's own reader takes the rows apart, one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from reportdb.source_file.raw_row import LONGEST_ROW

Places = NDArray[np.int64]

BLOCK_BYTES = 8_000_000
_QUOTE, _LINE_END, _RETURN = ord('"'), ord("\n"), ord("\r")
_BLANK = b" \r\n\x1a"


@dataclass(frozen=True)
class Block:
    """Some of a file's bytes: the first one's place in the file, the number of its line, and the bytes."""

    start: int
    line: int
    data: bytes

    @property
    def following_line(self) -> int:
        """The number of the line after the block."""
        ends = self.data.count(b"\n") + self.data.count(b"\r") - self.data.count(b"\r\n")
        return self.line + ends + (not self.data.endswith((b"\n", b"\r")))


def blocks(content: IO[bytes], start: int, line: int, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yield the blocks of a file from a place on, where the line of this number begins with a row.

    Each ends where a line ends outside quotes, if quotes are as they should be.
    """
    held = b""
    while read := content.read(size):
        held += read
        end = _last_row_end(held)
        if end:
            block = Block(start, line, held[:end])
            yield block
            start, line, held = start + end, block.following_line, held[end:]
    if held:
        yield Block(start, line, held)


def _last_row_end(data: bytes) -> int:
    """Return the place after the last line end with an even number of quotes before it, or 0."""
    quotes = data.count(b'"')
    end = len(data)
    while (found := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= data.count(b'"', found, end)
        if quotes % 2 == 0:
            return found + 1
        end = found
    return 0


@dataclass(frozen=True)
class CleanRows:
    """The rows of a clean block: where each begins and ends among its bytes, and the numbers of their lines."""

    begins: Places
    ends: Places  # after the line end
    lines: Places
    odd: NDArray[np.bool_]  # of another number of columns than the header


def clean_rows(block: Block) -> CleanRows | None:
    """Return the rows of a block, or None if it is not clean. None is odd yet (`with_odd_rows`)."""
    data = block.data
    if b"\0" in data or not _is_text(data):
        return None
    letters = np.frombuffer(data, dtype=np.uint8)
    quotes, line_ends = (np.flatnonzero(letters == letter) for letter in (_QUOTE, _LINE_END))
    if not _lines_end_alike(letters) or len(quotes) % 2:
        return None
    ends = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0] + 1
    if not len(ends) or ends[-1] < len(data):
        ends = np.append(ends, len(data))
    begins = np.concatenate(([0], ends[:-1]))
    if (ends - begins).max() > LONGEST_ROW:
        return None
    lines = block.line + np.searchsorted(line_ends, begins)
    return CleanRows(begins, ends, lines, np.zeros(len(begins), dtype=bool))


def quotes_enclose(data: bytes, delimiter: str) -> bool:
    """Whether quotes stand in pairs around whole fields; two of them inside mean one."""
    letters = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(letters == _QUOTE)
    padded = np.concatenate(([_LINE_END], letters, [_LINE_END]))
    before, after = padded[quotes[::2]], padded[quotes[1::2] + 2]
    opens = (before == ord(delimiter)) | (before == _LINE_END) | (before == _QUOTE)
    closes = (after == ord(delimiter)) | (after == _LINE_END) | (after == _RETURN) | (after == _QUOTE)
    return len(quotes) % 2 == 0 and bool(opens.all() and closes.all())


def with_odd_rows(block: Block, rows: CleanRows, delimiter: str, width: int) -> CleanRows | None:
    """Return the rows without blank lines, and which of them have another number of columns than the header.

    None if one of these stands on several lines: such a row is taken apart line by line.
    """
    data = block.data
    letters = np.frombuffer(data, dtype=np.uint8)
    quotes, delimiters = (np.flatnonzero(letters == letter) for letter in (_QUOTE, ord(delimiter)))
    delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    odd = np.diff(np.searchsorted(delimiters, np.append(rows.begins, len(data)))) != width - 1
    kept = np.ones(len(odd), dtype=bool)
    for row in np.flatnonzero(odd):
        text = data[rows.begins[row] : rows.ends[row]]
        kept[row] = bool(text.strip(_BLANK))
        if text.count(b"\n") > 1:
            return None
    return CleanRows(rows.begins[kept], rows.ends[kept], rows.lines[kept], odd[kept])


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines_end_alike(letters: NDArray[np.uint8]) -> bool:
    """Whether every carriage return stands before a line end."""
    returns = np.flatnonzero(letters == _RETURN)
    if not len(returns):
        return True
    return bool(returns[-1] + 1 < len(letters) and (letters[returns + 1] == _LINE_END).all())
