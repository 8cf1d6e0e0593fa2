"""Search: by words as people type them, by names of places, units and categories, by code; never an error."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from queries.cases.cases import Order, case_ids, cases, found_count
from queries.cases.search import search
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES, Scope, cases_of
from tests.reports import DAY, T, past, report, small_city
from tests.test_figures import HANOI

NOW = Filters.of(scope=ALL_CASES, at=T, zone=HANOI)


@pytest.fixture
def city(connection: psycopg.Connection) -> psycopg.Connection:
    small_city(connection)
    return connection


def found(reports: ReportDatabase, typed: str, filters: Filters = NOW, figure: str = "submitted") -> set[int]:
    understood = search(reports, typed, ALL_CASES)
    assert understood is not None, f"no word in {typed!r}"
    table = cases(reports, filters, figure=figure, search=understood)
    assert found_count(reports, filters, figure=figure, search=understood) == (len(table), False)
    return set(table["id"])


@pytest.mark.parametrize(
    "typed", ["cay do", "Cây đổ", "CÂY  ĐỔ!", "cây, đổ", "ca\u0302y đổ", "do cay", "(cay) & do", "cây-đổ"]
)
def test_words_are_found_without_case_diacritics_or_punctuation(
    city: psycopg.Connection, reports: ReportDatabase, typed: str
) -> None:
    report(city, 1, title="Cây gãy, đổ ra đường")
    report(city, 2, title="Đổ rác", text="cạnh gốc CA\u0302Y")
    report(city, 3, title="Cây khô")
    assert found(reports, typed) == {1, 2}


def test_every_word_must_be_found_and_the_last_may_be_a_beginning(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, title="Đèn đường hỏng", text="Tối om cả ngõ", address="Ngõ 20 Chùa Bộc")
    report(city, 2, title="Đèn đường hỏng", address="Ngõ 208 Chùa Bộc")
    report(city, 3, title="Đèn giao thông", address="Nguyễn Trãi")
    assert found(reports, "den chua bo") == {1, 2}
    assert found(reports, "den chua boc ngo 20") == {1}, "house 20 is not house 208"
    assert found(reports, "ch den") == set(), "only the last word may be incomplete"
    assert found(reports, "den tau") == set()


def test_the_last_word_is_a_prefix_unless_it_is_a_word(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, title="Đèn hỏng ở Chùa Bộc", ended_at=T - DAY)
    report(city, 2, title="Đèn hỏng ở Chùa Bo")
    assert found(reports, "chua bo") == {2}
    assert found(reports, "den hon") == {1, 2}
    assert found(reports, "chua bo", NOW.choosing(units=(2,))) == set(), "whatever is chosen"


def test_a_name_finds_its_areas_reports_with_any_text(city: psycopg.Connection, reports: ReportDatabase) -> None:
    report(city, 1, title="Ổ gà", category_id=2)  # in Đống Đa
    report(city, 2, title="Ổ gà", category_id=2, district_id=2, ward_id=12, unit_id=2)  # in Đông Anh
    report(city, 3, title="Ổ gà gần gò Đống Đa", category_id=2, district_id=None, ward_id=None, unit_id=2)
    report(city, 4, title="Ống đồng ai đã lấy", category_id=2, district_id=2, ward_id=12, unit_id=2)
    assert found(reports, "o ga dong da") == {1, 3}
    assert found(reports, "quan dong da") == {1}, "the name with its kind"
    assert found(reports, "dong da") == {1, 3}, "the words of a name are adjacent"
    assert found(reports, "duong sa dong anh") == {2, 4}, "a category and a district"
    assert found(reports, "ubnd phuong lang") == {1}, "a unit"
    assert found(reports, "phuong lang") == {1}, "a part of a unit's name, or a ward with its kind"


def test_a_search_is_a_prefix_of_a_code_or_words(city: psycopg.Connection, reports: ReportDatabase) -> None:
    for number in (1, 12, 123):
        report(city, number, title="Số 12 phố Huế" if number == 123 else "Khác")
    report(city, 40, public_code="T_1%", title="Khác")
    assert found(reports, "T-1") == {1}, "a whole code is that case alone"
    assert found(reports, "t-12") == {12}
    assert found(reports, "t_1%") == {40}, "no letter of a code is a wildcard"
    assert found(reports, "12 pho hue") == {123}
    report(city, 200, public_code="HN-2611-000001")
    report(city, 201, public_code="HN-2611-000002")
    assert found(reports, "hn-2611") == {200, 201}


def test_a_search_keeps_to_the_figure_the_filters_and_the_moment(
    city: psycopg.Connection, reports: ReportDatabase
) -> None:
    report(city, 1, title="Cây đổ")
    report(city, 2, title="Cây đổ", ended_at=T - DAY)
    report(city, 3, title="Cây đổ", submitted_at=T + DAY)
    report(city, 4, title="Cây đổ", district_id=2, ward_id=12, unit_id=2)
    report(city, 5, title="Cây đổ", reopen_count=1)
    past(city, 5, valid_from=T - 2 * DAY, valid_to=T + DAY, status="resolved", ended_at=T - DAY)
    report(city, 6, title="Cây đổ", ended_at=T + DAY)
    report(city, 7, title="Cây đổ", ended_at=T + 2 * DAY, transfer_count=1)
    past(city, 7, valid_from=T - 2 * DAY, valid_to=T + DAY)
    assert found(reports, "cay do") == {1, 2, 4, 5, 6, 7}
    assert found(reports, "cay do", figure="open") == {1, 4, 6, 7}
    assert found(reports, "cay do", NOW.choosing(units=(1,))) == {1, 2, 5, 6, 7}
    assert found(reports, "cay do", NOW.choosing(scope=cases_of((2,)))) == {4}
    assert found(reports, "t-1", NOW.choosing(scope=cases_of((2,)))) == set(), "a code stays in the scope"


@pytest.mark.parametrize("near", [1, 100])
def test_filters_use_reports_marks_and_their_past_versions(
    city: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    for limit in ("_NEAR", "_NEAR_IN_ORDER"):
        monkeypatch.setattr(f"queries.cases.cases.{limit}", near)  # with the index of words, or by reading the newest
    for number in range(1, 5):
        report(city, number, title="Cây đổ")
    report(city, 5, title="Cây đổ", district_id=2, ward_id=12, unit_id=2, category_id=2)
    report(city, 6, title="Cây đổ", district_id=None, ward_id=None)
    report(city, 7, title="Cây đổ", unit_id=2, category_id=2, transfer_count=1)  # was unit 1's, category 1
    past(city, 7, valid_from=T - 2 * DAY, valid_to=T + DAY)
    for chosen, expected in (
        ({"units": (2,)}, {5}),
        ({"units": (1,)}, {1, 2, 3, 4, 6, 7}),
        ({"units": (1, 2), "categories": (2,)}, {5}),
        ({"districts": (-1,)}, {6}),
        ({"districts": (-1, 2)}, {5, 6}),
        ({"wards": (12,), "districts": (2,), "categories": (1,)}, set()),
    ):
        assert found(reports, "cay do", NOW.choosing(**chosen)) == expected
    assert found(reports, "cay do", NOW.choosing(scope=cases_of((2,)), categories=(2,))) == {5}
    assert found(reports, "cay do", NOW.choosing(scope=cases_of((2,)))) == {5, 7}, "his now, not the earlier holder's"


def test_frequent_matches_are_counted_up_to_a_limit_and_listed_in_order(
    city: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 200
    monkeypatch.setattr("queries.cases.cases.MOST_FOUND", most)
    for number in range(1, most + 3):
        report(city, number, title="Mất nước")
    understood = search(reports, "mat nuoc", ALL_CASES)
    assert understood is not None
    assert found_count(reports, NOW, figure="submitted", search=understood) == (most, True)
    listed = case_ids(reports, NOW, figure="submitted", order="newest", search=understood, limit=2, offset=1)
    assert listed == [most + 1, most]


@pytest.mark.parametrize("scope", [ALL_CASES, cases_of((1,))], ids=["all", "a head"])
@pytest.mark.parametrize("near", [1, 10, 40, 100])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("figure", ["submitted", "open"])
def test_a_search_finds_the_same_by_index_and_by_reading(
    city: psycopg.Connection,
    reports: ReportDatabase,
    monkeypatch: pytest.MonkeyPatch,
    scope: Scope,
    near: int,
    order: Order,
    figure: str,
) -> None:
    """By reading the newest or with the index of words: the same results in the same order, page by page."""
    titles = {}
    for number in range(1, 61):
        titles[number] = "Rác" if number % 2 else "Rác cồng kềnh" if number % 10 else "Rác y tế"
        report(city, number, title=titles[number], submitted_at=T - 61 * DAY + number * DAY)
    report(city, 61, title="Rác", district_id=2, ward_id=12, unit_id=2)
    past(city, 60, valid_from=T - 2 * DAY, valid_to=T + DAY)
    for limit, reached in {
        "_NEAR": near,
        "_NEAR_IN_ORDER": near,
        "_PLENTY": 12,
        "MOST_FOUND": 20,
        "_MOST_OF_THE_RARE": 20,
    }.items():
        monkeypatch.setattr(f"queries.cases.cases.{limit}", reached)
    filters = NOW.choosing(scope=scope)
    for typed, wanted in {"rac y te": "Rác y tế", "cong kenh": "Rác cồng kềnh", "rac": "Rác", "chuot": "?"}.items():
        understood = search(reports, typed, ALL_CASES)
        assert understood is not None
        expected = [number for number, title in titles.items() if wanted in title]
        if typed == "rac" and scope == ALL_CASES:
            expected.append(61)
        expected = expected if order == "oldest" else expected[::-1]
        for offset in (0, 10, 40):
            listed = case_ids(reports, filters, figure=figure, order=order, search=understood, limit=10, offset=offset)
            assert listed == expected[offset : offset + 10], typed
        count, more = found_count(reports, filters, figure=figure, search=understood)
        assert (10 <= count < len(expected) > 12) if more else (count == len(expected)), typed


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("typed", ["", "   ", "!!!", "&|:*()<->'\\", "\0", "\u0301"])
def test_input_without_a_word_is_no_search(reports: ReportDatabase, typed: str) -> None:
    assert search(reports, typed, ALL_CASES) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=some.text(max_size=200) | some.text(alphabet="'\\:*&|!()<-> %_ađ1\u0301=dw", max_size=40))
def test_no_search_is_an_error(city: psycopg.Connection, reports: ReportDatabase, typed: str) -> None:
    if not city.execute("select 1 from report").fetchone():
        report(city, 1, title="Rác thải")
    understood = search(reports, typed, ALL_CASES)
    if understood is not None:
        assert found_count(reports, NOW, figure="submitted", search=understood) in {(0, False), (1, False)}


def test_a_rare_word_is_looked_up_in_the_index_of_words(city: psycopg.Connection, reports: ReportDatabase) -> None:
    """For any number of reports: the plan of a rare search does not read the whole table."""
    city.execute(
        """insert into report
               (id, public_code, channel_id, category_id, severity, title, submitted_at, status, updated_at)
           select n, 'G-' || n, 1, 1, 'normal', 'Phản ánh ' || n, now() - interval '1 day', 'waiting', now()
           from generate_series(1, 20000) as n"""
    )
    city.execute("vacuum analyze report")
    understood = search(reports, "12345", ALL_CASES)
    assert understood is not None
    assert understood.words is not None
    plan = city.execute(
        "explain select id from report where words @@ cast(%s as tsquery) limit 1001", [understood.words]
    ).fetchall()
    assert "report_words" in str(plan)
