"""Attacks on a dashboard without sign-in: coming from its own machine, or appearing to, opens no real report."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as connect_socket
from websockets.typing import Origin, Subprotocol

from bench import entrance
from bench.official import Official
from reportdb.database.connection import connect
from tests.access import BELOW, OURS, THEIRS, code, contacts, leaks, marks, planted
from tests.browser.conftest import dashboard
from tests.conftest import NewDatabase, database_name
from tests.test_hardening import Answer, answers, get, started
from ui.access import door
from ui.base.page_paths import PATHS, WALL
from ui.base.settings import SettingsError
from ui.live import watch

ROUTES = (
    "/map/points.json",
    "/map/areas/district.geojson",
    "/map/squares.json",
    "/cases.csv?figure=submitted&period=all",
    "/cases.xlsx",
    "/beat/00000000000000000000000000000000/1",
    "/fonts/BeVietnamPro-Regular.ttf",
    "/first.js",
    "/static/index.html",
    "/_stcore/host-config",
    "/nothing/like/it",
)
ALL_CASES = marks([OURS, THEIRS, BELOW])
BROWSER = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "Sec_Fetch_Site": "none"}
"""The headers of a browser on this machine (underscores are hyphens)."""
LOCKED = ("This dashboard is locked", "Bảng điều hành này đang khóa")


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture(scope="module")
def real(city: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on real reports with default settings; its one-time address was opened."""
    with dashboard(city, tmp_path_factory.mktemp("real") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def invented(demo: str, new_database: NewDatabase) -> str:
    """The owner's URL of this module's own demonstration city."""
    return new_database(database_name(demo))


def stranger(address: str) -> Official:
    """A user on the same machine who has not opened the one-time address."""
    return Official(address, {"Cookie": ""})


def of_nginx(address: str, path: str) -> Answer:
    """Send a request as a default nginx on the same machine does: by HTTP/1.0, with the upstream's own name."""

    class Old(http.client.HTTPConnection):
        _http_vsn, _http_vsn_str = 10, "HTTP/1.0"

    with closing(Old(urlsplit(address).netloc, timeout=20)) as connection:
        headers = {"Host": urlsplit(address).netloc, "Connection": "close", "User-Agent": BROWSER["User_Agent"]}
        connection.request("GET", path, headers=headers)
        heard = connection.getresponse()
        return Answer(heard.status, {name.lower(): value for name, value in heard.getheaders()}, heard.read())


@pytest.mark.parametrize("path", [*(f"/{page}" for page in PATHS), f"/{WALL}", *ROUTES])
def test_without_the_one_time_address_every_path_says_what_to_do_and_nothing_else(real: str, path: str) -> None:
    for answer in (get(real, path), get(real, path, **BROWSER), of_nginx(real, path)):
        assert answer.status == 403
        assert [words for words in LOCKED if words not in answer.body.decode()] == [], answer.body.decode()
        assert len(answer.body) < 1500
        assert leaks(answer.body.decode(), ALL_CASES) == set()


@pytest.mark.parametrize(
    "guess",
    ["/?token=", "/?token=guess", "/overdue?token=" + "a" * 43, "/?TOKEN=x", "/?token=x&token=y", "/wall?token=x"],
)
def test_a_guess_at_the_token_opens_nothing_and_sets_nothing(real: str, guess: str) -> None:
    answer = get(real, guess)
    assert answer.status in {303, 403}
    assert "report_" not in answer.headers.get("set-cookie", "")
    assert get(real, answer.headers.get("location", "/").removeprefix(".")).status == 403


def test_machines_get_a_bare_status_and_no_figures(real: str) -> None:
    for answer in (get(real, "/health"), of_nginx(real, "/health")):
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
    for answer in (get(real, "/metrics"), of_nginx(real, "/metrics"), get(real, "/metrics", Authorization="Bearer ")):
        assert answer.status == 403
        assert b"dashboard_" not in answer.body
    assert get(real, "/_stcore/health").body == b"ok"


@pytest.mark.parametrize(
    "cookie", ["", "{name}=", "{name}=guess", "{name}=None", "report_door=x", "{name}=a; {name}=b"]
)
def test_no_invented_cookie_opens_a_page(real: str, cookie: str) -> None:
    name = f"report_door_{urlsplit(real).port}"
    forger = Official(real, {"Cookie": cookie.format(name=name)})
    assert forger.get("/cases.csv").status == 403
    with pytest.raises(InvalidStatus):
        forger.__enter__()


def test_the_user_of_the_one_time_address_is_the_administrator(real: str) -> None:
    with Official(real) as holder:
        told = holder.open("access")
        assert "access-log" in told or "accounts" in told
        assert code(THEIRS, 1) in holder.open("cases", "figure=submitted&period=all")
    assert "late_channels" in Official(real).get("/health").words
    assert "dashboard_database_up" in Official(real).get("/metrics").words


def test_a_token_opens_once_and_leaves_the_address(city: str, tmp_path: Path) -> None:
    with started(tmp_path / "log", city) as (_server, address):
        answers(address)
        printed = re.search(r"http://localhost:\d+/\?token=([\w-]{43})\n", (tmp_path / "log").read_text())
        assert printed
        path = f"/overdue?period=7d&token={printed[1]}&lang=en"
        assert "set-cookie" not in get(address, path, "HEAD").headers, "a prefetch does not use up the token"
        elsewhere = get(address, path, X_Forwarded_For="10.0.0.9")
        assert elsewhere.status == 403, "nor does a request from another machine"
        first = get(address, path)
        assert (first.status, first.headers["location"]) == (303, "./overdue?period=7d&lang=en")
        cookie = first.headers["set-cookie"]
        assert re.fullmatch(r"report_door_\d+=[\w-]{43}; HttpOnly; SameSite=Strict", cookie)
        assert printed[1] not in cookie
        assert first.headers["cache-control"] == "no-store"
        assert get(address, path).status == 403, "it is spent"
        given = {"Cookie": cookie.partition(";")[0]}
        assert get(address, "/overdue", **given).status == 200
        again = get(address, path, **given)
        assert (again.status, again.headers["location"]) == (303, "./overdue?period=7d&lang=en")
    with started(tmp_path / "again", city) as (_server, address):
        answers(address)
        forger = f"report_door_{urlsplit(address).port}={cookie.partition('=')[2].partition(';')[0]}"
        assert get(address, "/", Cookie=forger).status == 403, "each process has its own cookie"


def test_a_websocket_without_an_origin_is_refused(real: str) -> None:
    stream = real.replace("http:", "ws:") + "/_stcore/stream"
    for origin in (None, Origin("null"), Origin("")):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect_socket(
                stream,
                origin=origin,
                subprotocols=[Subprotocol("streamlit")],
                additional_headers=entrance.cookie_header(real),
            ),
        ):
            pass
        assert refused.value.response.status_code == 403


