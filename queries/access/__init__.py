"""Accounts, contacts, the access log.

Imports `engine`.
"""
