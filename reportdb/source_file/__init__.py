"""A source's file, read row by row, and the rows that were rejected. Knows how a file is written, not what it says."""
