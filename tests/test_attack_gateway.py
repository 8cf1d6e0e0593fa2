"""Attacks on a running dashboard behind a proxy: names without proof are refused everywhere."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidHandshake

from bench.official import Official
from reportdb.database.connection import connect
from tests.access import BELOW, HEADER, OURS, THEIRS, code, leaks, logged, marks, named, planted, proxied
from tests.browser.conftest import dashboard
from tests.conftest import NewDatabase
from tests.test_attack_proxy import AUDIENCE, ISSUER, LEADER, assertion, keys_file
from tests.test_hardening import started

ALL_CASES = marks([OURS, THEIRS, BELOW])


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    url = planted(new_database, schema_template)
    with connect(url) as connection:
        connection.execute("insert into app_user values (%s, 'Thọ', 'leader', null, now(), null)", [LEADER])
    return url


@pytest.fixture(scope="module", params=["a secret", "an assertion"])
def gateway(
    request: pytest.FixtureRequest, city: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Callable[[str], dict[str, str]]]]:
    """A running dashboard behind a proxy on this machine, and the headers that prove a user."""
    folder = tmp_path_factory.mktemp("gateway")
    if request.param == "a secret":
        with proxied(city, folder) as address:
            yield address, lambda subject: named(subject.encode().decode("latin-1"))
        return
    (folder / "secrets.toml").write_text(
        f"""[access]
proxies = ["127.0.0.1"]
assertion = "X-Goog-IAP-JWT-Assertion"
algorithms = ["ES256"]
keys = "{keys_file(folder, "ES256")}"
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
"""
    )
    with dashboard(city, folder / "log", f"--secrets.files={folder / 'secrets.toml'}") as address:
        yield (
            address,
            lambda subject: {
                "X-Goog-IAP-JWT-Assertion": assertion("ES256", email=subject, iat=None, exp=int(time.time()) + 300)
            },
        )


def test_a_proven_name_in_any_script_has_access(gateway: tuple[str, Callable[[str], dict[str, str]]]) -> None:
    address, headers = gateway
    for subject in ("leader", LEADER):
        with Official(address, headers(subject)) as official:
            assert code(THEIRS, 1) in official.open("cases", "figure=submitted&period=all")
        assert official.get("/cases.csv?figure=submitted&period=all").status == 200


def test_a_name_without_proof_does_not(gateway: tuple[str, Callable[[str], dict[str, str]]], city: str) -> None:
    address, headers = gateway
    strangers: list[dict[str, str]] = [
        {name: f"{value[:-3]}xyz" if name != HEADER else value for name, value in headers("leader").items()},
        {HEADER: "leader"},
        {"X-Report-Subject": "leader", "X-Report-Proven-At": str(int(time.time()))},
        {"X-Goog-Authenticated-User-Email": "leader", "X-Forwarded-User": "leader", "X-Forwarded-Email": "leader"},
        {},
    ]
    for stranger in strangers:
        asked = Official(address, stranger)
        for path in ("/cases.csv?figure=submitted&period=all", "/map/points.json", "/cases.xlsx"):
            answer = asked.get(path)
            assert answer.status in {401, 429}, (stranger, path)
            assert leaks(answer.words, ALL_CASES) == set()
        try:
            with asked:
                told = asked.open("cases", "figure=submitted&period=all")
                assert leaks(told, ALL_CASES) == set()
                assert 'class=\\"header' not in told
        except InvalidHandshake:
            pass
    assert ("address 127.0.0.1", "refused at the gate") in logged(city)


def test_a_configuration_without_proof_says_which_settings_are_missing(city: str, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('[access]\nproxies = ["127.0.0.1"]\nheader = "X-Remote-User"\n')
    with started(tmp_path / "log", city, f"--secrets.files={tmp_path / 'secrets.toml'}") as (server, _address):
        assert server.wait(60) != 0
    said = (tmp_path / "log").read_text()
    assert (
        "The dashboard cannot start. secrets.toml, [access]: a proxy has to prove itself. Set header and secret" in said
    )
    assert "Traceback" not in said
