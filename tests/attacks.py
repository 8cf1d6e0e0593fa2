"""The attacks of tests/test_attacks.py: each asks for what its user may not see, in one way, and checks the answer."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bench.official import Official
from bench.streamlit_messages import BackMsg
from bench.viewer import beats_at
from tests.access import (
    BELOW,
    HEADER,
    LETTERS,
    MANY,
    NOW,
    OURS,
    PROOF,
    THEIRS,
    code,
    contacts,
    leaks,
    marks,
    named,
    number,
    place,
    telephone,
    word,
)
from tests.reports import DAY
from ui.base.page_paths import PATHS

ROUTES = (
    "/map/points.json",
    "/map/arrivals.json",
    "/map/squares.json",
    "/map/areas/district.geojson",
    "/map/areas/ward.geojson",
    "/map/shapes/ward.json",
    "/map/labels/district.json",
    "/cases.csv",
    "/cases.xlsx",
)
OF_CASES = ("cases", "report", "map")
"""Pages with single cases; the others mention some, and are asked in turn."""
OTHERS = ("", "unit", "overdue", "backlog")
ALL_CASES = marks([OURS, THEIRS, BELOW])
"""What nobody without an account may learn."""
NOT_OURS = marks([THEIRS]) | contacts([OURS, BELOW])
"""What the head of our unit may not learn; contacts are shown on request only."""
SCRIPT = "<svg onload=alert(3)>"
INJECTIONS = (
    "' or '1'='1",
    "1; drop table report; --",
    "') union select public_code, title, text, officer from report --",
    "{3}'; set local role report_leader; --",
    "all",
    "%",
    "\\",
    "$$ || pg_sleep(9) || $$",
    ":at",
    f'"{SCRIPT}',
    "{{ 7*7 }}${7*7}",
    "\x00\u202e\ud7ff",
    "9" * 400,
)
TRAVERSALS = (
    "/static/../../../etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/....//....//etc/passwd",
    "/static//etc/passwd",
    "/static/..\\..\\etc\\passwd",
    "/app/static/../.streamlit/secrets.toml",
    "/fonts/..%2f..%2f..%2f.streamlit%2fsecrets.toml",
    "/fonts/../dashboard.py",
    "/map/areas/..%2f..%2fcases.csv",
    "/map/../cases.csv",
    "//cases.csv",
    "/media/../../dashboard.py",
    "/_stcore/../../dashboard.py",
    "/component/../../../etc/passwd",
    "/component/panel.panel/..%2f..%2fui%2fpanel.py",
    "/.streamlit/secrets.toml",
    "/dashboard.py",
    "/.git/config",
)


@dataclass
class Attack:
    """Attacks on the server at `address`: their number, the answers, and what broke."""

    address: str
    attempts: int = 0
    found: dict[str, set[str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(MANY)))

    def head(self) -> Official:
        """One more head of our unit, so that none of them hits the rate limit."""
        return Official(self.address, named(f"many-{next(self._turns)}"))

    def judge(self, way: str, words: str, asked: str, secrets: set[str] = NOT_OURS, status: int = 200) -> None:
        """Count an attempt and keep its answer."""
        self.attempts += 1
        if told := leaks(words, secrets, asked):
            self.found[way] = self.found.get(way, set()) | told
        if status >= 500 or "st-key-unforeseen" in words or any(SCRIPT in html for html in panels(words)):
            self.broken.append(f"{way}: {status} {asked[:200]}")

    def get(self, way: str, who: Official, path: str, secrets: set[str] = NOT_OURS) -> int:
        """Request a path and check the answer; return its status."""
        answer = who.get(path)
        self.judge(f"{way} {path.split('?', maxsplit=1)[0]}", answer.words, path, secrets, answer.status)
        return answer.status

    def open(self, way: str, who: Official, page: str, query: str, secrets: set[str] = NOT_OURS) -> str:
        """Open a page and check the answer."""
        words = who.open(page, query)
        self.judge(f"{way} {page}", words, query, secrets)
        return words


def panels(words: str) -> list[str]:
    """Return the HTML of the panels in a page's messages."""
    return [json.loads(found) for found in re.findall(r'"html":\s*("(?:[^"\\]|\\.)*")', words)]


