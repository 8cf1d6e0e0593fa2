"""Measurements anyone can run: `make bench`, or `python -m bench --help`. Never part of the tests."""
