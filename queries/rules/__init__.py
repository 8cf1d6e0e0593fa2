"""Deadline rules and the calendar as data, and how sure they are.

Imports `engine`.
"""
