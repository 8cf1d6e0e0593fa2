"""Units, their families, heads and officers."""
