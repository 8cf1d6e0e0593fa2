"""Attacks on the tokens of walls: they leave the address with the first request, and no log and no page holds them."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from bench import entrance
from bench.official import Official
from tests.access import BELOW, OURS, PROOF, THEIRS, leaks, marks, planted, proxied
from tests.browser.conftest import ROOT, free_port
from tests.conftest import NewDatabase
from tests.test_hardening import answers, drawn, get, started
from ui.wall import screen_cookie, screens
from ui.wall.screens import SCREENS_VARIABLE, hashed

HALL, DESK = "hội trường", "desk"
TOKENS = {HALL: "a-long-token-for-the-hall", DESK: "ü; Path=/, a token = of odd signs"}


def address_of(screen: str, token: str | None = None, **more: str) -> str:
    return "/wall?" + urlencode({"screen": screen, "token": TOKENS[screen] if token is None else token} | more)


def write(file: Path, *names: str, **tokens: str) -> None:
    """Write screens.toml with these screens, each with its token or another."""
    known = TOKENS | tokens
    file.write_text("\n".join(f'[[screen]]\nname = "{name}"\ntoken_sha256 = "{hashed(known[name])}"' for name in names))
    os.utime(file, ns=(time.time_ns(),) * 2)


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("screens") / "screens.toml"
    write(file, HALL, DESK)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(SCREENS_VARIABLE, str(file))
        yield file


@pytest.fixture(scope="module")
def running(city: str, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    """A dashboard behind a proxy that names users; walls do not need it."""
    with proxied(city, tmp_path_factory.mktemp("walls")) as address:
        yield address


def opens(address: str, screen: str, cookies: dict[str, str]) -> bool:
    """Whether a wall's page shows its scenes to a browser with these cookies."""
    kept = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with Official(address, {"Cookie": kept}) as viewer:
        told = viewer.open("wall", urlencode({"screen": screen}))
        assert ("wall_refused" in told) != ('"scenes"' in told)
        return '"scenes"' in told


