"""When a report is due: rules, their history and recomputation, working time, calendars.

Imports no other room of `reportdb`.
"""
