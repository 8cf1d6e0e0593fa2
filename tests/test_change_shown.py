"""A change on the screens: the same on every page; words, colour and sign agree; unknown is not good."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest

from queries.cases.cases import case_count
from queries.engine.database import ReportDatabase
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city as read_city
from queries.figures.figures import names, timed, with_sums
from tests.conftest import DEMO_NOW
from tests.reports import DAY, HOUR, T, report, small_city
from ui.address.url_filters import parse_filters
from ui.base.html_panel import render
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.figures import backlog_tiles, tiles
from ui.figures.change import better_tone, grown_tone
from ui.figures.count import Count
from ui.figures.headline import headline
from ui.figures.tiles import Change, Tile
from ui.unit import backlog_table, comparison
from ui.unit.leaderboard import leaderboard
from ui.wall import wall_scenes
from ui.wall.screens import WallScreen

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
WORSE_WORDS = {"en": "worse", "vi": "giảm sút"}
BETTER_WORDS = {"en": "better", "vi": "cải thiện"}


@pytest.fixture(scope="module")
def demo_reports(demo: str) -> Iterator[ReportDatabase]:
    with closing(ReportDatabase(demo)) as opened:
        yield opened


def looked_at(reports: ReportDatabase, now: datetime, page: str, **query: str) -> Run:
    words = {word: [value] for word, value in query.items()}
    city = read_city(reports, now)
    found = parse_filters(words, reports=reports, city=city, now=now, scope=ALL_CASES)
    assert found.unrecognised == ()
    return Run(reports, city, found.filters, live=False, query=words, page=page)


def parts_of(change: Change) -> list[str]:
    return [part if isinstance(part, str) else part.words for part in change.parts]


def of_figure(made: list[Tile], figure: str) -> Change:
    return next(tile.change for tile in made if tile.of.figure == figure)


def own_and_city(run: Run) -> list[dict[str, Any]]:
    return [
        tiles.row(with_sums(timed(run.reports, filters)))
        | {"reopened": case_count(run.reports, filters, figure="reopened")}
        for filters in (run.filters, run.filters.citywide())
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("period", ["7d", "30d", "90d"])
def test_the_same_figure_has_the_same_change_on_every_page(
    demo_reports: ReportDatabase, period: str, language: str
) -> None:
    open_now = pd.DataFrame(names(demo_reports, "unit"))
    code = str(open_now[open_now["kind"] == "department"]["code"].iloc[0])
    query = {"at": "2026-11-16T08:00", "period": period, "unit": code, "lang": language}
    with speaking("en" if language == "en" else "vi"):
        overview, its_backlog, its_page = (
            looked_at(demo_reports, DEMO_NOW, page, **query) for page in ("overview", "backlog", "unit")
        )
        first = headline(overview)
        whole = backlog_tiles.total(its_backlog, backlog_tiles.compared_since(its_backlog))
        second = backlog_tiles.headline(its_backlog, whole)
        for figure in ("open", "overdue", "due_soon", "receive_overdue"):
            one, other = of_figure(first, figure), of_figure(second, figure)
            assert (parts_of(one), one.tone, one.about) == (parts_of(other), other.tone, other.about), figure
        table = backlog_table._table(its_backlog, backlog_tiles.compared_since(its_backlog), "district", "open")
        assert of_figure(first, "open").words.startswith(signed_as(table.rows[0].change or 0))
        cards = comparison._beside(its_page, *own_and_city(its_page)).cards
        for place, figure in ((0, "open"), (1, "overdue"), (2, "fell_due"), (3, "receive_fell_due"), (5, "rated")):
            change = cards[place].change
            assert change is not None
            assert (change.words, change.tone) == (of_figure(first, figure).words, of_figure(first, figure).tone)


def signed_as(change: int) -> str:
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def test_the_wall_shows_the_changes_of_the_pages(demo_reports: ReportDatabase) -> None:
    with speaking("vi"):
        page = looked_at(demo_reports, DEMO_NOW, "overview", at="2026-11-16T08:00")
        screen = WallScreen(at="2026-11-16T08:00")
        hung = looked_at(demo_reports, DEMO_NOW, "wall", at="2026-11-16T08:00")
        first = headline(page)
        assert [tile.change.words for tile in wall_scenes._figures(hung, screen)["tiles"]] == [
            tile.change.words for tile in first
        ]
        scene = wall_scenes._backlog(hung, screen)
        assert of_figure(first, "open").words.startswith(f"{scene['change']} ")
        assert scene["tone"] == of_figure(first, "open").tone
        assert scene["since"] == "08:00 thứ\u00a0Hai\u00a019/10"
        assert wall_scenes._overdue(hung, screen)["since"] == "19/10/2026"


def test_every_earlier_number_opens_its_cases(demo_reports: ReportDatabase) -> None:
    with speaking("en"):
        run = looked_at(demo_reports, DEMO_NOW, "overview", at="2026-11-16T08:00", period="30d")
        counts = [part for tile in headline(run) for part in tile.change.parts if isinstance(part, Count)]
        assert len(counts) == 5 + 3 * 2
        for each in counts:
            opened = {word: value[0] for word, value in parse_qs(urlsplit(each.href).query).items()}
            figure = opened.pop("figure")
            there = looked_at(demo_reports, DEMO_NOW, "cases", **opened)
            assert case_count(demo_reports, there.filters, figure=figure) == each.count, each


@pytest.mark.parametrize("language", ["vi", "en"])
def test_words_colour_and_sign_agree(connection: psycopg.Connection, reports: ReportDatabase, language: str) -> None:
    small_city(connection)
    number = iter(range(1, 1000))
    report(connection, next(number), submitted_at=T - 100 * DAY, ended_at=T - 99 * DAY)
    for _ in range(40):  # open a week ago and resolved since
        report(connection, next(number), submitted_at=T - 9 * DAY, ended_at=T - 3 * DAY, due_at=T - 4 * DAY)
    for _ in range(3):  # overdue now
        report(connection, next(number), due_at=T - HOUR)
    for _ in range(30):  # in the week before: all resolved on time
        report(connection, next(number), submitted_at=T - 12 * DAY, ended_at=T - 11 * DAY, due_at=T - 10 * DAY)
    with speaking("en" if language == "en" else "vi"):
        made = headline(looked_at(reports, T, "overview", period="7d", lang=language))
        opened, overdue, soon, on_time = (of_figure(made, each) for each in ("open", "overdue", "due_soon", "fell_due"))
    assert (opened.words[0], opened.tone) == ("−", "good")
    assert opened.words.endswith(" · " + BETTER_WORDS[language])
    assert (overdue.words[:2], overdue.tone) == ("+3", "muted")  # three may be chance
    assert (soon.tone, on_time.tone) == ("muted", "overdue")
    assert on_time.words[0] == "−"
    assert on_time.words.endswith(" · " + WORSE_WORDS[language])
    for change in (overdue, soon):
        assert not any(word in change.words for word in (WORSE_WORDS[language], BETTER_WORDS[language]))
    where = {"en": " from 40 at 10:00 Wednesday\u00a011/11", "vi": " so với 40 lúc 10:00 thứ\u00a0Tư\u00a011/11"}
    assert where[language] in opened.words


def test_a_year_is_written_where_it_is_another(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1, submitted_at=T - 900 * DAY)
    with speaking("vi"):
        made = headline(looked_at(reports, T, "overview", period="365d"))
    assert "10:00 thứ\u00a0Tư\u00a019/11/2025" in of_figure(made, "open").words


def test_a_city_whose_data_begin_inside_the_comparison_shows_no_change(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    for number in range(20):
        report(connection, number, submitted_at=T - 20 * DAY, due_at=T - HOUR, unit_id=1)
    with speaking("en"):
        run = looked_at(reports, T, "overview", period="30d")
        for tile in headline(run):
            assert tile.change.words in ("nothing to compare with", "")
            assert tile.change.tone == "muted"
        assert "29/10/2026" in of_figure(headline(run), "open").about
        since = backlog_tiles.compared_since(run)
        assert since == datetime(2026, 11, 12, tzinfo=HANOI)  # seven days of received and ended reports
        assert backlog_table._table(run, since, "unit", "open").rows[0].change is None
        scene = wall_scenes._backlog(run, WallScreen(language="en"))
        assert (scene["change"], scene["rows"][0]["change"]) == ("", "")
        board = leaderboard(run, by="unit", kind="all", order="fair")
        assert [row.change.words for row in board.rows] == [""]
        for name, values in (("wall_backlog", scene), ("wall_overdue", wall_scenes._overdue(run, WallScreen()))):
            assert "since" not in render(name, values)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_where_nothing_could_be_counted_a_tile_is_neutral_and_says_why(
    connection: psycopg.Connection, reports: ReportDatabase, language: str
) -> None:
    """No deadline, no term to take a report on, no rating: as in a city that publishes none of them."""
    small_city(connection)
    for number in range(10):
        report(connection, number)
    with speaking("en" if language == "en" else "vi"):
        run = looked_at(reports, T, "overview", lang=language)
        made = headline(run)
        whole = backlog_tiles.total(run, backlog_tiles.compared_since(run))
        board = leaderboard(run, by="unit", kind="all", order="fair")
        cards = comparison._beside(run, *own_and_city(run)).cards
    unknown = [tile for tile in (*made, *backlog_tiles.headline(run, whole)) if tile.value == "–"]
    assert [tile.of.figure for tile in made if tile.value == "–"] == [
        "overdue", "due_soon", "receive_overdue", "fell_due", "receive_fell_due", "rated",
    ]  # fmt: skip
    assert len(unknown) == 6 + 4
    for tile in unknown:
        assert (tile.tone, tile.change.tone, tile.change.words) == ("", "muted", "")
        assert tile.parts
    if language == "en":
        assert [tile.parts[-1] for tile in made if tile.value == "–"] == [
            " open, none of them with a deadline", " open, none of them with a deadline",
            " not yet taken on, none with a term for it", "nothing with a deadline fell due",
            "nothing was due to be taken on", "nothing was rated",
        ]  # fmt: skip
    assert [row.share for row in board.rows] == ["–"]
    assert board.best == []
    assert [card.words for card in cards[1:6]] == ["–"] * 5
    assert all(card.of for card in cards[1:6])
    assert {card.tone for card in cards} == {""}


def test_green_needs_a_numerator(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    for number in range(10):
        report(connection, number, due_at=T - HOUR)
    with speaking("en"):
        made = headline(looked_at(reports, T, "overview"))
    on_time = next(tile for tile in made if tile.of.figure == "fell_due")
    assert (on_time.value, on_time.tone) == ("0.0%", "")


def test_a_unit_whose_cases_have_no_deadline_is_not_among_those_doing_best(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    connection.execute(
        """insert into unit (id, code, name_vi, name_en, kind)
               select n, 'u' || n, 'Đơn vị ' || n, 'Unit ' || n, 'commune' from generate_series(3, 9) as n"""
    )
    for unit in range(1, 10):
        for number in range(10):
            due_at = None if unit == 9 else T - HOUR if number < 10 - unit else T + DAY
            report(connection, 100 * unit + number, unit_id=unit, due_at=due_at)
    with speaking("en"):
        board = leaderboard(looked_at(reports, T, "overdue"), by="unit", kind="all", order="fair")
    assert [row.code for row in board.best] == ["u8", "u7", "u6"]
    assert next(row for row in board.rows if row.name == "Unit 9").unknown


def test_a_unit_is_coloured_beside_the_city_only_beyond_chance() -> None:
    assert comparison.apart_tone(14, 15, 939 + 14, 1000 + 15, good=1) == ""
    assert comparison.apart_tone(5, 15, 939 + 5, 1000 + 15, good=1) == "overdue"
    assert comparison.apart_tone(12, 15, 100 + 12, 1000 + 15, good=-1) == "overdue"
    assert comparison.apart_tone(90, 90, 900, 1000 + 90, good=1) == "good"
    assert comparison.apart_tone(0, 90, 300, 1000 + 90, good=-1) == "good"
    assert comparison.apart_tone(15, 15, 15, 15, good=1) == ""  # no other unit
    assert comparison.apart_tone(0, 0, 300, 1000, good=1) == ""


def test_a_median_is_coloured_beside_the_city_only_beyond_chance(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)

    def resolved(number: int, hours: float, unit: int) -> None:
        report(connection, number, unit_id=unit, submitted_at=T - 9 * DAY, ended_at=T - 9 * DAY + hours * HOUR)

    for number in range(5):
        resolved(number, 40, 1)
    for number in range(100, 180):
        resolved(number, 10 + number % 20, 2)
    for more, tone in ((0, ""), (30, "overdue")):
        for number in range(1000, 1000 + more):
            resolved(number, 40, 1)
        at = T + (more > 0) * HOUR  # another moment, so that no cached answer is used
        with speaking("en"):
            run = looked_at(reports, at, "unit", unit="lang")
            assert comparison._beside(run, *own_and_city(run)).cards[-1].tone == tone


def test_tones() -> None:
    assert [better_tone(each) for each in (1, 0, -0.2)] == ["good", "muted", "overdue"]
    assert [grown_tone(*each) for each in ((40, 5), (5, 40), (6, 5), (0, 0))] == ["overdue", "good", "muted", "muted"]