def test_a_demonstration_city_that_real_reports_came_into_is_locked_within_seconds(
    invented: str, tmp_path: Path
) -> None:
    with dashboard(invented, tmp_path / "log") as address, stranger(address) as visitor:
        assert "header" in visitor.open("overdue")
        assert get(address, "/cases.csv", **BROWSER).status == 200
        with connect(invented) as connection:
            connection.execute(
                """insert into report (id, public_code, source_ref, channel_id, category_id, severity, title,
                       submitted_at, status, updated_at)
                   select 99000000, 'HN-2611-999999', 'city:1', channel_id, category_id, severity, 'Zetareal',
                       submitted_at, 'waiting', now()
                   from report order by id desc limit 1"""
            )
        until = time.monotonic() + 20
        while get(address, "/cases.csv", **BROWSER).status == 200 and time.monotonic() < until:
            time.sleep(0.5)
        assert get(address, "/cases.csv?figure=submitted&period=all", **BROWSER).status == 403
        told = visitor.open("cases", "figure=submitted&period=all")
        assert "Zetareal" not in told, "in an earlier session"
        assert 'class=\\"header' not in told
        with Official(address) as holder:
            assert "Zetareal" in holder.open("cases", "figure=submitted&period=all")


@pytest.mark.parametrize(
    "made_real",
    [
        "update city set demo = false",
        "insert into report_source (report_id, published_late) select min(id), false from report",
        "update report set source_ref = 'hanoi:1' where id = (select min(id) from report)",
        "update report set public_code = 'BOS-1' where id = (select min(id) from report)",
        "update report set public_code = 'HN-x', updated_at = now() where id = (select max(id) from report)",
    ],
)
def test_any_sign_of_real_reports_ends_the_demonstration(demo: str, new_database: NewDatabase, made_real: str) -> None:
    url = new_database(database_name(demo))
    with watch.watching(url) as watcher, connect(url) as connection:
        assert watch.is_invented()
        connection.execute(made_real)
        watcher.poll()
        assert not watch.is_invented()


