"""Masking removes what identifies a person, however it is written, and keeps what is needed to act on a report."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdb.database.connection import connect
from tests.conftest import NewDatabase

MASK = "•••"

SECRETS = {
    "telephone": (
        "0912345678", "0912.345.678", "0912 345 678", "0912-345-678", "091 234 5678", "0912345 678", "0912 34 56 78",
        "0912 - 345 - 678", "0912–345–678", "(0912) 345 678", "0912\u00a0345\u00a0678", "01681234567",
        "+84 912 345 678", "+84912345678", "+84 (0)912 345 678", "84-912-345-678", "84912345678", "0084 912 345 678",
        "(024) 3825 1234", "024 3825 1234", "024.38251234", "(+84) 24 3825 1234",
    ),
    "telephone abroad": (
        "617-555-0123", "(617) 555-0123", "617.555.0123", "1-617-555-0123", "6175550123", "+1 617 555 0123",
        "+33 6 12 34 56 78",
    ),
    "e-mail": ("a.b+c@example.com", "nguyen_van@mail.example.vn", "An.2026@example.vn", "ten @ example.com"),
    "identity card": (
        "001093012345", "001 093 012 345", "001.093.012.345", "001-093-012-345", "0010 9301 2345", "012345678",
        "012 345 678", "012.345.678", "123456789", "123 456 789",
    ),
    "plate": (
        "29A-123.45", "30E 12345", "29-H1 123.45", "51F1-1234", "29A12345", "29A-12345", "29H1-123.45", "29-H1-1234",
        "29 A 123.45", "30A - 123.45", "29-MĐ1 234.56", "29AA-123.45", "29A.123.45", "29a-123.45", "29h1-1234",
        "30e12345", "30k 12345",
    ),
}  # fmt: skip
ALL_SECRETS = [secret for kind in SECRETS.values() for secret in kind]

STAYS = (
    "20/11/2026", "2026-11-20 08:30", "20-11-2026 08:30", "08:05 20-11-2026", "8h05 05.11.2026", "05-11-2026",
    "08:05:09 2026-11-20", "05-11-2026 1000", "01-05-2026 - 31-05-2026", "01/05/2026 - 31/05/2026", "15h 20/11",
    "1.500.000 đồng", "100.000.000 đồng", "100000000 đồng", "1.091.234.567 đồng", "84.912.345.678 đồng", "500.000đ",
    "10 000 000 đồng", "100 000 000 đồng", "100.000.000 VNĐ", "(21.028511, 105.804817)", "21.028511,105.804817",
    "21.028511234567, 105.0912345678", "-71.0589, 42.3601", "số 12 ngõ 345/67", "ngõ 05 ngách 12/34",
    "HN-2611-000123", "HN-2611-012345 20-11-2026", "T-1", "08:30", "8h30", "từ 08h30-10h30", "QL1A", "TL419", "24/7",
    "km 05+300", "12 m2", "3 km", "12m2", "10kg 20000 đồng", "100 m x 200 m", "0,5 m", "12.345,67", "tổ 12 phường 3",
    "2025-2026", "1022", "1900 1234", "1207/QĐ-UBND",
)  # fmt: skip

AROUND = ("{}", "Gọi tôi {} nhé", "SĐT:{}.", "ĐT.{}, gặp Lan", "({})", "{}; {}", "[{},{}]", "tôi-{}!", "Cấp:\n{}\nhết")


@pytest.fixture(scope="module")
def database_of_words(new_database: NewDatabase, schema_template: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to an empty report database; read only."""
    with connect(new_database(schema_template)) as connection:
        yield connection


def masked(connection: psycopg.Connection, *texts: str) -> list[str]:
    """Return the masked form of texts."""
    rows = connection.execute(
        "select masked(words) from unnest(%s::text[]) with ordinality as given (words, n) order by n", [list(texts)]
    )
    return [text for (text,) in rows.fetchall()]


@pytest.mark.parametrize("kind", SECRETS)
def test_nothing_of_a_secret_is_left(database_of_words: psycopg.Connection, kind: str) -> None:
    for secret in SECRETS[kind]:
        texts = [around.format(secret, secret) for around in AROUND]
        for text, shown in zip(texts, masked(database_of_words, *texts), strict=True):
            assert MASK in shown, text
            assert not re.search(r"[\d@]", shown), (text, shown)


@pytest.mark.parametrize("words", STAYS)
def test_needed_information_is_kept(database_of_words: psycopg.Connection, words: str) -> None:
    texts = [around.format(words, words) for around in AROUND]
    assert masked(database_of_words, *texts) == texts


def test_null_and_empty_texts_are_unchanged(database_of_words: psycopg.Connection) -> None:
    assert database_of_words.execute("select masked(null), masked('')").fetchone() == (None, "")


_PROPERTY = settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_LETTERS = st.sampled_from(("rác", "tồn đọng", "Đống Đa", "phường Láng,", "xử lý.", "đường", "hỏng", "(gần chợ)"))
_SAFE = st.one_of(_LETTERS, st.sampled_from(STAYS).map(lambda words: f"{words},"))


@_PROPERTY
@given(
    before=st.lists(_SAFE), last=_LETTERS, secret=st.sampled_from(ALL_SECRETS), first=_LETTERS, after=st.lists(_SAFE)
)
def test_the_secret_is_masked_and_the_words_around_it_are_kept(
    database_of_words: psycopg.Connection, before: list[str], last: str, secret: str, first: str, after: list[str]
) -> None:
    start, end = " ".join([*before, last]), " ".join([first, *after])
    (shown,) = masked(database_of_words, f"{start} {secret} {end}")
    assert shown.startswith(start + " ")
    assert shown.endswith(" " + end)
    assert re.fullmatch(r"\(?•••\)?", shown[len(start) + 1 : -len(end) - 1])


_ANY_NUMBERS = st.text("0123456789 .,-+()/:AHđkm\n", max_size=40)


@_PROPERTY
@given(words=st.one_of(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), _ANY_NUMBERS))
def test_masking_is_idempotent_and_the_quick_check_misses_nothing(
    database_of_words: psycopg.Connection, words: str
) -> None:
    """A quick check at the start of masked() decides whether text is read closely; an address always is."""
    shown, read_closely = masked(database_of_words, words, f"{words}\n\nvà a@example.com")
    assert f"{shown}\n\nvà {MASK}" == read_closely
    assert masked(database_of_words, shown) == [shown]


_MOBILE = st.tuples(st.sampled_from("35789"), st.text("0123456789", min_size=8, max_size=8)).map("".join)
_GAPS = st.lists(st.sampled_from(("", "", "", " ", ".", "-", " - ", "\u00a0")), min_size=9, max_size=9)


@_PROPERTY
@given(digits=_MOBILE, gaps=_GAPS, prefix=st.sampled_from(("0", "84", "+84", "(+84)", "0084")))
def test_a_mobile_number_is_masked_in_any_grouping(
    database_of_words: psycopg.Connection, digits: str, gaps: list[str], prefix: str
) -> None:
    number = prefix + "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))
    (shown,) = masked(database_of_words, f"Gọi {number} nhé")
    assert not re.search(r"\d", shown), number
