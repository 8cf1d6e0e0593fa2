"""Whether the database delivers: changes, feeds, the server."""
