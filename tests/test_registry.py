"""The registry of figures is complete, agrees with the SQL, and is the only list of what figures there are."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from queries.engine.statements import BrokenDefinitions, definitions, parsed, sql, written
from queries.figures.published import CROSSED, FLAGS, OURS
from queries.registry.figure import Figure
from queries.registry.registry import FIGURES, PARTS, PERIOD_COUNTS, SHARES, SUMS, TIMES, in_group, in_table
from ui.base import i18n
from ui.base.figure_names import column_heading, figure_name, left_out, meaning, rate_name

ROOT = Path(__file__).parents[1]
BY_NAME = pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.name)

CHOICES = {
    "bench/change.py": "the three standing figures whose steadiness is measured",
    "bench/askings.py": "the figures whose lists are timed in every order",
    "queries/figures/days.py": "the three lines of the chart of days",
    "queries/figures/backlog.py": "what came in and went out, beside the backlog",
    "queries/figures/figures.py": "the columns for which a terminal is wide enough",
    "ui/cases/list_panels.py": "the figures a list of cases offers",
    "ui/figures/definitions.py": "the order of the measures on the page of definitions",
    "ui/live_map/map_ways.py": "what the map's sum counts, in the map's own words",
    "ui/map/colour_scale.py": "the figure behind each measure of the map",
}
"""Files that choose some figures to show, and what they choose them for. None of them says what figures there are."""
OTHER_THINGS = {
    "reportdb/demo/steps.py": "kinds of events",
    "reportdb/demo/states.py": "statuses",
    "reportdb/city_data/events.py": "kinds of events",
    "reportdb/fast_lane/row_block.py": "columns of a report, some of which figures are named after",
    "reportdb/mapping/words.py": "statuses",
    "reportdb/steps/step.py": "kinds of events",
    "reportdb/suggest/meanings.py": "words that mean a status",
    "reportdb/suggest/roles.py": "names of a file's columns",
    "reportdb/suggest/time_lines.py": "names of times",
    "ui/base/states.py": "states of a case",
    "ui/cases/detail.py": "kinds of events",
    "ui/map/map_layers.py": "states of a case",
    "ui/wall/wall_scenes.py": "states of a case",
}
"""Files with words for statuses, states and events, some of which figures are named after."""


@BY_NAME
def test_a_figure_has_words_an_order_and_a_definition(figure: Figure) -> None:
    assert figure.title
    assert figure.sentence
    assert "{" not in written(figure.name)
    with i18n.speaking("en"):
        assert figure_name(figure.name) == figure.title
        assert meaning(figure.name) == figure.sentence


def test_no_two_figures_have_the_same_name_title_or_sentence() -> None:
    with i18n.speaking("en"):
        assert len({figure_name(name) for name in FIGURES}) == len(FIGURES)
        assert len({meaning(name) for name in FIGURES}) == len(FIGURES)


def test_every_word_of_the_registry_is_translated() -> None:
    with (i18n.LOCALES / "vi" / "LC_MESSAGES" / "dashboard.po").open("rb") as file:
        translated = {str(message.id): message.string for message in read_po(file, locale="vi")}
    words = [word for each in FIGURES.values() for word in (each.title, each.sentence, each.heading, each.left_out)]
    words += [word for share in SHARES.values() for word in (share.title, share.left_out)]
    words += [time.left_out for time in TIMES.values()]
    assert [word for word in words if re.search("[a-z]", word) and not translated.get(word)] == []
    with i18n.speaking("vi"):
        for name in FIGURES:
            assert column_heading(name)
        for name in (*SHARES, *TIMES):
            assert left_out(name)
        assert rate_name("satisfaction") != SHARES["satisfaction"].title


@BY_NAME
def test_the_kind_of_a_figure_is_that_of_its_sql(figure: Figure) -> None:
    condition = written(figure.name)
    assert (figure.kind == "standing") == ("open_until > :at" in condition)
    assert (figure.kind == "period") == (":start" in condition)
    assert ":start" not in condition or f"{figure.ordered_by} >= :start" in condition
    assert figure.kind == "period" or figure.ordered_by == "submitted_at"


def test_everything_named_in_the_registry_is_in_it() -> None:
    for figure in FIGURES.values():
        named = {*figure.within, *figure.sum_of, *figure.less, *([figure.signal_of] if figure.signal_of else [])}
        assert named <= set(FIGURES), figure.name
        assert {*figure.sum_of, *figure.less} <= set(PERIOD_COUNTS) if figure.sum_of else not figure.less
    for share in SHARES.values():
        assert {share.part, share.whole} <= set(FIGURES)
    assert not set(PERIOD_COUNTS) & set(SUMS)
    assert set(CROSSED) == {(flag, ours) for flag in FLAGS for ours in OURS}


def test_a_whole_is_bounded_before_its_parts() -> None:
    for index, (part, _whole) in enumerate(PARTS):
        assert part not in {whole for _part, whole in PARTS[:index]}, f"{part} bounds its parts before it is bounded"


def test_ages_and_stages_have_one_remainder_each() -> None:
    for group in ("age", "stage"):
        names = in_group("age" if group == "age" else "stage")
        assert sum(FIGURES[name].remainder for name in names) == 1
        assert set(names) <= set(in_table("backlog"))


def test_questions_count_what_the_registry_gives_their_table() -> None:
    """The columns of the answers, whether the statement lists them itself or leaves that to the registry."""
    for question, table, apart in (
        ("open", "figures", set()),
        ("backlog", "backlog", {"oldest"}),
        ("duties", "duties", set()),
        ("period_from_reports", "period", set()),
        ("period", "period", set()),
    ):
        counted = set(
            re.findall(
                r"\)\s+as (\w+)(?=,|$)", sql(question).rpartition("\nselect\n")[2].partition("\nfrom ")[0], re.MULTILINE
            )
        )
        names = {
            figure.name
            for figure in FIGURES.values()
            if table in figure.tables and not figure.remainder and (table != "figures" or figure.kind == "standing")
        }
        columns = counted - {"key"} - apart
        assert columns == names, question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("open_until > :at\n", "line 1: SQL before the first name"),
        ("-- name: open\n\n-- name: overdue\ntrue\n", "no SQL for open"),
        ("-- name: open\ntrue\n-- name: open\ntrue\n", "line 3: 'open' is no new name"),
        ("-- name: due soon\ntrue\n", "line 1: 'due soon' is no new name"),
    ],
)
def test_broken_definitions_are_refused(text: str, words: str) -> None:
    with pytest.raises(BrokenDefinitions, match=re.escape(words)):
        parsed(text)


def test_a_definition_keeps_its_lines_and_loses_its_comments() -> None:
    assert parsed("-- About.\n\n-- name: open\n-- what is open\na\n    and b\n\n-- name: true\ntrue\n") == {
        "open": "a\n    and b",
        "true": "true",
    }


def test_an_unknown_figure_or_table_is_refused() -> None:
    with pytest.raises(KeyError):
        sql("case_count", "unknown")
    assert set(FIGURES) <= set(definitions())


def literal_names(file: Path) -> list[int]:
    """Return the lines of a file where a literal collection holds three or more names of figures."""
    lines = []
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, (ast.Dict, ast.List, ast.Set, ast.Tuple)):
            continue
        for part in (node.keys, node.values) if isinstance(node, ast.Dict) else (node.elts,):
            names = {each.value for each in part if isinstance(each, ast.Constant) and isinstance(each.value, str)}
            if len(names & set(FIGURES)) >= 3:
                lines.append(node.lineno)
    return lines


def test_no_other_module_lists_the_figures() -> None:
    found = {
        str(file.relative_to(ROOT)): lines
        for folder in ("bench", "pages", "queries", "reportdb", "ui")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file.parent.name != "registry" and (lines := literal_names(file))
    }
    assert {file: lines for file, lines in found.items() if file not in CHOICES | OTHER_THINGS} == {}
    assert (CHOICES | OTHER_THINGS).keys() - found.keys() == set(), "an exception that is no longer needed"


def test_no_meaning_is_read_out_of_sql_by_a_regular_expression() -> None:
    for module in ("engine/statements", "engine/database", "privacy/small_numbers", "cases/cases"):
        tree = ast.parse((ROOT / "queries" / f"{module}.py").read_text())
        imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert "re" not in imported, module
