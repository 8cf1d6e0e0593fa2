"""All requests of a span of time are found, however a server pages and cuts its answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdb.feeds.failures import FeedRefused
from reportdb.open311.abilities import Abilities, find_abilities
from reportdb.open311.windows import By, CutShort, Windows
from tests.open311_server import SERVICES, START, GeoReport, UnknownParameter, w3

CODES = [str(service["service_code"]) for service in SERVICES]
TEN_DAYS = timedelta(days=10)


def windows(server: GeoReport, by: By = "updated") -> Windows:
    return Windows(lambda asked: server.answer("requests", asked), by, 500, UTC, lambda: CODES)


def found(server: GeoReport, by: By = "updated") -> set[str]:
    return set(windows(server, by).read(server.now - TEN_DAYS, server.now))


@pytest.mark.parametrize("by", ["updated", "requested"])
@pytest.mark.parametrize(
    ("pages", "page", "most"), [(True, 50, None), (False, 50, 50), (False, 50, 200), (True, 7, 100)]
)
def test_a_server_that_cuts_without_a_word_gives_everything(by: By, pages: bool, page: int, most: int | None) -> None:
    server = GeoReport(pages=pages, most_of_a_page=page, most=most)
    ids = server.add(640, over=TEN_DAYS)
    assert found(server, by) == set(ids)


def test_as_many_requests_as_the_limit_are_told_from_more() -> None:
    server = GeoReport(pages=False, most=200)
    reader = windows(server)
    for more in (200, 1, 150):
        server.later(86_400)
        server.add(more, over=timedelta(hours=20))
        assert set(reader.read(server.now - timedelta(days=20), server.now)) == set(server.requests)


def test_requests_of_one_second_are_told_apart_by_status_and_service() -> None:
    server = GeoReport(pages=False, most=100)
    ids = server.add(300)
    server.change(ids[::2])
    assert found(server) == set(ids)


def test_more_of_one_second_and_service_than_a_server_gives_is_refused() -> None:
    server = GeoReport(pages=False, most=50)
    server.add(800)
    with pytest.raises(CutShort, match=r"at most 50 requests.*at the same second"):
        found(server)


def test_a_server_that_is_known_is_asked_no_more_than_needed() -> None:
    server = GeoReport(most_of_a_page=200)
    server.add(2000, over=TEN_DAYS)
    reader = windows(server)
    reader.read(server.now - TEN_DAYS, server.now)
    server.later(3600)
    server.change(list(server.requests)[:500])
    server.asked.clear()
    assert len(reader.read(server.now - timedelta(minutes=10), server.now)) == 500
    assert len(server.asked) == 4  # three pages and the empty one


def test_a_request_that_moves_to_a_page_already_read_is_found() -> None:
    server = GeoReport(most_of_a_page=50)
    ids = server.add(100, over=TEN_DAYS)
    moved = {ids[-1]}
    begin, end = server.now - TEN_DAYS, server.now

    def ask(asked: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = server.answer("requests", asked)
        if asked["page"] == "1" and server.now == end:  # the newest one is changed while the first page is read
            server.later(60)
            server.change(list(moved))
        return answer

    reader = Windows(ask, "updated", 500)
    reader._believed = 1000
    assert set(reader.read(begin, end, again=True)) == set(ids)


def test_of_two_versions_of_a_request_the_later_counts() -> None:
    server = GeoReport()
    ids = server.add(1)
    old = dict(server.requests[ids[0]])
    server.later(60)
    server.change(ids)
    answers = iter([[server.requests[ids[0]]], [old], [old]])
    read = Windows(lambda _asked: next(answers), "updated", 500).read(START, START + TEN_DAYS)
    assert read[ids[0]]["status"] == "closed"


@pytest.mark.parametrize(
    ("server", "able"),
    [
        (GeoReport(), Abilities("updated", True, True, True)),
        (GeoReport(heeds_end=False), Abilities("updated", False, True, True)),
        (GeoReport(takes_updates=False), Abilities("requested", True, True, True)),
        (GeoReport(takes_updates=False, strict=True), Abilities("requested", True, False, True)),
    ],
)
def test_what_a_server_can_do_is_found_out(server: GeoReport, able: Abilities) -> None:
    def ask(asked: Mapping[str, str]) -> list[dict[str, Any]]:
        try:
            return server.answer("requests", asked)
        except UnknownParameter as error:
            raise FeedRefused("400") from error

    assert not find_abilities(ask, server.now, UTC).certain
    server.add(20, over=TEN_DAYS)
    assert find_abilities(ask, server.now, UTC) == able


def test_a_request_of_the_far_future_does_not_hide_what_a_server_can_do() -> None:
    server = GeoReport()
    ids = server.add(5)
    server.requests[ids[0]]["updated_datetime"] = w3(datetime(2099, 1, 1, tzinfo=UTC))
    assert find_abilities(lambda asked: server.answer("requests", asked), server.now, UTC).by == "updated"


@settings(max_examples=150, deadline=None)
@given(
    moments=st.lists(st.integers(0, 864_000) | st.sampled_from([1000, 5000, 400_000]), max_size=120),
    closed=st.lists(st.booleans(), min_size=120, max_size=120),
    pages=st.booleans(),
    page=st.integers(3, 40),
    most=st.none() | st.integers(11, 60),
    by=st.sampled_from(["updated", "requested"]),
)
def test_whatever_a_server_cuts_all_is_found_or_refused(
    moments: list[int], closed: list[bool], pages: bool, page: int, most: int | None, by: By
) -> None:
    server = GeoReport(pages=pages, most_of_a_page=page, most=most if pages else most or 1000)
    for number, (seconds, is_closed) in enumerate(zip(moments, closed, strict=False)):
        server.now = START - timedelta(seconds=seconds)
        (identity,) = server.add(1, first=number)
        if is_closed:
            server.change([identity])
    server.now = START
    reader = windows(server, by)
    try:
        assert set(reader.read(START - TEN_DAYS, START)) == set(server.requests)
        assert set(reader.read(START - TEN_DAYS, START)) == set(server.requests)
    except CutShort:
        alike = [
            (seconds, number % 4, status) for number, (seconds, status) in enumerate(zip(moments, closed, strict=False))
        ]
        assert max(sum(abs(s - t) < 9 and (c, u) == (d, v) for t, d, v in alike) for s, c, u in alike) >= (most or 0)
