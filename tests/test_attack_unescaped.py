"""No raw value reaches a reader: checked in the code itself, so that a new page cannot forget it.

Streamlit reads Markdown in its labels and texts. Values there must go through `safe_text.streamlit_label`; only words
of the code (`_("...")`) and formatted numbers and dates may be used without.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DRAWING = [ROOT / "dashboard.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]
OURS = [*DRAWING, *sorted((ROOT / "queries").rglob("*.py")), *sorted((ROOT / "reportdb").rglob("*.py"))]
TEMPLATES = sorted((ROOT / "ui").rglob("*.html"))

READS_MARKDOWN = {
    *("button", "checkbox", "date_input", "datetime_input", "download_button", "error", "expander"),
    *("form_submit_button", "info", "markdown", "popover", "radio", "segmented_control", "set_page_config"),
    *("subheader", "success", "text_input", "title", "toast", "warning"),
}
DRAWS_NO_WORDS = {
    *("App", "Page", "code", "columns", "components.v2.component", "container", "form", "fragment", "get_option"),
    *("login", "logout", "navigation", "plotly_chart", "pydeck_chart", "rerun", "stop"),
    *("query_params", "secrets", "session_state", "user", "context"),  # reading these draws nothing
}
"""`Page`: the navigation is hidden. `code` is drawn literally. A chart's or map's own words: see below."""
FORBIDDEN = re.compile(r"unsafe_allow_html|\bst\.(html|write|iframe|latex)\b|allow_html|\bMarkup\(")
NOT_READ = {
    *("key", "icon", "page_icon", "type", "on_click", "on_change", "args", "disabled", "width", "height", "anchor"),
    *("border", "gap", "min_value", "max_value", "max_chars", "value", "format", "step", "index", "default", "layout"),
    *("language", "wrap_lines", "help_", "horizontal"),
}
ESCAPED, TRANSLATED = {"streamlit_label"}, {"_", "ngettext"}
IN_WORDS = {"day", "duration", "moment", "number", "percent", "signed", "in_hours"}
"""Functions of ui/base/i18n.py that format a number or a date, and nothing else."""


def called(node: ast.Call) -> str:
    """Return the dotted name of a called function."""
    parts, function = [], node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    return ".".join([function.id, *reversed(parts)]) if isinstance(function, ast.Name) else ""


def streamlit_calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := called(node)).startswith("st."):
            yield name.removeprefix("st."), node


PARTS: dict[type[ast.expr], Callable[[Any], Sequence[ast.expr]]] = {
    ast.Constant: lambda _node: (),
    ast.JoinedStr: lambda node: node.values,
    ast.FormattedValue: lambda node: (node.value,),
    ast.BinOp: lambda node: (node.left, node.right),
    ast.BoolOp: lambda node: node.values,
    ast.IfExp: lambda node: (node.body, node.orelse),
    ast.Lambda: lambda node: (node.body,),
}
"""The parts of an expression's words."""


