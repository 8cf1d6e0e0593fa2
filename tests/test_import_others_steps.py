"""The steps of reports that a city's files tell: what they make of the reports, and what becomes of bad rows."""

import random
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import figures
from reportdb.anonymise import anonymise, find_old
from reportdb.city_data.events import Events
from reportdb.city_data.ratings import Answers, Ratings
from reportdb.cli.command_line import progress_bar
from reportdb.deadlines.recomputation import apply_changes, find_changes
from reportdb.deadlines.rule_table import NewRule, Term, write_rule
from reportdb.mapping.failure import ImportFailure
from tests.import_sample import AGAIN, CLOSED, GOOD, IMPORTED, SampleCity
from tests.other_files import EVENT_HEADER, EVENTS, OtherFiles, damage, event, moment, rows

STEPS = """select n, report_event.kind, at, from_unit.code, to_unit.code from report_event
    left join unit as from_unit on from_unit.id = from_unit_id left join unit as to_unit on to_unit.id = to_unit_id
    where report_id = {} order by n"""
STATE = """select unit.code, status, due_at, ended_at, received_at, rating, reopen_count, transfer_count, escalated_at
    from report left join unit on unit.id = unit_id where report.id = {}"""
EVERYTHING = (
    """select id, unit_id, status, due_at, ended_at, received_at, rating, rated_at, reopen_count, transfer_count,
        escalated_at, escalated_by_id, category_id, answer, updated_at from report order by id""",
    "select * from report_event order by report_id, n",
    "select report_id, valid_from, valid_to, unit_id, status, due_at, ended_at, rating from report_past order by 1, 3",
)

HISTORY = (
    event(7, "Taken", "2024-03-01 10:00"),
    event(7, "Passed", "2024-03-02 09:00", from_="Parks & Rec", to="Streets"),
    event(7, "Taken", "2024-03-02 11:00"),
    event(7, "More", "2024-03-04 09:00", due="2024-03-12 09:00", minutes="9600"),
    event(7, "Up", "2024-03-05 09:00", to="City desk"),
    event(7, "Told", "2024-03-05 10:00", note="It is with the city's desk"),
    event(8, "Again", "2024-03-05 09:00"),
    event(8, "Done", "2024-03-06 09:00"),
    event(8, "Rated", "2024-03-07 09:00", rating="good"),
)


@pytest.fixture
def city(connection: psycopg.Connection, tmp_path: Path) -> SampleCity:
    """The sample city with its two reports: 7 is open and 8 closed, both with Parks."""
    sample = SampleCity(tmp_path)
    sample.load(connection, GOOD, CLOSED)
    return sample


@pytest.fixture
def files(city: SampleCity) -> OtherFiles:
    """Files beside those of the sample city, which is imported."""
    return OtherFiles(city.folder)


