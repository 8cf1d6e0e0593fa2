"""Words that are hostile in any output format, and a small city in which every imported word is one.

Each begins with « and ends with »: a reader must find what is between them, letter for letter (`as_read`).
"""

import csv
import json
from pathlib import Path
from typing import Any

import psycopg

from reportdb.importer import import_reports
from safe_text import one_line
from tests.reports import DAY, HOUR, SQUARE, T

OUTSIDE = "evil.example"
"""The host that every hostile word links to."""
MARKDOWN = (
    f"[bấm](https://{OUTSIDE}) ![x](https://{OUTSIDE}/x.png) **đậm** `mã` $x^2$ :red[đỏ] :material/home: :smile: -> "
    f"https://{OUTSIDE} www.{OUTSIDE}"
)
HTML = (
    "<img src=x onerror=\"document.title='owned'\"><svg onload=alert(1)><script>alert(2)</script>"
    f"<a href=\"javascript:alert(3)\">j</a><a href='https://{OUTSIDE}'>p</a>&lt;b&gt;"
)
TEMPLATE = "{{7*7}} {raw} {name} {figure} {value} %s %(x)s ${7*7} \\u003c</title></script>\"'`"
TURNED = "\u202eđảo\u202c \u2067phải \u200fx تقرير 13/17"
UNSEEN = "\x1b[31m\x1b]8;;https://evil.example\x07\x9b1m\u200b\ufeff\x00".replace("\x00", "")
LONG = "Dài" * 40
FORMULA = '=HYPERLINK("https://evil.example";1)'
TRAPS = {
    "markdown": MARKDOWN,
    "html": HTML,
    "template": TEMPLATE,
    "turned": TURNED,
    "unseen": UNSEEN + "x",
    "long": LONG,
    "formula": f";{FORMULA}\t@sum\n-1",
    "heading": "# to\n- mục\n1. số\n> lời\n    mã\n---\n| a | b |\n|---|---|",
}
ALL = " ".join(TRAPS.values())


def trap(kind: str = "", *, mark: str = "") -> str:
    """Return a hostile word of one kind, or of all, with a unique mark at its beginning."""
    return f"«{mark}{TRAPS[kind] if kind else ALL}»"


def as_read(value: str) -> str:
    """Return a value as a reader sees it: one line, without invisible characters."""
    return one_line(value).replace("\u2068", "").replace("\u2069", "")


_MAPPING = """
[city]
code = "hostile"
name_vi = {city}
name_en = {city}
attribution = {source}
time_zone = "Asia/Ho_Chi_Minh"
country = "VN"

[levels]
district = {{ vi = {level}, en = {level}, vi_many = {level}, en_many = {level} }}
ward = {{ vi = {level}, en = {level}, vi_many = {level}, en_many = {level} }}

[source]
name = "hostile"
code_prefix = {prefix}

[columns]
id = "id"
channel = "how"
category = "what"
unit = "who"
officer = "officer"
status = "status"
severity = "severity"
title = ["title"]
text = ["text"]
address = ["address"]
lon = "lon"
lat = "lat"

[times]
submitted = {{ columns = ["opened"], format = "iso" }}
received = {{ columns = ["opened"], format = "iso" }}
due = {{ columns = ["due"], format = "iso" }}
ended = {{ columns = ["closed"], format = "iso" }}

[statuses]
open = "waiting"
closed = "resolved"

[severities]
urgent = "urgent"

[channels]
unlisted = "add"

[categories]
unlisted = "add"

[units]
unlisted = "add"

[published.late]
column = "late"
late = ["Y"]
in_time = ["N"]

[published.district]
column = "place"
compare = "district"

[[boundaries]]
level = "district"
file = "districts.geojson"
code = "code"
name = "name"
attribution = {source}

[[boundaries]]
level = "ward"
file = "districts.geojson"
code = "code"
name = "name"
attribution = {source}
"""

HEADER = (
    *("id", "how", "what", "who", "officer", "status", "severity", "title", "text", "address", "lon", "lat"),
    *("opened", "due", "closed", "late", "place"),
)
_SHORT = ("markdown", "html", "template", "turned", "unseen", "formula")
_LONGEST = 190  # a name in a file has 200 characters at most


