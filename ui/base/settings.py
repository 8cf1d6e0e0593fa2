"""What every reader of the settings raises."""


class SettingsError(Exception):
    """The settings say what cannot be; the message says what and where."""
