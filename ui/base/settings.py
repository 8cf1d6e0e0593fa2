"""The error of all readers of settings."""


class SettingsError(Exception):
    """A setting is invalid; the message says which and where."""
