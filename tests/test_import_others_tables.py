"""What a city brings besides reports and their steps: accounts, feeds, contacts, officers, units, rules."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from reportdb.__main__ import app
from reportdb.city_data.accounts import Accounts
from reportdb.city_data.events import Events
from reportdb.city_data.feeds import Feeds
from reportdb.city_data.people import Contacts, Officers
from reportdb.city_data.ratings import Answers, Ratings
from reportdb.city_data.rules import Rules
from reportdb.city_data.units import Units
from reportdb.deadlines.rule_table import Term, TermError, read_term
from reportdb.mapping.failure import ImportFailure
from tests.import_sample import AGAIN, CLOSED, GOOD, IMPORTED, SampleCity
from tests.other_files import OtherFiles, damage, moment, rows

SOURCE = '[source]\nname = "sample"\n\n'


@pytest.fixture
def files(connection: psycopg.Connection, tmp_path: Path) -> OtherFiles:
    """Files beside those of the sample city, which is imported: reports 7 and 8 as 1 and 2."""
    SampleCity(tmp_path).load(connection, GOOD, CLOSED)
    return OtherFiles(tmp_path)


ACCOUNTS = (
    SOURCE
    + """[columns]
area = "place"
citizens = "people"
officials = "staff"

[times]
day = { columns = ["day"], format = "%d/%m/%Y" }
"""
)


def test_accounts_by_area_and_day(connection: psycopg.Connection, files: OtherFiles) -> None:
    lines = (
        "place,people,staff,day",
        'West,"57,584",120,31/05/2024',
        "west ,58000,121,01/06/2024",
        "East,9,0,31/05/2024",
    )
    account = files.load(connection, Accounts, ACCOUNTS, *lines, at=AGAIN)
    assert (account.new, account.rejected.total()) == (3, 0)
    counted = "select code, day, citizens, officials from app_account join area on area.id = area_id order by 1, 2"
    assert rows(connection, counted) == [
        ("East", date(2024, 5, 31), 9, 0),
        ("West", date(2024, 5, 31), 57584, 120),
        ("West", date(2024, 6, 1), 58000, 121),
    ]
    assert files.load(connection, Accounts, ACCOUNTS, *lines, at=AGAIN).unchanged == 3
    account = files.load(connection, Accounts, ACCOUNTS, lines[0], "West,60000,121,01/06/2024", lines[3], at=AGAIN)
    assert (account.new, account.updated, account.unchanged) == (0, 1, 1)
    assert damage(connection, AGAIN) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Moon,1,1,31/05/2024", "place 'Moon' names no area of the city"),
        (",1,1,31/05/2024", "place is blank"),
        ("West,many,1,31/05/2024", "people 'many' is no whole number"),
        ("West,-3,1,31/05/2024", "people '-3' is no whole number"),
        ("West,1.5,1,31/05/2024", "people '1.5' is no whole number"),
        ("West,1,1,", "no day"),
        ("West,1,1,31/05/2034", "2034-05-31 has not come"),
        ("East,8,0,31/05/2024", "repeats line 2"),
    ],
)
def test_a_bad_count_is_rejected(connection: psycopg.Connection, files: OtherFiles, line: str, reason: str) -> None:
    account = files.load(connection, Accounts, ACCOUNTS, "place,people,staff,day", "East,9,0,31/05/2024", line)
    assert (account.new, files.rejected()) == (1, [["3", reason, line]])


FEEDS = (
    SOURCE
    + """[columns]
channel = "how"

[times]
delivered = { columns = ["at"], format = "iso" }

[channels]
known = [{ code = "app", vi = "App", en = "App", words = ["iHanoi"] }]

[expected]
all = 24
app = 1
"""
)


def test_the_last_delivery_of_each_channel_counts(connection: psycopg.Connection, files: OtherFiles) -> None:
    lines = ("how,at", "iHanoi,2024-05-31 20:00+07:00", "app,2024-05-31 14:00Z", "phone,2024-05-30 10:00")
    account = files.load(connection, Feeds, FEEDS, *lines)
    assert (account.new, account.repeated) == (2, 1)
    told = "select code, last_delivery_at, expected_every from feed join channel on channel.id = channel_id order by 1"
    assert rows(connection, told) == [
        ("app", moment("2024-05-31 14:00"), timedelta(hours=1)),
        ("phone", moment("2024-05-30 14:00"), timedelta(hours=24)),
    ]
    assert files.load(connection, Feeds, FEEDS, *lines).unchanged == 2
    older = files.load(
        connection, Feeds, FEEDS, "how,at", "app,2024-01-01 00:00Z", "fax,2024-01-01", "app,2034-01-01 00:00Z"
    )
    assert (older.unchanged, older.rejected) == (1, {"unknown word in how": 1, "in the future": 1})
    assert damage(connection) == []


CONTACTS = (
    SOURCE
    + """[columns]
