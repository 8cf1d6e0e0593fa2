"""Checks before the first request: whether the dashboard may listen as configured, and what to print about it."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import streamlit as st

from queries.engine.signature import KEY_VARIABLE, is_key
from ui.access import door
from ui.access.origin import names_this_machine
from ui.access.sign_in import OPEN_VARIABLE, open_in_words, sign_in
from ui.base.settings import SettingsError
from ui.base.settings_files import BrokenSettings, check_files, files_of_streamlit
from ui.base.streamlit_internals import StreamlitSecretNotFoundError, option
from ui.server.gate import BELIEVED_VARIABLE


def refuse_broken_files() -> None:
    """End the process with a message if one of Streamlit's settings files is not TOML in UTF-8.

    Called before the application exists: Streamlit reads the files before our lifespan begins, and uvicorn would treat
    an error there as an application without a lifespan, and serve it without a database.
    """
    try:
        check_files(files_of_streamlit())
        check_files(map(Path, option("secrets.files")))
    except BrokenSettings as error:
        sys.exit(f"The dashboard cannot start. {error}")


def startup_check() -> str:
    """Return what to print at the start about who can reach the dashboard.

    If nobody signs in, that includes a new one-time address. Raises SettingsError if it would listen to the network
    without sign-in although nobody has allowed that.
    """
    settings = sign_in()
    try:
        st.secrets.to_dict()
    except StreamlitSecretNotFoundError as error:
        if any(Path(file).exists() for file in option("secrets.files")):  # without sign-in
            raise SettingsError(str(error)) from error
    if settings.way == "proxy":
        believed = os.environ.get(BELIEVED_VARIABLE)
        return "" if believed == "" else f"Requests with X-Forwarded-For are refused until {BELIEVED_VARIABLE}= is set."
    if settings.way == "provider":
        return ""
    if open_in_words():
        return (
            "WARNING: sign-in is off. Anyone who reaches this server sees every case.\n"
            f"  One-time address for the administrator: {door.address(door.prepare())}"
        )
    if not names_this_machine(option("server.address") or ""):
        raise SettingsError(
            "It would listen to the network without sign-in. Set up sign-in in .streamlit/secrets.toml "
            "(.streamlit/secrets.toml.example shows how), listen to this machine alone (server.address 127.0.0.1), or "
            f"allow everybody to look: `streamlit run dashboard.py -- --open`, or {OPEN_VARIABLE}=yes."
        )
    return (
        f"One-time address for the administrator: {door.address(door.prepare())}\n"
        "  Without it, only the demonstration city is shown, and that to this machine only.\n"
        "  To let others in, set up sign-in in .streamlit/secrets.toml (.streamlit/secrets.toml.example) and listen "
        "with --server.address 0.0.0.0."
    )


def scope_key() -> str | None:
    """Return the key that signs scopes: REPORT_SCOPE_KEY, else scope_key in [database] of secrets.toml, else None.
    Raises SettingsError for an invalid key, without repeating it.
    """
    found = os.environ.get(KEY_VARIABLE)
    with suppress(StreamlitSecretNotFoundError):
        found = found or st.secrets.get("database", {}).get("scope_key")
    if found is not None and not is_key(str(found)):
        raise SettingsError(
            f"{KEY_VARIABLE} is not a key: it needs 64 hexadecimal digits, as `python -m reportdb scope-key` prints it."
        )
    return found
