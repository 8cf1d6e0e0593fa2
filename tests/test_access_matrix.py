"""Who may see what: measured on the running application and compared with docs/access_matrix.md.

REPORT_WRITE_MATRIX=1 writes the document. What a page or a route shows is recognised by its content: marks that only
our own cases carry, those of other units, and the figures that are for all.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bench import entrance
from bench.official import Official
from tests.access import BELOW, OURS, THEIRS, contacts, leaks, marks, named, personal, planted, proxied
from tests.conftest import NewDatabase
from ui.base.page_paths import PATHS, WALL
from ui.wall.screens import SCREENS_VARIABLE, hashed

MATRIX = Path(__file__).parents[1] / "docs" / "access_matrix.md"
TOKEN = "the token of the screen in the hall"
WHO: dict[str, Mapping[str, str]] = {
    "not signed in": {},
    "signed in, no account": named("unknown"),
    "viewer": named("viewer"),
    "unit_head": named("head"),
    "leader": named("leader"),
    "admin": named("admin"),
    "screen with its token": {},
}
ROUTES = (
    "/map/shapes/district.json",
    "/map/areas/district.geojson",
    "/map/labels/district.json",
    "/map/squares.json",
    "/map/points.json",
    "/map/arrivals.json",
    "/cases.csv",
    "/cases.xlsx",
    "/beat/00000000000000000000000000000000/1",
    "/fonts/BeVietnamPro-Regular.ttf",
    "/health",
    "/metrics",
)
EXPLAINED = """# Who gets what

Written by `tests/test_access_matrix.py` from the running application, and compared with it on each run
(`REPORT_WRITE_MATRIX=1 .venv/bin/pytest tests/test_access_matrix.py` writes it anew). Sign-in is by a proxy's header;
`/metrics` is asked from this machine, without its token.

- **refused**: nothing but a way in, or whom to ask
- **open**: the same for everybody, nothing of any report
- **figures**: counts of the whole city, no single case
- **own cases**: the figures, and the cases of one's unit and those below it, their words as they are
- **all cases, masked**: the figures and every case; telephone numbers, e-mail addresses and the like in words masked

A heartbeat (`/beat/`) answers to the name that only the browser of an open page knows; here nobody has it.

A wall opens with its screen's token and nothing else, once screens have tokens (docs/wall.md).

Contacts are in none of these: a page shows one on request, with a reason, to a unit's head (own cases) and to an
administrator.

"""


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture(scope="module")
def address(city: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("matrix")
    screens = folder / "screens.toml"
    screens.write_text(f'[[screen]]\nname = "hall"\ntoken_sha256 = "{hashed(TOKEN)}"\n')
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(SCREENS_VARIABLE, str(screens))
        with proxied(city, folder) as running:
            yield running


def given(words: str, nothing: str, asked: str = "") -> str:
    """Return what an answer contains, by the marks in it; `nothing` if there are none. No contact may be there."""
    assert leaks(words, contacts([OURS, THEIRS, BELOW])) == set(), "a contact without a request"
    ours, theirs = (leaks(words, marks([unit]), asked) for unit in (OURS, THEIRS))
    raw = leaks(words, personal([OURS, THEIRS, BELOW]))
    if theirs:
        assert not raw, "words of every unit, unmasked"
        return "all cases, masked"
    if ours:
        return "own cases"
    return nothing


def headers(address: str, who: str) -> dict[str, str]:
    """Return a user's headers: the proxy's name, or the cookie of a screen's first request."""
    if who != "screen with its token":
        return dict(WHO[who])
    given = entrance.cookies_for(address, f"/wall?{urlencode({'screen': 'hall', 'token': TOKEN})}")
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in given.items())}


def page(address: str, who: str, path: str) -> str:
    """Return what a page shows a user."""
    queries = {
        "": ["period=all"],
        "map": ["show=points&case=ZA-401", "show=points&case=ZB-401"],
        "backlog": ["period=all", "unit=lang&period=all", "unit=dong-anh&period=all"],
        "unit": ["unit=lang&period=all", "unit=dong-anh&period=all"],
        "cases": ["figure=submitted&period=all"],
        "report": ["code=ZA-401", "code=ZB-401"],
    }.get(path, ["period=all"])
    if who == "screen with its token":
        queries = ["screen=hall"]
    told, asked = "", " ".join(queries)
    with Official(address, headers(address, who)) as official:
        for query in queries:
            told += official.open(path, query)
    assert "st-key-unforeseen" not in told
    if re.search(r"\$\$ID-\w+-(door|not_for|wall_refused)", told):
        assert leaks(told, marks([OURS, THEIRS, BELOW]), asked) == set()
        return "refused"
    if path == "access":  # the log contains codes of cases that were refused
        return "accounts, access log"
    return given(told, "open" if path in {"definitions", "status"} else "figures", asked)


def route(address: str, who: str, path: str) -> str:
    """Return what a route sends a user."""
    query = "?period=all&figure=submitted" if "cases" in path else "?period=all" if "map" in path else ""
    answer = Official(address, headers(address, who)).get(path + query)
    if answer.status in {401, 403, 404}:
        assert leaks(answer.words, marks([OURS, THEIRS, BELOW])) == set()
        return "refused"
    assert answer.status in {200, 204}, (who, path, answer.status, answer.words[:300])
    return given(answer.words, "figures" if "areas" in path or "squares" in path else "open")


def table(kind: str, rows: Mapping[str, list[str]]) -> str:
    lines = [f"| {kind} | {' | '.join(WHO)} |", "|---" * (len(WHO) + 1) + "|"]
    return "\n".join([*lines, *(f"| `{name}` | {' | '.join(cells)} |" for name, cells in rows.items())]) + "\n"


def test_the_matrix_is_as_documented(address: str) -> None:
    pages = {f"/{path}": [page(address, who, path) for who in WHO] for path in (*PATHS, WALL)}
    routes = {path: [route(address, who, path) for who in WHO] for path in ROUTES}
    found = f"{EXPLAINED}## Pages\n\n{table('page', pages)}\n## Routes and files\n\n{table('route', routes)}"
    if os.environ.get("REPORT_WRITE_MATRIX"):
        MATRIX.write_text(found)
    assert MATRIX.read_text() == found