def test_a_silent_database_is_no_demonstration(new_database: NewDatabase, schema_template: str) -> None:
    for url in (new_database(schema_template), "postgresql://nobody@127.0.0.1:9/report"):
        with watch.watching(url):
            assert not watch.is_invented()
    assert not watch.is_invented(), "nor without a watch"


@pytest.fixture(scope="module")
def shown(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on the demonstration city, as started by `make run`."""
    with dashboard(demo, tmp_path_factory.mktemp("shown") / "log") as address:
        yield address


def test_the_demonstration_city_is_open_to_its_own_machine(shown: str) -> None:
    for path in ("/", "/overdue", "/wall", "/map/squares.json", "/cases.csv"):
        assert get(shown, path).status == 200, path
        assert get(shown, path, **BROWSER).status == 200, path


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_Proto": "https"},
        {"X_Forwarded_Anything": ""},
        {"Forwarded": "proto=https"},
        {"Via": "1.1 proxy"},
        {"X_Real_IP": "127.0.0.1"},
        {"CF_Connecting_IP": "10.0.0.9"},
        {"Connection": "close"},
        {"User_Agent": "Mozilla/5.0"},
        {"Origin": "https://reports.hanoi.example", "Sec_Fetch_Site": "same-origin"},
        {"Referer": "http://reports.hanoi.example/overdue"},
        {"Host": "reports.hanoi.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/cases.csv"])
def test_the_demonstration_city_is_not_shown_through_a_proxy(shown: str, headers: dict[str, str], path: str) -> None:
    assert get(shown, path, **headers).status == 403
    assert of_nginx(shown, path).status == 403


def test_a_proxys_visitor_opens_no_websocket(shown: str) -> None:
    """A proxy that forwards WebSockets with the upstream's name also forwards the visitor's own origin."""
    stream = shown.replace("http:", "ws:") + "/_stcore/stream"
    with (
        pytest.raises(InvalidStatus),
        connect_socket(stream, origin=Origin("http://reports.hanoi.example"), subprotocols=[Subprotocol("streamlit")]),
    ):
        pass


@pytest.mark.parametrize("way", ["the demonstration city", "opened in words"])
def test_a_local_user_is_not_an_administrator(
    city: str, demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "opened in words":
        monkeypatch.setenv("REPORT_OPEN", "yes")
    with dashboard(city if way == "opened in words" else demo, tmp_path / "log") as address:
        with stranger(address) as visitor:
            told = visitor.open("access")
            assert re.search(r"\$\$ID-\w+-not_for", told)
            assert "Name of leader" not in told
            visitor.open("report", f"code={code(OURS, 1)}")
            assert "text_input" not in visitor.widgets.values(), "no form that asks for a contact"
            cases = visitor.open("cases", "figure=submitted&period=all")
            assert leaks(cases, contacts([OURS, THEIRS, BELOW])) == set()
            masked = leaks(cases, ALL_CASES) if way == "opened in words" else re.findall(r"HN-\d{4}-\d{6}", cases)
            assert masked, "the cases are shown"
        assert get(address, "/metrics").status == 403
        assert get(address, "/health").body == b'{"status":"ok"}'
        with Official(address) as holder:
            assert not re.search(r"\$\$ID-\w+-not_for", holder.open("access"))


def test_a_token_that_could_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(door.TOKEN_VARIABLE, "short")
    with pytest.raises(SettingsError, match="32 characters"):
        door.prepare()


def test_a_token_from_the_environment_is_not_printed_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "drawn by whoever starts the dashboard"
    monkeypatch.setenv(door.TOKEN_VARIABLE, token)
    monkeypatch.setattr(door, "_doors", [])
    assert token not in door.address(door.prepare())
    assert token not in door.address(door.prepare()), "what the process starts does not inherit it"


def test_before_the_start_no_token_opens_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_doors", [])
    assert not door.holds({})
    assert not door.holds({door.cookie_name(): ""})
    assert door.door().spend("") is None
