"""Deadline rules and the calendar as data."""