def wanted() -> list[dict[str, Any]]:
    """Return queries that ask for another unit's cases, in every parameter an address knows."""
    lon, lat = place(THEIRS, 1)
    west, south = int(lon * 1000), int(lat * 1000)
    everything = {"period": "all", "figure": "submitted"}
    asked: list[dict[str, Any]] = [
        everything,
        {"unit": "dong-anh"},
        {"unit": ["lang", "dong-anh"], "figure": "overdue"},
        {"officer": f"Zeta{LETTERS[THEIRS]}officer1q"},
        {"case": code(THEIRS, 1)},
        {"code": code(THEIRS, 1)},
        {"code": code(THEIRS, 6), "at": (NOW - 2 * DAY).isoformat()},  # at that time it was ours
        {"code": code(THEIRS, 7).lower()},
        {"code": str(number(THEIRS, 1)), "id": number(THEIRS, 1), "case": number(THEIRS, 1)},
        {"at": (NOW - 2 * DAY).isoformat(), **everything},
        {"at": (NOW - DAY - timedelta(minutes=1)).isoformat(), "unit": "dong-anh", **everything},
        {"district": ["006", "017"], "category": "rac", **everything},
        {"ward": "00454"},
        {"channel": "ihanoi", "sort": "oldest", **everything},
        {"square": f"{west},{south},{west + 2},{south + 2}", **everything},
        {"show": "points", "level": "ward"},
        {"figure": "reopened", "period": "all"},
        {"figure": "open_on_map"},
        {"page": "2"},
    ]
    typed = (code(THEIRS, 1), code(THEIRS, 1)[:3], code(THEIRS, 2).lower(), word(THEIRS, 1, "title"), "zetab")
    asked += [{"q": words} for words in (*typed, word(THEIRS, 2, "address"), telephone(THEIRS, 1, "text"), "0921")]
    return asked


def by_address(attack: Attack, most: int | None = None) -> None:
    """Request every route and page for another unit's cases, with up to `most` queries."""
    for turn, query in enumerate(wanted()[:most]):
        asked = urlencode(query, doseq=True)
        for route in ROUTES:
            plain = {word: value for word, value in query.items() if word not in {"figure", "q"}}
            attack.get("an address", attack.head(), f"{route}?{asked if 'cases' in route else urlencode(plain, True)}")
        with attack.head() as head:
            for page in (*OF_CASES, OTHERS[turn % len(OTHERS)]):
                attack.open("an address", head, page, asked)


def by_controls(attack: Attack) -> None:
    """Send values for pages' controls that they never offered."""
    foreign = ("dong-anh", code(THEIRS, 1), word(THEIRS, 1, "title"), "all", SCRIPT)
    for page, query in (("", ""), ("map", ""), ("unit", ""), ("cases", ""), ("report", f"code={code(OURS, 1)}")):
        with attack.head() as head:
            head.open(page, query)
            widgets = dict(head.widgets)
            for value in foreign:
                for states in (
                    {"string_value": value},
                    {"string_array_value": [value]},
                    {"int_array_value": [-1, 99, 2]},
                    {"json_value": json.dumps({"selection": {"objects": {"follow": [{"code": value}]}}})},
                    {"json_trigger_value": json.dumps([{"event": "click", "value": value}])},
                    {"trigger_value": True},
                ):
                    # All controls get it at once; each kind of control reads its own field of the message.
                    told = head.turn(query, dict.fromkeys(widgets, states))
                    # On an own case's page the contact form is among the controls: filled in, it shows the contact.
                    secrets = NOT_OURS - (contacts_of_first() if page == "report" else set())
                    attack.judge(f"a control of {page}", told, f"{value} {query}", secrets)


