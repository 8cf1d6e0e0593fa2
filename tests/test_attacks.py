"""Attacks on a running server, over HTTP and WebSocket: nothing leaks, nothing breaks, refusals are logged.

The attackers are heads of one unit, officials with figures only, people without an account, and anybody who reaches the
port. tests/access.py has what they are after. The same attacks on a server whose database has row-level security
switched off must succeed: that shows that they can.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake

from bench.official import Official
from reportdb.database.connection import connect
from tests.access import (
    CASES,
    HEADER,
    LETTERS,
    OURS,
    THEIRS,
    leaks,
    logged,
    marks,
    named,
    number,
    planted,
    proxied,
    unguarded,
)
from tests.attacks import ALL_CASES, ATTACKS, ROUTES, Attack, by_address
from tests.browser.conftest import dashboard, free_port
from tests.conftest import NewDatabase
from tests.streamlit_cookies import (
    USER_COOKIE_NAME,
    XSRF_COOKIE_NAME,
    create_signed_value,
    generate_xsrf_token_string,
)
from ui.base.page_paths import PATHS

AT_LEAST = 1_000
"""The expected number of attempts; fewer would mean that some were left out."""


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


def test_nothing_leaks_nothing_breaks_and_refusals_are_logged(
    city: str, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    with proxied(city, tmp_path_factory.mktemp("guarded")) as address:
        attack = Attack(address)
        for way in ATTACKS:
            way(attack)
    with capsys.disabled():
        print(f"\n{attack.attempts} attacks on a running server", end=" ")  # noqa: T201
    assert attack.found == {}
    assert attack.broken == []
    assert attack.attempts >= AT_LEAST
    known = logged(city)
    assert {("viewer", "page refused"), ("viewer", "file refused"), ("viewer", "map data refused")} <= known
    assert ("nobody-knows-me", "sign-in refused") in known
    for refused in ("case refused", "search refused"):
        assert any(who.startswith("many-") and what == refused for who, what in known), refused
    assert ("address 127.0.0.1", "sign-in refused") in known
    with connect(city) as connection:
        assert connection.execute("select count(*) from report").fetchone() == (3 * len(CASES),)
        assert connection.execute("select 1 from access_log where subject like 'forger%'").fetchall() == []


def test_with_row_level_security_switched_off_the_same_attacks_find_what_they_want(
    city: str, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with proxied(unguarded(new_database, city), tmp_path_factory.mktemp("unguarded")) as address:
        attack = Attack(address)
        by_address(attack, most=4)
    ways = {way.removeprefix("an address ") for way in attack.found}
    # Lists and files are still empty: the views of words check the scope themselves. Rankings of others use published
    # counts.
    assert {"unit", "/map/points.json", "/map/arrivals.json"} <= ways
    told = set().union(*attack.found.values())
    assert {str(number(THEIRS, n)) for n in (1, 2, 3, 6, 7, 8)} <= told, "those that are open, on the map"
    assert f"zeta{LETTERS[THEIRS]}officer1q" in told


def test_an_identity_from_somebody_who_is_no_proxy_of_ours_counts_for_nothing(
    city: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with proxied(city, tmp_path_factory.mktemp("elsewhere"), proxy="10.9.9.9") as address:
        attack = Attack(address)
        for headers in (named("leader"), named("head") | {"X-Forwarded-For": "10.9.9.9"}):
            forger = Official(address, headers)
            for path in (*ROUTES, *(f"/{page}" for page in PATHS), "/wall"):
                assert attack.get("a forged header", forger, path, ALL_CASES) == 403
            with pytest.raises(InvalidHandshake):
                forger.__enter__()
    assert attack.found == {}
    assert ("address 127.0.0.1", "refused at the gate") in logged(city)


def test_a_forged_or_expired_token_opens_nothing(city: str, tmp_path: Path) -> None:
    secret, port = "drawn at random by nobody, for tests alone", free_port()
    origin = f"http://127.0.0.1:{port}"
    (tmp_path / "secrets.toml").write_text(
        f"""[auth]
redirect_uri = "{origin}/oauth2callback"
cookie_secret = "{secret}"
client_id = "dashboard"
client_secret = "known to both"
server_metadata_url = "{origin}/nowhere"
"""
    )

    def holder(of: str, *, signed_by: str = secret, **said: Any) -> Official:
        """Return a user with a cookie like the dashboard's own at a sign-in, or nearly so."""
        claims = {"is_logged_in": True, "email": of, "iat": time.time(), "origin": origin} | said
        token = generate_xsrf_token_string()
        cookies = {USER_COOKIE_NAME: create_signed_value(signed_by, USER_COOKIE_NAME, json.dumps(claims)).decode()}
        cookies[XSRF_COOKIE_NAME] = token
        said_cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return Official(origin, {"Cookie": said_cookies}, protocols=("streamlit", token))

    with dashboard(city, tmp_path / "dashboard.log", f"--secrets.files={tmp_path / 'secrets.toml'}", port=port):
        attack = Attack(origin)
        with holder("head") as head:  # a valid one must work, or the others would prove nothing
            assert leaks(head.open("cases", "figure=submitted&period=all"), marks([OURS]))
            assert head.get("/cases.csv").status == 200
        for forger in (
            holder("leader", signed_by="a guess at the secret, as long as it is"),
            holder("leader", iat=time.time() - 11 * 3600),
            holder("leader", iat=None),
            holder("leader", is_logged_in=False),
            holder("leader", email_verified=False),
            Official(origin, {"Cookie": f"{USER_COOKIE_NAME}=e30.e30.e30", HEADER: "leader"}),
        ):
            for route in ROUTES:
                assert attack.get("a forged token", forger, route, ALL_CASES) in {401, 429}
            with forger:
                for page in (*PATHS, "wall"):
                    attack.open("a forged token", forger, page, "figure=submitted&period=all", ALL_CASES)
        for foreign in (
            holder("leader", origin="https://elsewhere.example"),
        ):  # a page checks the origin of the sign-in
            with foreign:
                for page in PATHS:
                    attack.open("a token of another site", foreign, page, "", ALL_CASES)
    assert attack.found == {}
    assert attack.broken == []
