"""The error of an import that users see."""


class ImportFailure(Exception):
    """The import cannot be done and nothing was imported; the message says why and what to do."""