class Words:
    """Decides which expressions of a file contain only words of the code, or escaped words."""

    def __init__(self, tree: ast.Module) -> None:
        self._around = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}

    def safe(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return self._safe_call(node)
        if isinstance(node, ast.Name):
            return self._safe_name(node)
        return type(node) in PARTS and all(map(self.safe, PARTS[type(node)](node)))

    def _safe_call(self, node: ast.Call) -> bool:
        name = called(node)
        if name in ESCAPED | IN_WORDS:
            return True
        words = node.args if name == "_" else node.args[:2]  # the count of ngettext is a number
        return name in TRANSLATED and all(map(self.safe, (*words, *(one.value for one in node.keywords))))

    def _safe_name(self, node: ast.Name) -> bool:
        """Whether everything bound to a name in its scope is safe; function arguments are not."""
        scope: ast.AST | None = node
        while scope := self._around.get(scope) if scope else None:
            if isinstance(scope, ast.FunctionDef) and node.id in {
                one.arg for one in ast.walk(scope.args) if isinstance(one, ast.arg)
            }:
                return False
            if isinstance(scope, ast.FunctionDef | ast.Module) and (bound := list(_bound(scope, node.id))):
                return all(map(self.safe, bound))
        return False


def _given(function: ast.FunctionDef) -> set[str]:
    """Return a function's argument names."""
    return {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}


def _bound(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what is assigned to a name in a scope; for a function of that name, what it returns."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name == name and node is not scope:
            yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)


def raw(source: str) -> list[str]:
    """Return where a file passes Streamlit what may be a value, or calls a function unknown to this test."""
    tree = ast.parse(source)
    words, found = Words(tree), []
    for name, node in streamlit_calls(tree):
        if name in DRAWS_NO_WORDS or name.split(".")[0] in DRAWS_NO_WORDS:
            continue
        if name not in READS_MARKDOWN:
            found.append(f"line {node.lineno}: st.{name} is not known to this test")
            continue
        formatted = any(one.arg == "format_func" for one in node.keywords)  # then the options are not shown
        given = [value for place, value in enumerate(node.args) if not (formatted and place == 1)]
        given += [one.value for one in node.keywords if one.arg not in NOT_READ | ({"options"} if formatted else set())]
        found += [f"line {one.lineno}: st.{name}({ast.unparse(one)})" for one in given if not words.safe(one)]
    return found


@pytest.mark.parametrize("file", DRAWING, ids=lambda file: str(file.relative_to(ROOT)))
def test_streamlits_words_are_the_codes_own_or_escaped(file: Path) -> None:
    source = file.read_text()
    assert raw(source) == []
    assert not FORBIDDEN.search(source.replace("from markupsafe import Markup", "").replace("(Markup, _Exact)", ""))


@pytest.mark.parametrize(
    "source",
    [
        "st.title(unit)",
        "st.title(name(unit))",
        'st.expander(" · ".join(said))',
        'st.info(f"{title}")',
        'st.info(_("Of {unit}", unit=unit))',
        "st.info(_(words))",
        "def f(label):\n    st.markdown(label)",
        'def f(label):\n    label = label or "x"\n    st.markdown(label)',
        'def f(unit):\n    words = _("a")\n    words = unit\n    st.markdown(words)',
        "st.radio('a', options)",
        "st.radio('a', options, format_func=str)",
        "st.radio('a', options, format_func=lambda one: one)",
        "def f(names):\n    def said(one):\n        return names[one]\n    st.radio('a', [], format_func=said)",
        "st.button('a', help=unit)",
        "st.tabs(names)",
        "st.dataframe(table)",
    ],
)
def test_a_raw_value_passed_to_streamlit_is_found(source: str) -> None:
    assert raw(source)


@pytest.mark.parametrize(
    "source",
    [
        'st.title(_("Units"))',
        "st.title(streamlit_label(name(unit)))",
        'st.info(_("Of {unit}", unit=streamlit_label(unit)), icon=":material/map:")',
        'st.button(_("Monday, {moment}", moment=moment(monday)), on_click=go)',
        'def f():\n    words = _("a") if playing else _("b")\n    st.button(words)',
        "def f(a):\n    def said(one):\n        return streamlit_label(a(one))\n    st.radio('a', a, format_func=said)",
        "st.stop()",
    ],
)
def test_words_of_the_code_are_not_found(source: str) -> None:
    assert raw(source) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_escapes_all_it_shows(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|<script|<iframe|\bon[a-z]+=|srcdoc", text)
    assert not re.search(r"\s[\w-]+=\{\{", text), "a value outside quotes"
    assert not re.search(r"""(href|src|action|data)=["'](?!\{\{|[./#a-z?]|"$)""", text)
    assert not re.search(r"javascript:|data:", text)


def test_only_templates_write_html() -> None:
    """All HTML comes from ui/base/html_panel.py: templates with escaped values."""
    found = {
        f"{file.name}: {line.strip()}"
        for file in sorted((ROOT / "ui").rglob("*.js"))
        for line in file.read_text().splitlines()
        if re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(", line)
    }
    assert found == {
        "panel.js: panel.innerHTML = html",
        "wall.js: scene.innerHTML = html",
        "wall.js: words.innerHTML = words.drawn = html",
        "wall.js: element.innerHTML = html",
    }


def test_a_chart_contains_only_words_of_the_code_and_figures() -> None:
    """Plotly reads some HTML (links, line breaks) in titles, labels and ticks, and has no escape."""
    file = ROOT / "ui" / "figures" / "charts.py"
    tree = ast.parse(file.read_text())
    plotting = [
        one for one in DRAWING if "plotly.graph_objects" in one.read_text() or '"hovertemplate"' in one.read_text()
    ]
    assert plotting == [file], "only ui/figures/charts.py draws with Plotly"
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not imported & {"name", "names", "labels", "levels"}, "no names of the database"


@pytest.mark.parametrize("file", OURS, ids=lambda file: str(file.relative_to(ROOT)))
def test_logs_and_terminals_get_no_raw_value(file: Path) -> None:
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name.startswith("_LOG."):
            assert name != "_LOG.exception", f"line {node.lineno}: use log_error, which logs the traceback"
            assert not node.keywords, f"line {node.lineno}"
            for value in node.args[1:]:
                shown = ast.unparse(value.value if isinstance(value, ast.Starred) else value)
                assert shown.startswith(("log_text(", "log_error(", "map(log_text,")), f"line {node.lineno}: {shown}"
        assert name != "print", f"line {node.lineno}: reportdb/cli/command_line.py prints"
        if name == "Console":
            assert file.name == "new_token.py", (
                f"line {node.lineno}: use a PlainConsole, which prints values without markup"
            )