id = "case"
name = "who"
phone = "call"
"""
)


def test_contacts_are_in_their_table_and_nowhere_else(
    connection: psycopg.Connection, files: OtherFiles, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = ("case,who,call", "7,Nguyễn Bí Mật,0912 345 678", "99,Trần Bí Mật,0987 654 321", '8,"Lê Bí Mật,0987')
    account = files.load(connection, Contacts, CONTACTS, *lines)
    assert rows(connection, "select * from report_contact") == [(1, "Nguyễn Bí Mật", "0912 345 678")]
    assert sorted(files.rejected()) == [
        ["3", "no report has this id: sample:99", ""],
        ["4", "a quote is not closed, or is in the wrong place", ""],
    ]
    printed = "".join(capfd.readouterr()) + "\n".join(account.sentences())
    for table in [name for (name,) in rows(connection, "select tablename from pg_tables where schemaname = 'public'")]:
        if table != "report_contact":
            found = rows(
                connection, f"select 1 from {table} as line where line::text ~ 'Bí Mật|345 678|654 321' limit 1"
            )
            assert found == [], table
    assert "Bí Mật" not in printed
    assert "345" not in printed
    assert files.load(connection, Contacts, CONTACTS, *lines[:2]).unchanged == 1


def test_officers(connection: psycopg.Connection, files: OtherFiles) -> None:
    mapping = SOURCE + '[columns]\nid = "case"\nofficer = "desk"\n'
    account = files.load(connection, Officers, mapping, "case,desk", "7,Desk 4", "8,", at=AGAIN)
    assert (account.updated, account.unchanged, account.reports) == (1, 1, 1)
    assert rows(connection, "select id, officer, updated_at from report order by id") == [
        (1, "Desk 4", AGAIN),
        (2, None, IMPORTED),
    ]


UNITS = (
    SOURCE
    + """[columns]
code = "code"
vi = "name"
kind = "level"
area = "area"
parent = "above"
head = "head"
title_vi = "title"

[times]
head_from = { columns = ["since"], format = "iso" }
head_to = { columns = ["until"], format = "iso" }

[kinds]
ward = "commune"
town = "city"
office = "department"
"""
)
UNIT_HEADER = "code,name,level,area,above,head,title,since,until"


def test_units_with_their_parents_and_heads(connection: psycopg.Connection, files: OtherFiles) -> None:
    lines = (
        UNIT_HEADER,
        "w1,UBND phường Tây,ward,West,hall,An,Chủ tịch,2020-01-01,2024-01-01",
        "w1,UBND phường Tây,ward,West,hall,Bình,Chủ tịch,2024-01-01,",
        "hall,Tòa thị chính,town,,,,,,",
        "p9,Công viên,office,,hall,Chi,,,",
    )
    account = files.load(connection, Units, UNITS, *lines)
    assert (account.read, account.new, account.updated, account.repeated) == (4, 2, 1, 1)
    assert account.notes == {"known by another code, which it keeps": 1}
    told = """select unit.code, unit.name_vi, unit.kind, area.code, above.code from unit
        left join area on area.id = unit.area_id left join unit as above on above.id = unit.parent_id order by 1"""
    assert rows(connection, told)[0] == ("hall", "Tòa thị chính", "city", None, None)
    assert ("w1", "UBND phường Tây", "commune", "West", "hall") in rows(connection, told)
    assert rows(connection, "select name, valid_from, valid_to from unit_head order by name")[:2] == [
        ("An", date(2020, 1, 1), date(2024, 1, 1)),
        ("Bình", date(2024, 1, 1), None),
    ]
    again = files.load(connection, Units, UNITS, *lines)
    assert (again.new, again.updated, again.unchanged, again.repeated) == (0, 0, 3, 1)
    assert damage(connection) == []


def test_a_unit_that_came_with_the_reports_keeps_its_code(connection: psycopg.Connection, tmp_path: Path) -> None:
    city = SampleCity(tmp_path)
    city.load(connection, GOOD.replace("Parks & Rec", "Street Works"), CLOSED)
    line = "SW-1,Street Works,office,,,,,,"
    account = OtherFiles(tmp_path).load(connection, Units, UNITS, UNIT_HEADER, line)
    assert (account.new, account.notes) == (0, {"known by another code, which it keeps": 1})
    assert rows(connection, "select code from unit order by 1") == [("parks",), ("street works",)]
    assert city.load(connection, GOOD.replace("Parks & Rec", "Street Works"), CLOSED, at=AGAIN).unchanged == 2


def test_units_above_themselves_are_refused(connection: psycopg.Connection, files: OtherFiles) -> None:
    with pytest.raises(ImportFailure, match="above themselves"):
        files.load(connection, Units, UNITS, UNIT_HEADER, "a,A,office,,b,,,,", "b,B,office,,a,,,,")
    assert rows(connection, "select code from unit") == [("parks",)]


@pytest.mark.parametrize(
    ("words", "term"),
    [
        ("4 hours", Term(240, "calendar")),
        ("8 working hours", Term(480, "working")),
        ("3 days", Term(4320, "calendar")),
        ("15 Working  Days", Term(7200, "working")),
        ("1,5 ngày làm việc", Term(720, "working")),
        ("4 giờ", Term(240, "calendar")),
    ],
)
def test_terms_are_hours_or_days_of_either_clock(words: str, term: Term) -> None:
    assert read_term(words, day_minutes=480) == term


@pytest.mark.parametrize("words", ["soon", "4", "0 hours", "-1 days", "4 weeks", ""])
def test_other_words_are_no_term(words: str) -> None:
    with pytest.raises(TermError):
        read_term(words, day_minutes=480)


RULES = """
[source]
said_by = "Council order 12"
term = "working days"