def short(kind: str, mark: str) -> str:
    """Return a hostile word short enough for a name in a file."""
    value = trap(kind, mark=mark)
    return value if len(value) < _LONGEST else f"{value[:_LONGEST]}»"


def import_hostile(connection: psycopg.Connection, folder: Path) -> None:
    """Import a file whose every word is hostile, with the general importer."""
    written = {name: json.dumps(trap("markdown", mark=name), ensure_ascii=False) for name in ("city", "source")}
    written |= {"level": json.dumps(trap("html", mark="level")), "prefix": json.dumps("<b>*T*_")}
    (folder / "city.toml").write_text(_MAPPING.format(**written), encoding="utf-8")
    feature = {
        "type": "Feature",
        "properties": {"code": short("html", "area"), "name": short("template", "area")},
        "geometry": SQUARE,
    }
    (folder / "districts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with (folder / "city.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for n in range(24):
            rows.writerow(_row(n))
    counts = import_reports(
        connection,
        folder / "city.csv",
        mapping=str(folder / "city.toml"),
        rejects=folder / "rejects.csv",
        boundaries=folder,
        at=T,
    )
    assert counts.rejected == 0, (folder / "rejects.csv").read_text(encoding="utf-8")


def _row(n: int) -> list[Any]:
    kind = _SHORT[n % len(_SHORT)]
    names = [short(kind, mark) for mark in ("channel", "category", "unit", "officer")]
    closed = n % 4 == 3
    due = T - DAY if n % 2 else T + HOUR
    return [
        n,
        *names,
        "closed" if closed else "open",
        "urgent" if n % 5 == 0 else "",
        *(trap(mark=mark) for mark in ("title", "text", "address")),
        105.81 + n / 400,
        21.01 + n / 400,
        (T - 2 * DAY).isoformat(),
        due.isoformat(),
        (T - HOUR).isoformat() if closed else "",
        "Y" if n % 3 else "N",
        short("markdown", "place"),
    ]


_BY_HAND = """
insert into unit_head (unit_id, name, title_vi, title_en) select id, %(head)s, %(headline)s, %(headline)s from unit;
insert into feed (channel_id, last_delivery_at, expected_every)
    select id, timestamptz '2026-11-01', interval '1 hour' from channel
    on conflict (channel_id) do update set last_delivery_at = excluded.last_delivery_at;
update working_day set name = %(day)s, source = %(day)s
    where day between date '2026-11-17' and date '2026-11-19' or not working;
insert into deadline_rule (id, severity, receive_minutes, handle_minutes, clock, handle_from, valid_from, source,
    receive_confirmed, handle_confirmed)
    values (900, 'normal', 480, 2400, 'working', 'submitted', '2024-01-01', %(rule)s, false, false);
update report set answer = %(answer)s, rating = 'satisfied', rated_at = ended_at where ended_at is not null;
update report set rule_id = 900, receive_due_at = due_at where ended_at is null;
update report_event set note = %(note)s;
insert into report_contact (report_id, name, phone) select id, %(user)s, '0901' from report
    on conflict (report_id) do nothing;
insert into app_user (subject, name, role, created_at) values (%(user)s, %(user)s, 'leader', '2026-11-01');
insert into access_log (at, subject, action, reason) values ('2026-11-18', %(user)s, %(note)s, %(note)s)
"""


def by_hand(connection: psycopg.Connection) -> None:
    """Write hostile words into every field that no file fills, and long ones into names too long for a file."""
    for table in ("unit", "category", "channel", "area"):
        connection.execute(
            f"update {table} set name_vi = '«' || %s || ' ' || id || '»', name_en = '«' || %s || ' ' || id || '»'",
            [f"{table}{ALL}", f"{table}{ALL}"],
        )
    said = {name: trap(mark=name) for name in ("head", "headline", "day", "rule", "note", "answer", "user", "hours")}
    for statement in _BY_HAND.split(";\n"):
        connection.execute(statement, said)
