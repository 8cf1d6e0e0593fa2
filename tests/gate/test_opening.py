"""Where the dashboard may listen, and what it prints at the start."""

import re
from typing import Any

import pytest
import streamlit

from tests.gate.conftest import PROVIDER, PROXY, told
from ui.access import door, sign_in
from ui.access.sign_in import SignIn
from ui.base.settings import SettingsError
from ui.server import startup_check


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "", None])
def test_it_does_not_listen_to_the_network_unasked(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    listening(monkeypatch, address)
    with pytest.raises(SettingsError, match="--open"):
        startup_check.startup_check()
    monkeypatch.setenv(sign_in.OPEN_VARIABLE, "yes")
    assert startup_check.startup_check().startswith("WARNING")


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_it_says_that_only_this_machine_reaches_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listening(monkeypatch, address)
    said = startup_check.startup_check()
    assert "to this machine only" in said
    assert re.search(r"http://localhost:(PORT|\d+)/\?token=[\w-]{43}\n", said)


@pytest.mark.parametrize("way", [PROVIDER, PROXY], ids=lambda way: way.way)
def test_with_sign_in_it_listens_wherever_it_is_told(way: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    listening(monkeypatch, "0.0.0.0")
    told(monkeypatch, way)
    monkeypatch.setattr(streamlit, "secrets", _Secrets())
    startup_check.startup_check()


def listening(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    monkeypatch.setattr(streamlit, "secrets", _Secrets())
    said: dict[str, Any] = {"server.address": address, "server.port": 8501, "secrets.files": []}
    for module in (startup_check, door):
        monkeypatch.setattr(module, "option", said.get)


class _Secrets:
    def to_dict(self) -> dict[str, Any]:
        return {}