def everything(connection: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    return [rows(connection, question) for question in EVERYTHING]


def test_events_make_of_a_report_what_a_live_system_would(connection: psycopg.Connection, files: OtherFiles) -> None:
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
    assert (account.read, account.new, account.rejected.total(), account.reports) == (9, 9, 0, 2)
    assert rows(connection, STEPS.format(1)) == [
        (1, "submitted", moment("2024-03-01 14:00"), None, None),
        (2, "received", moment("2024-03-01 15:00"), None, "parks"),
        (3, "transferred", moment("2024-03-02 14:00"), "parks", "streets"),
        (4, "received", moment("2024-03-02 16:00"), None, "streets"),
        (5, "extended", moment("2024-03-04 14:00"), "streets", None),
        (6, "escalated", moment("2024-03-05 14:00"), "streets", "city desk"),
        (7, "informed", moment("2024-03-05 15:00"), "city desk", None),
    ]
    # Eight days later New York is an hour further from UTC.
    due = moment("2024-03-12 13:00")
    assert rows(connection, STATE.format(1)) == [
        ("city desk", "in_progress", due, None, moment("2024-03-02 16:00"), None, 0, 1, moment("2024-03-05 14:00"))
    ]
    assert rows(
        connection,
        """select past.valid_from, past.valid_to, unit.code, due_at, transfer_count from report_past as past
           join unit on unit.id = unit_id where report_id = 1 order by past.valid_to""",
    ) == [
        (moment("2024-03-01 14:00"), moment("2024-03-02 14:00"), "parks", moment("2024-03-05 14:00"), 0),
        (moment("2024-03-02 14:00"), moment("2024-03-04 14:00"), "streets", moment("2024-03-05 14:00"), 1),
        (moment("2024-03-04 14:00"), moment("2024-03-05 14:00"), "streets", due, 1),
    ]
    assert rows(connection, STATE.format(2)) == [
        ("parks", "resolved", None, moment("2024-03-06 14:00"), None, "satisfied", 1, 0, None)
    ]
    assert damage(connection) == []


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        ("2024-03-02 18:00", {"open": 2, "overdue": 0, "escalated": 0, "with_parks": 1, "with_streets": 1}),
        # 8 is closed, 7 is due in an hour by its first deadline.
        ("2024-03-04 18:00", {"open": 1, "overdue": 0, "escalated": 0, "with_parks": 0, "with_streets": 1}),
        # 7 was extended and is with the city's desk; 8 is open again.
        ("2024-03-05 16:00", {"open": 2, "overdue": 0, "escalated": 1, "reopened": 1, "rated": 0, "with_parks": 1}),
        # 7 is past its new deadline; 8 was closed again and rated.
        (
            "2024-03-12 14:00",
            {
                "open": 1,
                "overdue": 1,
                "escalated": 1,
                "reopened": 1,
                "rated": 1,
                "satisfied": 1,
                "with_parks": 0,
            },
        ),
    ],
)
def test_the_pages_count_what_the_events_say_at_each_moment(
    connection: psycopg.Connection,
    reports: ReportDatabase,
    files: OtherFiles,
    at: str,
    counted: dict[str, int],
) -> None:
    """Counted by hand."""
    files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
    filters = Filters.of(at=moment(at), zone=ZoneInfo("America/New_York"))
    found = {name: int(value) for name, value in figures(reports, filters).iloc[0].items() if name in counted}
    found |= {name: case_count(reports, filters, figure=name) for name in ("escalated", "reopened") if name in counted}
    by_unit = rows(
        connection,
        f"""select 'with_' || code, count(*) from report_at('{at}Z') join unit on unit.id = unit_id
            where open_until > '{at}Z' group by 1""",
    )
    found |= {name: 0 for name in counted if name.startswith("with_")} | dict(by_unit)
    assert found | counted == found


def test_importing_twice_changes_nothing_and_the_order_of_rows_does_not_matter(
    connection: psycopg.Connection, files: OtherFiles
) -> None:
    files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
    before = everything(connection)
    shuffled = list(HISTORY)
    random.Random(7).shuffle(shuffled)
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, *shuffled, at=AGAIN)
    assert (account.new, account.updated, account.unchanged, account.reports) == (0, 0, 9, 0)
    assert everything(connection) == before


@pytest.mark.parametrize("seed", range(5))
def test_a_file_in_any_order_and_in_any_parts_gives_the_same(
    connection: psycopg.Connection, files: OtherFiles, seed: int
) -> None:
    with connection.transaction(force_rollback=True):
        files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
        whole = [
            rows(
                connection,
                "select code, status, due_at from report left join unit on unit.id = unit_id order by report.id",
            ),
            rows(connection, "select report_id, n, at, kind from report_event order by 1, 2"),
            rows(connection, "select report_id, valid_from, valid_to, due_at, status from report_past order by 1, 3"),
        ]
    lines = list(HISTORY)
    random.Random(seed).shuffle(lines)
    cut = random.Random(seed).randrange(1, len(lines))
    files.load(connection, Events, EVENTS, EVENT_HEADER, *lines[:cut])
    files.load(connection, Events, EVENTS, EVENT_HEADER, *lines[cut:])
    assert [
        rows(
            connection, "select code, status, due_at from report left join unit on unit.id = unit_id order by report.id"
        ),
        rows(connection, "select report_id, n, at, kind from report_event order by 1, 2"),
        rows(connection, "select report_id, valid_from, valid_to, due_at, status from report_past order by 1, 3"),
    ] == whole


def test_the_reports_file_imported_again_changes_nothing_and_keeps_the_events(
    connection: psycopg.Connection, city: SampleCity, files: OtherFiles
) -> None:
    files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
    before = everything(connection)
    counts = city.load(connection, GOOD, CLOSED, at=AGAIN)
    assert (counts.new, counts.updated, counts.unchanged) == (0, 0, 2)
    assert everything(connection) == before