@pytest.mark.parametrize("screen", [HALL, DESK])
def test_the_first_request_takes_the_token_out_of_the_address(running: str, screen: str) -> None:
    answer = get(running, address_of(screen, lang="en"))
    assert answer.status == 303
    assert answer.headers["location"] == "./wall?" + urlencode({"screen": screen, "lang": "en"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    given, *attributes = answer.headers["set-cookie"].split("; ")
    assert given == f"{screen_cookie.cookie_name(screen)}={quote(TOKENS[screen], safe='')}"
    assert attributes == ["HttpOnly", "SameSite=Strict", f"Max-Age={400 * 24 * 60 * 60}"]
    cookies = entrance.cookies_for(running, address_of(screen))
    assert opens(running, screen, cookies)
    assert not opens(running, DESK if screen == HALL else HALL, cookies), "the cookie is of one screen"
    assert get(running, address_of(screen)).status == 303, "the old address still opens it"


@pytest.mark.parametrize("token", ["", "wrong", TOKENS[DESK], hashed(TOKENS[HALL]), "\x00", "é"])
def test_a_wrong_token_leaves_the_address_too_and_opens_nothing(running: str, token: str) -> None:
    answer = get(running, address_of(HALL, token))
    assert (answer.status, answer.headers["location"]) == (303, "./wall?" + urlencode({"screen": HALL}))
    assert "report_screen" not in answer.headers.get("set-cookie", "")
    assert not opens(running, HALL, {screen_cookie.cookie_name(HALL): quote(token, safe="")})
    assert not opens(running, HALL, {screen_cookie.cookie_name(DESK): quote(TOKENS[HALL], safe="")})


def test_a_token_in_a_pages_query_opens_nothing(running: str) -> None:
    """Pages' addresses no longer contain it, so it is not read from there: it would be in Streamlit's own log."""
    with Official(running) as viewer:
        assert "wall_refused" in viewer.open("wall", urlencode({"screen": HALL, "token": TOKENS[HALL]}))


def test_a_screens_cookie_opens_no_page_and_no_file(running: str) -> None:
    kept = "; ".join(f"{name}={value}" for name, value in entrance.cookies_for(running, address_of(HALL)).items())
    for headers in ({"Cookie": kept}, {"Cookie": kept} | PROOF):
        viewer = Official(running, headers)
        assert viewer.get("/cases.csv").status == 401
        assert viewer.get("/map/squares.json").status == 401
        with viewer:
            assert 'class=\\"header' not in viewer.open("overdue")


def test_a_revoked_tokens_cookie_opens_nothing(running: str, file: Path) -> None:
    cookies = entrance.cookies_for(running, address_of(HALL))
    try:
        write(file, HALL, DESK, **{HALL: "the-new-one"})
        assert not opens(running, HALL, cookies)
        write(file, DESK)
        assert not opens(running, HALL, cookies)
    finally:
        write(file, HALL, DESK)
    assert opens(running, HALL, cookies)


def test_a_wall_returns_after_a_restart_with_its_browsers_cookie(city: str, file: Path, tmp_path: Path) -> None:
    assert file.exists()
    saved: dict[str, str] = {}
    for start in ("first", "second"):
        with started(tmp_path / start, city) as (_server, address):
            answers(address)
            saved = saved or entrance.cookies_for(address, address_of(HALL))
            assert opens(address, HALL, saved), f"{start}: nobody signs in, and the screen's own token is enough"
            kept = {"Cookie": "; ".join(f"{name}={value}" for name, value in saved.items())}
            assert get(address, "/wall", **kept).status == 200
            assert get(address, "/wall").status == 403
            for path in ("/", "/cases.csv", "/map/squares.json", "/overdue"):
                assert get(address, path, **kept).status == 403, "a wall screen is not a viewer"
            with Official(address, kept) as screen:
                told = screen.open("overdue")
                assert 'class=\\"header' not in told
                assert leaks(told, marks([OURS, THEIRS, BELOW])) == set()


@contextmanager
def by_uvicorn(log: Path, url: str) -> Iterator[str]:
    """Run the dashboard with a plain web server that logs every request with its query."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "dashboard:app", f"--port={port}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"REPORT_DB_URL": url, "STREAMLIT_SERVER_PORT": str(port), "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=output,
        )
    try:
        answers(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def by_streamlit(log: Path, url: str) -> Iterator[str]:
    with started(log, url, "--logger.level=debug") as (_server, address):
        answers(address)
        yield address


@pytest.mark.parametrize("way", [by_streamlit, by_uvicorn])
def test_no_log_of_ours_holds_a_token(
    demo: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Path, str], AbstractContextManager[str]],
) -> None:
    assert file.exists()
    once = entrance.new_token()
    monkeypatch.setenv(*next(iter(once.items())))
    log = tmp_path / "log"
    with way(log, demo) as address:
        for path in (address_of(HALL), address_of(HALL, "wrong-token-9"), address_of(HALL).replace("/wall", "/Wall/")):
            assert get(address, path).status == 303
        assert opens(address, HALL, entrance.cookies_for(address, address_of(HALL)))
        entrance.enter(address, once)
        assert entrance.cookies(address), "the one-time address opened"
        drawn(address, "wall")
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
    said = log.read_text()
    for token in (TOKENS[HALL], "wrong-token-9", *once.values()):
        assert token not in said


def test_the_printed_address_is_the_one_that_opens(file: Path, running: str) -> None:
    made = screens.new_token()
    printed = subprocess.run(
        [sys.executable, "-m", "ui.wall.new_token", HALL], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    address = printed.strip().splitlines()[-1]
    token = parse_qs(urlsplit(address).query)["token"][0]
    assert len(token) == len(made)
    try:
        write(file, HALL, DESK, **{HALL: token})
        assert opens(running, HALL, entrance.cookies_for(running, address))
    finally:
        write(file, HALL, DESK)