def by_contact_form(attack: Attack) -> None:
    """Send the contact form for a case of another unit."""
    mine = f"code={code(OURS, 1)}"
    for theirs in (f"code={code(THEIRS, 1)}", f"code={code(THEIRS, 1)}&case={number(THEIRS, 1)}", f"{mine}&id=1"):
        with attack.head() as head:
            head.open("report", mine)
            fields = [widget for widget, kind in head.widgets.items() if kind == "text_input"]
            buttons = [widget for widget, kind in head.widgets.items() if kind == "button"]
            assert fields, "the form is on the page"
            assert buttons
            filled: dict[str, dict[str, Any]] = {key: {"string_value": "to call back"} for key in fields}
            told = head.turn(theirs, filled | {key: {"trigger_value": True} for key in buttons})
            secrets = marks([THEIRS]) | (contacts([OURS, BELOW]) - contacts_of_first())
            attack.judge("the contact form", told, theirs, secrets)


def contacts_of_first() -> set[str]:
    """Return what the form may show of our own case."""
    return {mark for mark in contacts([OURS]) if "citizen1q" in mark or "901" in mark}


def by_anothers_messages(attack: Attack) -> None:
    """Send another unit head's messages, and resume their session, while it is open and after."""
    with Official(attack.address, named("other")) as other:
        told = other.open("cases", "figure=submitted&period=all")
        assert leaks(told, marks([THEIRS])), "the other head reads their own cases"
        other.open("report", f"code={code(THEIRS, 2)}")
        told = other.turn(f"code={code(THEIRS, 2)}")
        heart = beats_at(told)
        assert attack.get("another's heartbeat", attack.head(), heart) == 200, "only moments"
        assert attack.get("another's heartbeat", attack.head(), heart[::-1]) == 404
        with attack.head() as head:
            for raw in other.sent:
                attack.judge("another's message", head.tell(raw, patience=3), raw.decode(errors="replace"))
        for session in (other.session, other.session.upper(), f"{other.session}' or 1=1", "../other"):
            _take_up(attack, session)
    _take_up(attack, other.session)  # it is closed, but kept for a while


def _take_up(attack: Attack, session: str) -> None:
    head = Official(attack.address, named("many-0"), protocols=("streamlit", "x", quote(session, safe="")))
    with head:
        message = BackMsg()
        message.app_heartbeat = True
        attack.judge("another's session", head.tell(message.SerializeToString(), patience=0.5), "")
        message.rerun_script.query_string = ""
        attack.judge("another's session", head.tell(message.SerializeToString(), patience=5), "")
        attack.open("another's session", head, "cases", "figure=submitted&period=all")
        if head.session == session:
            attack.found["another's session"] = {session}


def by_odd_messages(attack: Attack) -> None:
    """Send messages that no page sends."""
    messages = []
    for word_ in ("load_git_info", "clear_cache", "stop_script", "app_heartbeat", "set_run_on_save"):
        message = BackMsg()
        setattr(message, word_, True)
        messages.append(message.SerializeToString())
    message = BackMsg()
    message.file_urls_request.request_id = "1"
    message.file_urls_request.file_names.append("../../secrets.toml")
    messages += [message.SerializeToString(), b"", b"\xff" * 50]
    for script in ("0" * 32, "../../etc/passwd", SCRIPT):
        message = BackMsg()
        message.rerun_script.page_script_hash = script
        message.rerun_script.fragment_id = script
        messages.append(message.SerializeToString())
    for raw in messages:
        with attack.head() as head:
            head.open("definitions")
            try:
                attack.judge("an odd message", head.tell(raw, patience=0.5), "")
            except ConnectionClosed:
                attack.judge("an odd message", "", "")


