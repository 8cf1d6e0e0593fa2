"""Deadline rules, their history and recomputation, working time, calendars."""