def test_a_changed_row_of_the_reports_file_is_taken_beside_the_events(
    connection: psycopg.Connection, city: SampleCity, files: OtherFiles
) -> None:
    files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
    closed = GOOD.replace("09:00:00,,app", "09:00:00,2024-03-06 09:00:00,app").replace(",open", ",closed")
    assert city.load(connection, closed.replace("Fallen", "Split"), CLOSED, at=AGAIN).updated == 1
    assert [step[1] for step in rows(connection, STEPS.format(1))] == [
        *("submitted", "received", "transferred", "received", "extended", "escalated", "informed", "resolved")
    ]
    assert rows(connection, "select title, status, ended_at, due_at from report where id = 1") == [
        ("Split, on a path", "resolved", moment("2024-03-06 14:00"), moment("2024-03-12 13:00"))
    ]
    assert damage(connection, AGAIN) == []
    assert city.load(connection, closed.replace("Fallen", "Split"), CLOSED, at=AGAIN).unchanged == 2


def test_a_step_that_does_not_fit_waits_until_it_does(connection: psycopg.Connection, files: OtherFiles) -> None:
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, event(8, "Passed", "2024-03-08 09:00", to="Streets"))
    assert account.notes == {"steps that do not fit: transferred after its end": 1}
    assert rows(connection, "select transfer_count from report where id = 2") == [(0,)]
    files.load(connection, Events, EVENTS, EVENT_HEADER, event(8, "Again", "2024-03-07 09:00"))
    assert rows(connection, "select transfer_count, reopen_count, status from report where id = 2") == [
        (1, 1, "waiting")
    ]
    assert damage(connection) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (event(99, "Passed", "2024-03-02 09:00", to="Streets"), "no report has this id: sample:99"),
        (event(7, "Passed", "2024-02-02 09:00", to="Streets"), "before its report was submitted: sample:7"),
        (event(7, "Passed", "2034-02-02 09:00", to="Streets"), "in the future: sample:7"),
        (event(7, "Passed", "2024-03-02 09:00"), "transferred, and no unit that receives"),
        (event(7, "Passed", "yesterday", to="Streets"), "at 'yesterday' is no time as the mapping writes it"),
        (event(7, "Passed", "", to="Streets"), "no time of the step"),
        (event(7, "Lost", "2024-03-02 09:00"), "what 'Lost' is not in the mapping"),
        (event(7, "", "2024-03-02 09:00"), "what is blank"),
        (event(7, "Other", "2024-03-02 09:00"), "recategorised, and no new category or severity"),
        (event(7, "Rated", "2024-03-02 09:00", rating="odd"), "rating 'odd' is not in the mapping"),
        ("7,Passed", "2 columns where the header has 10"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_makes_no_unit(
    connection: psycopg.Connection, files: OtherFiles, line: str, reason: str
) -> None:
    good = event(7, "Told", "2024-03-02 09:00")
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, good, line)
    assert files.rejected() == [["3", reason, line]]
    assert (account.new, account.rejected.total()) == (1, 1)
    assert rows(connection, "select code from unit") == [("parks",)]


def test_a_secondary_value_that_cannot_be_read_is_noted_and_loses_no_row(
    connection: psycopg.Connection, files: OtherFiles
) -> None:
    account = files.load(
        connection, Events, EVENTS, EVENT_HEADER, event(7, "More", "2024-03-02 09:00", due="soon", minutes="few")
    )
    assert account.new == 1
    assert account.notes == {"due is no time as the mapping writes it": 1, "minutes is no length of an extension": 1}
    assert rows(connection, "select due_at from report where id = 1") == [(moment("2024-03-05 14:00"),)]


def test_rows_that_are_no_steps_are_passed_over(connection: psycopg.Connection, files: OtherFiles) -> None:
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, event(7, "Seen", "2024-03-02 09:00"))
    assert (account.passed_over, account.new) == (1, 0)


def test_a_repeated_row_counts_once_and_another_version_by_its_time_of_change(
    connection: psycopg.Connection, files: OtherFiles
) -> None:
    told = event(7, "Told", "2024-03-02 09:00", note="one")
    account = files.load(connection, Events, EVENTS, EVENT_HEADER, told, told, told.replace("one", "two"))
    assert (account.new, account.repeated) == (1, 1)
    assert files.rejected() == [["4", "repeats the step of line 2", told.replace("one", "two")]]
    changed = EVENTS.replace("[kinds]", 'changed = { columns = ["minutes"], format = "iso" }\n\n[kinds]')
    newer = event(7, "Told", "2024-03-02 09:00", note="three", minutes="2024-05-02")
    older = event(7, "Told", "2024-03-02 09:00", note="old", minutes="2024-04-02")
    account = files.load(connection, Events, changed, EVENT_HEADER, older, newer)
    assert (account.updated, account.repeated, account.rejected.total()) == (1, 1, 0)
    assert files.load(connection, Events, changed, EVENT_HEADER, older).unchanged == 1
    assert rows(connection, "select note from report_event where kind = 'informed'") == [("three",)]


