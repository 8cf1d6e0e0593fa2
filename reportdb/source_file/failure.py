"""The one error of an import that users meet."""


class ImportFailure(Exception):
    """The import cannot be done and nothing was imported; the message says why and what to do."""