def by_injection(attack: Attack) -> None:
    """Put SQL, HTML and nonsense into every parameter of every address."""
    words: tuple[str, ...] = (
        "period",
        "from",
        "at",
        "lang",
        "officer",
        "unit",
        "district",
        "category",
        "channel",
        "square",
        "figure",
    )
    words += ("q", "sort", "page", "code", "case", "show", "level", "measure", "count", "by", "before")
    for turn, said in enumerate(INJECTIONS):
        asked = urlencode(dict.fromkeys(words, said), errors="surrogatepass")
        for route in ROUTES:
            attack.get("an injection", attack.head(), f"{route}?{asked}")
        with attack.head() as head:
            for page in (*OF_CASES, OTHERS[turn % len(OTHERS)]):
                attack.open("an injection", head, page, asked)
            for one in ("q", "code", "officer", "unit", "at", "case"):  # alone, so that no other value is refused first
                page = {"q": "cases", "code": "report", "case": "map"}.get(one, "unit")
                attack.open("an injection", head, page, urlencode({one: said}))
        for route, one in (("/cases.csv", "q"), ("/map/points.json", "officer"), ("/map/squares.json", "square")):
            attack.get("an injection", attack.head(), f"{route}?{urlencode({one: said})}")


def by_path(attack: Attack) -> None:
    """Try to leave the folders that are served."""
    for path in TRAVERSALS:
        with_words = attack.head().get(path)
        attack.judge(f"the path {path}", with_words.words, path, NOT_OURS | {"root:x:", HEADER.lower(), "[core]"})
        assert "import streamlit" not in with_words.words


def by_nobody(attack: Attack) -> None:
    """Come without an identity, or with an unproven one."""
    strangers: list[dict[str, str]] = [
        {},
        named(""),
        {HEADER: "leader"},
        {HEADER: "leader", "X-Proxy-Secret": "a guess at the secret, as long as it is itself, nearly"},
        {HEADER: "leader", "X-Report-Subject": "leader", "X-Report-Proven-At": "9999999999"},
        PROOF | {"X-Report-Subject": "leader", "X-Report-Proven-At": "9999999999"},
        named("nobody-knows-me"),
        named("HEAD"),
        named("head,leader"),
        named("' or 1=1 --"),
        {"X-Forwarded-User": "leader", "Remote-User": "leader"},
        {"X_Remote_User": "leader", "X-Remote-Userx": "leader"},
        {"Cookie": f"{HEADER}=leader; _streamlit_user=leader"},
        {"Authorization": "Basic bGVhZGVyOmxlYWRlcg=="},
        {"Forwarded": "for=127.0.0.1;user=leader", "X-Real-IP": "127.0.0.1"},
    ]
    for headers in strangers:
        stranger = Official(attack.address, headers)
        for route in (*ROUTES, "/metrics"):
            status = attack.get("no sign-in", stranger, f"{route}?period=all&figure=submitted", ALL_CASES)
            assert status in {401, 403, 429}, (headers, route, status)
        try:
            with stranger:
                for page in (*PATHS, "wall"):
                    told = attack.open("no sign-in", stranger, page, "figure=submitted&period=all", ALL_CASES)
                    assert not re.search(r'class=\\?"header', told), "nothing of the frame is drawn either"
        except (ConnectionClosed, InvalidHandshake):
            attack.attempts += 1


def by_viewers(attack: Attack) -> None:
    """Ask for cases as an official with figures only."""
    viewer = Official(attack.address, named("viewer"))
    for route in ROUTES:
        status = attack.get("figures alone", viewer, f"{route}?period=all", ALL_CASES)
        refused = "points" in route or "arrivals" in route or "cases." in route
        assert (status in {403, 429}) is refused, route
    with viewer:
        for page in (*PATHS, "wall"):
            for query in ("figure=submitted&period=all", f"code={code(THEIRS, 1)}", "unit=dong-anh&show=points"):
                attack.open("figures alone", viewer, page, query, ALL_CASES)


ATTACKS: tuple[Callable[[Attack], None], ...] = (
    by_address,
    by_controls,
    by_contact_form,
    by_anothers_messages,
    by_odd_messages,
    by_injection,
    by_path,
    by_nobody,
    by_viewers,
)
