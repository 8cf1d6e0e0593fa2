"""Masking by normal form: a list of spellings, sentences of the demonstration city, hostile texts, what is stored."""

import random
import re
import time
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.cases.cases import cases
from queries.cases.search import search
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from reportdb.database.connection import connect
from tests.conftest import NewDatabase
from tests.reports import T, give_step, report, small_city

MASK = "•••"
SPELLINGS = tomllib.loads(Path(__file__).with_name("mask_spellings.toml").read_text(encoding="utf-8"))
SECRETS = [secret for kind in SPELLINGS["secrets"].values() for secret in kind]
HARMLESS = [words for kind in SPELLINGS["harmless"].values() for words in kind]
START, END = "Tôi là Lan, ", ". Xin cảm ơn"
_LEFT = re.compile(r"[\d@]|không|khong|chín|chin\b|nine|\w•••|•••\w")


@pytest.fixture(scope="module")
def owner(new_database: NewDatabase, schema_template: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to an empty report database; read only."""
    with connect(new_database(schema_template)) as connection:
        yield connection


def masked(connection: psycopg.Connection, texts: Sequence[str]) -> list[str]:
    """Return the masked form of texts."""
    rows = connection.execute(
        "select masked(words) from unnest(%s::text[]) with ordinality as given (words, n) order by n", [list(texts)]
    )
    return [text for (text,) in rows.fetchall()]


def test_every_spelling_of_a_secret_is_caught(owner: psycopg.Connection) -> None:
    shown = masked(owner, [f"{START}{secret}{END}" for secret in SECRETS])
    missed = [
        (secret, text)
        for secret, text in zip(SECRETS, shown, strict=True)
        if MASK not in text
        or _LEFT.search(unicodedata.normalize("NFKC", text))
        or not (text.startswith(START) and text.endswith(END))
    ]
    assert len(SECRETS) >= 150
    assert missed == [], f"{len(SECRETS) - len(missed)} of {len(SECRETS)} spellings caught"


def test_text_that_only_resembles_a_secret_is_kept(owner: psycopg.Connection) -> None:
    texts = [f"{START}{words}{END}" for words in HARMLESS]
    assert masked(owner, texts) == texts


def test_sentences_of_the_demonstration_city_are_kept(demo: str) -> None:
    with connect(demo) as connection:
        sentences = [
            sentence
            for (sentence,) in connection.execute(
                """select distinct sentence
                   from report
                   cross join unnest(array[title, text, address, answer]) as told
                   cross join regexp_split_to_table(told, '(?<=[.;!]) ') as sentence
                   order by sentence limit 5000"""
            )
        ]
        # Each with a time, a date or a house as citizens give them.
        odd = random.Random(27)
        told = [
            f"{sentence} {odd.choice(('số nhà', 'ngõ', 'lúc', 'ngày', 'từ'))} {odd.choice(HARMLESS)}"
            for sentence in sentences
        ]
        touched = [
            (text, shown)
            for texts in (sentences, told)
            for text, shown in zip(texts, masked(connection, texts), strict=True)
            if text != shown
        ]
        assert len(told) == len(sentences) == 5_000
        assert touched == [], f"{len(touched)} of {len(sentences) + len(told)} sentences touched"


def test_words_around_a_match_are_kept_byte_for_byte(owner: psycopg.Connection) -> None:
    start = "Ca\u0302y đổ…  ﬁ ½ m² Ｈà Nội\u00ad 👨\u200d👩\u200d👧 Киев ngày 20/11/2026 "
    assert masked(owner, [f"{start}0912\u200b345678 {start}"]) == [f"{start}{MASK} {start}"]
    assert masked(owner, [start]) == [start]


_PROPERTY = settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_MOBILE = st.tuples(st.sampled_from("35789"), st.text("0123456789", min_size=8, max_size=8)).map("".join)
_HIDDEN = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c", "\u2066")
_SPACES = (" ", "  ", "\u00a0", "\u2009", "\u202f", "\u3000", "\t", " \u200b ", "\n")
_GAPS = st.lists(st.sampled_from(("", "", "", *_HIDDEN, *_SPACES)), min_size=9, max_size=9)


@_PROPERTY
@given(digits=_MOBILE, gaps=_GAPS, prefix=st.sampled_from(("0", "84", "+84", "(+84)", "0084")))
def test_spaces_and_hidden_characters_hide_no_telephone(
    owner: psycopg.Connection, digits: str, gaps: list[str], prefix: str
) -> None:
    number = prefix + "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))
    (shown,) = masked(owner, [f"Gọi {number} nhé"])
    assert re.fullmatch(r"Gọi \(?•••\)? nhé", shown), number


_SCRIPTS = st.lists(
    st.sampled_from([chr(zero) for zero in (0x30, 0xFF10, 0x1D7CE, 0x660, 0x6F0, 0x966, 0xE50)]),
    min_size=10,
    max_size=10,
)


@_PROPERTY
@given(digits=_MOBILE, zeros=_SCRIPTS)
def test_no_script_hides_a_telephone(owner: psycopg.Connection, digits: str, zeros: list[str]) -> None:
    number = "".join(chr(ord(zero) + int(digit)) for digit, zero in zip("0" + digits, zeros, strict=True))
    assert masked(owner, [f"Gọi {number} nhé"]) == [f"Gọi {MASK} nhé"]


HOSTILE = (
    "a", "@", "a@", "a@b.", "a.", "a ", "0", "0 ", "12/", "1.", "1,", "0123-", "0912 345 678, ", "a 0912345678 ",
    "không chín ", "ba ", "một hai x ", "a chấm ", "a còng ", "zalo a b c ", "gọi 1 ", "stk 12 ", "20/11/2026 ",
    "20-11-2026-", "100.000 đồng ", "21.02851,", "🔥", "0🔥", "kho\u0302ng ", "0\u200b", "\u200b", "о9", "漢",
    "29A-123.45 ", "29A", "+1", "(", "Ol", "[at]", "a[at]gmail ", "AB-1/", "1900 ", "hộ chiếu ", "A1234567", "•••1",
    "0" + 12 * " ",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_are_read_in_time_that_grows_with_their_length(owner: psycopg.Connection, unit: str) -> None:
    """A text of 20,000 characters takes about ten times as long as one of 2,000."""
    took = {}
    for length in (2_000, 20_000):
        text = (unit * length)[:length]
        began = time.monotonic()
        masked(owner, [text])
        took[length] = time.monotonic() - began
    assert took[20_000] < 40 * took[2_000] + 1, took


TELEPHONE = "0912\u200b345 sáu bảy tám"


def _told(connection: psycopg.Connection) -> None:
    small_city(connection)
    words = dict.fromkeys(("title", "text", "address", "answer"), f"Rác {TELEPHONE}")
    report(connection, 1, **words, ended_at=T)
    give_step(connection, 1, 1, "submitted", T, note=f"Rác {TELEPHONE}")


def test_masked_words_are_stored_whoever_writes(connection: psycopg.Connection) -> None:
    _told(connection)
    stored = "select masked_title, masked_text, masked_address, masked_answer from report where id = 1"
    assert connection.execute(stored).fetchone() == (f"Rác {MASK}",) * 4
    assert connection.execute("select masked_note from report_event").fetchone() == (f"Rác {MASK}",)
    connection.execute("update report set text = null, answer = 'Đã gọi 0987 654 321 xong'")
    assert connection.execute(stored).fetchone() == (f"Rác {MASK}", None, f"Rác {MASK}", f"Đã gọi {MASK} xong")
    connection.execute("update report set text = %s", [f"Gọi {TELEPHONE}"])
    masked = connection.execute(stored).fetchone()
    # Nobody who writes can give other words than these.
    connection.execute("update report set masked_title = title, masked_text = text, masked_answer = answer")
    assert connection.execute(stored).fetchone() == masked
    assert masked is not None
    assert masked[1] == f"Gọi {MASK}"
    with (
        connection.cursor() as cursor,
        cursor.copy(
            """copy report (id, public_code, channel_id, category_id, severity, title, submitted_at, status, updated_at)
           from stdin"""
        ) as copy,
    ):
        copy.write_row((2, "T-2", 1, 1, "normal", f"Gọi {TELEPHONE}", T, "waiting", T))
    assert connection.execute("select masked_title from report where id = 2").fetchone() == (f"Gọi {MASK}",)


@pytest.mark.parametrize("role", ["report_leader", "report_escalator", "report_official"])
def test_roles_that_read_masked_words_may_not_read_the_originals(connection: psycopg.Connection, role: str) -> None:
    _told(connection)
    connection.execute("select set_config('report.scope', signed_scope('all', %s), false)", [role])
    connection.execute(f"set role {role}".encode())
    connection.execute("select masked_title, masked_text, masked_address, masked_answer from report")
    hidden = {"report": ("title", "text", "address", "answer"), "report_event": ("note", "masked_note")}
    for table, columns in hidden.items():  # a step has no policy of its own: it is read through report_step only
        for column in columns:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select {column} from {table}".encode())


def test_the_counting_role_reads_no_masked_words(connection: psycopg.Connection) -> None:
    connection.execute("set role report_reader")
    for question in ("select masked_title from report", "select masked_note from report_event"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(question.encode())


def test_no_report_is_found_by_masked_text(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    _told(connection)
    report(connection, 2, title="Hẻm 123 456 789", text="12 người, STK 123456", address="đồng chí 0912 345 678")
    seen = Filters.of(at=T, zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=ALL_CASES)
    for typed in ("Rác", "Hẻm"):
        found = search(reports, typed, ALL_CASES)
        assert not cases(reports, seen, figure="submitted", search=found).empty
    for typed in ("0912", "345", "bảy tám", "678", "123 456 789", "456", "123456", "0912345678", "rác sáu"):
        found = search(reports, typed, ALL_CASES)
        assert found is None or cases(reports, seen, figure="submitted", search=found).empty, typed
    words = connection.execute("select array(select unnest(tsvector_to_array(words)) from report)").fetchone()
    assert not {"0912", "345", "678", "123", "456", "789", "123456", "bay", "tam"} & set((words or ([],))[0])
