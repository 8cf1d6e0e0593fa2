"""Accounts, contacts, the access log."""