[columns]
category = "what"
severity = "how"
handle = "promise"

[times]
valid_from = { columns = ["since"], format = "iso" }

[severities]
fast = "urgent"
"""
TOLD = """select coalesce(category.name_en, 'all'), coalesce(rule.severity, 'all'), handle_minutes, clock, valid_from,
        valid_to
    from deadline_rule as rule left join category on category.id = category_id order by 1, 2, 5"""


def test_rules_from_a_file(connection: psycopg.Connection, files: OtherFiles) -> None:
    lines = (
        "what,how,promise,since",
        ",,15,2024-01-01",
        "Trees,,3 working days,2024-01-01",
        ",fast,4 hours,2024-01-01",
        "Trees,,5,2024-06-01",
        "Moon,,5,2024-06-01",
    )
    account = files.load(connection, Rules, RULES, *lines)
    assert (account.new, account.rejected) == (4, {"unknown word in what": 1})
    assert rows(connection, TOLD) == [
        ("Trees", "all", 1440, "working", date(2024, 1, 1), date(2024, 6, 1)),
        ("Trees", "all", 2400, "working", date(2024, 6, 1), None),
        ("all", "all", 7200, "working", date(2024, 1, 1), None),
        ("all", "urgent", 240, "calendar", date(2024, 1, 1), None),
    ]
    assert files.load(connection, Rules, RULES, *lines).unchanged == 4
    earlier = files.load(connection, Rules, RULES, lines[0], "Trees,,9,2023-01-01")
    assert earlier.new == 1
    assert rows(connection, TOLD)[0] == ("Trees", "all", 4320, "working", date(2023, 1, 1), date(2024, 1, 1))
    assert damage(connection) == []


def run(database: str, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--database", database])
    return done.exit_code, done.output


def test_the_commands(database: str, connection: psycopg.Connection, files: OtherFiles) -> None:
    ((code,),) = rows(connection, "select code from category where name_en = 'Trees'")
    add = ("deadlines", "add", "--from", "2024-01-01", "--source", "Order 1", "--category", str(code), "--handle")
    assert run(database, *add, "3 working days", "--dry-run")[0] == 0
    assert rows(connection, "select count(*) from deadline_rule") == [(0,)]
    assert run(database, *add, "3 working days")[0] == 0
    assert run(database, *add, "soon")[0] == 3
    assert (
        run(
            database,
            "deadlines",
            "add",
            "--from",
            "2024-01-01",
            "--source",
            "x",
            "--category",
            "moon",
            "--handle",
            "1 day",
        )[0]
        == 3
    )
    assert rows(connection, "select handle_minutes, clock, source, handle_confirmed from deadline_rule") == [
        (1440, "working", "Order 1", False)
    ]
    mapping, file = files.folder / "accounts.toml", files.folder / "accounts.csv"
    mapping.write_text(ACCOUNTS)
    file.write_text("place,people,staff,day\nWest,5,1,01/06/2024\nMoon,5,1,01/06/2024\n")
    rejects = ("--rejects", str(files.folder / "bad.csv"))
    status, printed = run(database, "import", "accounts", str(file), str(mapping), *rejects)
    assert status == 1
    assert "2 rows read = 1 new + 0 updated + 0 unchanged + 1 rejected." in printed
    assert "rejected, unknown area in place: 1" in printed


def test_every_kind_has_its_command() -> None:
    told: Any = CliRunner().invoke(app, ["import", "--help"]).output
    for kind in ("ratings", "answers", "events", "accounts", "feeds", "contacts", "officers", "units"):
        assert kind in told


@pytest.mark.parametrize(
    ("n", "kind"),
    list(enumerate((Events, Ratings, Answers, Officers, Contacts, Units, Accounts, Feeds, Rules))),
    ids=lambda value: value if isinstance(value, int) else value.__name__,
)
def test_the_examples_of_the_document_are_mappings(tmp_path: Path, n: int, kind: Any) -> None:
    document = Path(__file__).parents[1] / "docs" / "import-others.md"
    examples = re.findall(r"```toml\n# \w+\.csv: ([^\n]+)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 9
    header, mapping = examples[n]
    place = tmp_path / "example.toml"
    place.write_text(mapping, encoding="utf-8")
    assert set(kind(str(place)).file.columns()) == set(header.split(","))