def test_a_whole_history_removes_what_it_no_longer_holds(connection: psycopg.Connection, files: OtherFiles) -> None:
    whole = EVENTS.replace('name = "sample"', 'name = "sample"\nwhole_history = true')
    files.load(connection, Events, whole, EVENT_HEADER, *HISTORY)
    account = files.load(connection, Events, whole, EVENT_HEADER, *(line for line in HISTORY if ",More," not in line))
    assert account.removed == 1
    assert rows(connection, "select due_at from report where id = 1") == [(moment("2024-03-05 14:00"),)]
    assert "extended" not in {step[1] for step in rows(connection, STEPS.format(1))}


def test_a_dry_run_says_what_would_change_and_writes_nothing(connection: psycopg.Connection, files: OtherFiles) -> None:
    before = everything(connection)
    account = files.load(
        connection, Events, EVENTS, EVENT_HEADER, *HISTORY, event(99, "Done", "2024-03-05"), dry_run=True
    )
    assert (account.new, account.reports, account.rejected.total()) == (9, 2, 1)
    assert account.sentences(dry_run=True)[-1] == "Nothing was written: this was a dry run."
    assert everything(connection) == before
    assert rows(connection, "select count(*) from imported_step") == [(0,)]
    assert not files.rejects.exists()


def test_hostile_words_stay_words(connection: psycopg.Connection, files: OtherFiles) -> None:
    nasty = "'; drop table report; -- <script>alert(1)</script> \\N {{ 7*7 }} 0912345678"
    files.load(connection, Events, EVENTS, EVENT_HEADER, event(7, "Told", "2024-03-02 09:00", note=nasty))
    assert rows(connection, "select note from report_event where kind = 'informed'") == [(nasty,)]
    assert "0912345678" not in rows(connection, "select masked_note from report_event where kind = 'informed'")[0][0]


def test_old_notes_are_masked_where_they_were_told_too(connection: psycopg.Connection, files: OtherFiles) -> None:
    words = event(8, "Told", "2024-03-03 09:00", note="Gọi 0912345678")
    files.load(connection, Events, EVENTS, EVENT_HEADER, words)
    with progress_bar() as progress:
        old = find_old(connection, AGAIN, progress=progress)
        done = anonymise(connection, AGAIN, now=AGAIN, progress=progress)
    assert (old.notes, done.notes) == (1, 1)
    for table in ("report_event", "imported_step"):
        assert rows(connection, f"select 1 from {table} where note like '%0912345678%'") == []


def test_a_recomputed_deadline_stays_when_events_and_reports_come_in(
    connection: psycopg.Connection, city: SampleCity, files: OtherFiles
) -> None:
    city.remap(('due = { columns = ["due"], format = "iso" }\n', ""))
    connection.execute("update report set due_at = null")
    city.load(connection, GOOD, CLOSED)
    rule = NewRule(None, None, None, Term(960, "working"), "submitted", date(2024, 1, 1), "Order 1", confirmed=True)
    write_rule(connection, rule)
    at = moment("2024-03-04 20:00")
    apply_changes(connection, find_changes(connection, ended=False).token, now=at, ended=False)
    # Submitted on Friday at 9: seven hours on Friday, eight on Monday, one on Tuesday; then two hours more.
    due, later = moment("2024-03-05 14:00"), moment("2024-03-05 16:00")
    assert rows(connection, "select due_at from report where id = 1") == [(due,)]
    steps = (
        event(7, "Passed", "2024-03-02 09:00", to="Streets"),
        event(7, "More", "2024-03-04 16:30", minutes="120"),
    )
    files.load(connection, Events, EVENTS, EVENT_HEADER, *steps)
    versions = """select past.valid_to, unit.code, due_at from report_past as past join unit on unit.id = unit_id
        where report_id = 1 order by past.valid_to"""
    told = [
        (moment("2024-03-02 14:00"), "parks", None),
        (at, "streets", None),
        (moment("2024-03-04 21:30"), "streets", due),
    ]
    assert rows(connection, versions) == told
    assert rows(connection, "select due_at, rule_id from report where id = 1") == [(later, 1)]
    assert city.load(connection, GOOD, CLOSED, at=AGAIN).unchanged == 2
    assert city.load(connection, GOOD.replace("Fallen", "Split"), CLOSED, at=AGAIN).updated == 1
    assert rows(connection, versions) == told
    assert rows(connection, "select due_at, rule_id from report where id = 1") == [(later, 1)]
    assert damage(connection, AGAIN) == []


RATINGS = """
[source]
name = "sample"

[columns]
id = "case"
rating = "stars"

[times]
rated = { columns = ["at"], format = "iso" }

[ratings]
5 = "satisfied"
3 = "acceptable"
1 = "not_satisfied"
"""


def test_ratings_in_a_file_of_their_own(connection: psycopg.Connection, files: OtherFiles) -> None:
    account = files.load(
        connection, Ratings, RATINGS, "case,stars,at", "8,1,2024-03-05 09:00", "8,5,2024-03-06 09:00", "7,,"
    )
    assert (account.new, files.rejected()) == (2, [["4", "stars is blank: a rating needs its word", "7,,"]])
    assert account.notes == {"steps that do not fit: a later rating counts": 1}
    assert rows(connection, "select id, rating, rated_at from report order by id") == [
        (1, None, None),
        (2, "satisfied", moment("2024-03-06 14:00")),
    ]
    assert damage(connection) == []


def test_a_rating_without_a_time_counts_at_the_end_of_its_report_whenever_that_comes(
    connection: psycopg.Connection, city: SampleCity, files: OtherFiles
) -> None:
    account = files.load(connection, Ratings, RATINGS, "case,stars,at", "8,5,", "7,3,")
    assert account.notes == {"steps that do not fit: rated without a time, and open": 1}
    assert rows(connection, "select rating, rated_at = ended_at from report order by id") == [
        (None, None),
        ("satisfied", True),
    ]
    closed = GOOD.replace("09:00:00,,app", "09:00:00,2024-03-06 09:00:00,app").replace(",open", ",closed")
    city.load(connection, closed, CLOSED, at=AGAIN)
    assert rows(connection, "select rating, rated_at = ended_at from report order by id") == [
        ("acceptable", True),
        ("satisfied", True),
    ]
    assert damage(connection, AGAIN) == []


def test_answers_in_a_file_of_their_own(connection: psycopg.Connection, files: OtherFiles) -> None:
    mapping = (
        RATINGS.replace('rating = "stars"', 'answer = ["words"]').replace("rated =", "answered =").split("[ratings]")[0]
    )
    account = files.load(connection, Answers, mapping, "case,words,at", '8,"Filled, thanks",2024-03-04 11:00')
    assert account.new == 1
    assert rows(connection, "select answer, resolved_without_text_at from report where id = 2") == [
        ("Filled, thanks", None)
    ]
    assert (
        files.load(connection, Answers, mapping, "case,words,at", '8,"Filled, thanks",2024-03-04 11:00').unchanged == 1
    )


def test_ratings_and_answers_in_the_reports_own_file(connection: psycopg.Connection, tmp_path: Path) -> None:
    city = SampleCity(tmp_path)
    city.remap(
        ('status = "status"', 'status = "status"\nrating = "late"\nanswer = ["place"]'),
        ("[location]", 'rated = { columns = ["due"], format = "iso" }\n\n[ratings]\nY = "satisfied"\n\n[location]'),
    )
    rated = CLOSED.replace("10:00:00,,2024", "10:00:00,2024-03-05 11:00:00,2024")
    city.load(connection, GOOD, rated)
    told = "select id, rating, rated_at, answer from report order by id"
    assert rows(connection, told) == [(1, None, None, None), (2, "satisfied", moment("2024-03-05 16:00"), "West")]
    assert city.load(connection, GOOD, rated, at=AGAIN).unchanged == 2
    assert rows(connection, "select max(updated_at) from report") == [(IMPORTED,)]
    assert damage(connection) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('kind = "what"\n', ""), "columns.kind is missing"),
        (('name = "sample"', 'name = "sample"\nkind = "rated"'), "columns.kind is missing"),
        (('Passed = "transferred"', 'Passed = "moved"'), "kinds.Passed must be one of"),
        (('id = "case"', 'id = "case"\nsize = "big"'), "columns.size is not understood"),
        (('[times]\nat = { columns = ["at"], format = "iso" }\n', "[times]\n"), "times.at"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_key(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    place = tmp_path / "wrong.toml"
    assert change[0] in EVENTS
    place.write_text(EVENTS.replace(*change))
    with pytest.raises(ImportFailure, match=words):
        Events(str(place))


def test_events_need_reports(connection: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(ImportFailure, match="Import the city's reports first"):
        OtherFiles(tmp_path).load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)


def test_the_demo_city_is_refused(connection: psycopg.Connection, files: OtherFiles) -> None:
    connection.execute("update city set demo = true")
    with pytest.raises(ImportFailure, match="holds the demo city"):
        files.load(connection, Events, EVENTS, EVENT_HEADER, *HISTORY)
