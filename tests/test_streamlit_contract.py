"""What we use of Streamlit beyond its documentation is there and does what we need; and no other file uses any of it.

Streamlit may change these parts without notice. A failure here says which version broke what, and where that is used.
"""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
import uvicorn
from streamlit import config, file_util
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_auth_routes, starlette_routes

from tests.streamlit_cookies import READS_THE_KEY, USER_COOKIE_NAME, create_signed_value
from ui.base import streamlit_internals

ROOT = Path(__file__).parents[1]
PYTHON, BROWSER, STYLES = "ui/base/streamlit_internals.py", "ui/base/streamlit.js", "ui/base/page.css"
DOCUMENTED = {"streamlit", "streamlit.testing.v1", "streamlit.testing.v1.element_tree"}
"""What any file may import."""
MAY_IMPORT_MORE = {
    PYTHON,
    "bench/streamlit_messages.py",
    "tests/streamlit_cookies.py",
    "tests/test_streamlit_contract.py",
}
NAME_ITS_ROUTES = {PYTHON, BROWSER, "docs/deploy/nginx.conf"}
NAME_ITS_ELEMENTS = {PYTHON, BROWSER, STYLES}
ELEMENTS_OF_TESTS = {"stBidiComponentIsolated", "stException", "stPopoverBody", "stToolbar"}
"""What tests look for in the browser besides."""
OPTIONS = {
    "browser.serverAddress",
    "secrets.files",
    "server.address",
    "server.baseUrlPath",
    "server.port",
    "server.sslCertFile",
    "server.trustedUserHeaders",
    "theme.baseFontSize",
}


def broke(what: str, where: str) -> str:
    return f"Streamlit {st.__version__} broke {what}: see {where}"


@cache
def bundle() -> str:
    """Return all scripts that Streamlit sends to the browser."""
    scripts = Path(file_util.get_static_dir(), "static", "js").glob("*.js")
    return "\n".join(script.read_text() for script in scripts)


def in_bundle(words: str) -> bool:
    """Whether a script names these words as a text, in whatever quotation marks."""
    return re.search(rf"""["'`]{re.escape(words)}["'`]""", bundle()) is not None


def has_parameters(function: object, *names: str) -> bool:
    return set(names) <= set(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_application_takes_our_routes_and_hooks() -> None:
    parameters = "lifespan", "routes", "middleware", "on_script_error"
    assert has_parameters(st.App.__init__, *parameters), broke("st.App", "dashboard.py")


def test_a_run_knows_the_page_of_the_address_and_forgets_it() -> None:
    where = broke("the intended page of a run", PYTHON)
    assert "pages_manager" in ScriptRunContext.__dataclass_fields__, where
    assert isinstance(PagesManager.intended_page_name, property), where
    assert list(inspect.signature(PagesManager.set_script_intent).parameters)[1:] == [
        "page_script_hash",
        "page_name",
    ], where
    assert streamlit_internals.intended_page() == "", "outside a run there is none"
    streamlit_internals.forget_intended_page()

    def script() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from ui.base.streamlit_internals import forget_intended_page, intended_page

        run = get_script_run_ctx()
        assert run
        run.pages_manager.set_script_intent("", "nowhere")
        before = intended_page()
        forget_intended_page()
        st.text(f"{before}, {intended_page()!r}")

    drawn = AppTest.from_function(script).run()
    assert not drawn.exception, where
    assert drawn.text[0].value == "nowhere, ''", where


def test_the_cookie_of_sign_in_is_read_by_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    where = broke("the cookie of its sign-in", PYTHON)
    secret = "a secret of the contract, long enough"
    monkeypatch.setattr(READS_THE_KEY, lambda: secret)
    claims = json.dumps({"email": "lan@hanoi.example"})
    signed = create_signed_value(secret, USER_COOKIE_NAME, claims).decode()
    assert streamlit_internals.signed_in_user({USER_COOKIE_NAME: signed}) == claims.encode(), where
    forged = create_signed_value("another secret", USER_COOKIE_NAME, claims).decode()
    assert streamlit_internals.signed_in_user({USER_COOKIE_NAME: forged}) is None, where
    assert streamlit_internals.signed_in_user({}) is None, where


def test_its_document_can_take_a_script_and_has_its_own_in_it() -> None:
    document = streamlit_internals.document()
    assert document.count("</head>") == 1, broke("the document of every page", "ui/server/first_page.py")
    assert re.findall(r"<script>.+?</script>", document, re.DOTALL), broke(
        "the inline scripts of the document, whose hashes stand in our policy", "ui/server/security_headers.py"
    )


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_the_settings_we_read_are_known(name: str) -> None:
    try:
        streamlit_internals.option(name)
        streamlit_internals.is_set(name)
    except RuntimeError as error:
        raise AssertionError(broke(f"the setting {name}", PYTHON)) from error


def test_every_setting_we_read_is_in_this_contract() -> None:
    named = re.compile(r"""(?:option|is_set|set_option)\(\s*["']([\w.]+)["']""")
    found = {name for file in application("*.py") for name in named.findall(file.read_text())}
    assert found == OPTIONS


def test_sessions_can_be_tied_to_headers() -> None:
    before = config.get_option("server.trustedUserHeaders")
    try:
        streamlit_internals.tie_sessions_to({"X-Somebody": "subject"})
        tied = config.get_option("server.trustedUserHeaders")
    finally:
        config.set_option("server.trustedUserHeaders", before)
    assert tied == {"X-Somebody": "subject"}, broke("server.trustedUserHeaders", PYTHON)


def test_a_missing_file_of_secrets_is_an_error_of_its_own() -> None:
    assert issubclass(StreamlitSecretNotFoundError, Exception), broke("st.secrets", "ui/access/sign_in.py")
    sources = inspect.getsource(type(st.secrets))
    assert "StreamlitSecretNotFoundError" in sources, broke("st.secrets", "ui/access/sign_in.py")


def test_its_routes_are_where_the_gate_looks_for_them() -> None:
    where = broke("its routes", f"{PYTHON} and ui/server/gate.py")
    assert starlette_routes.BASE_ROUTE_CORE == streamlit_internals.CORE, where
    assert (starlette_routes.BASE_ROUTE_COMPONENT,) in streamlit_internals.NOT_NEEDED, where
    assert tuple(starlette_routes.BASE_ROUTE_APP_STATIC.split("/")) in streamlit_internals.NOT_NEEDED, where
    for path in (streamlit_internals.HEALTH, streamlit_internals.HOST_CONFIG, streamlit_internals.STREAM):
        assert path.strip("/") in bundle(), where
    assert streamlit_internals.ASSETS.strip("/") == starlette_routes.BASE_ROUTE_STATIC, where
    for beginning in streamlit_internals.SIGN_IN:
        assert beginning.strip("/") in inspect.getsource(starlette_auth_routes), where


@pytest.mark.parametrize("element", sorted(streamlit_internals.ELEMENTS | ELEMENTS_OF_TESTS))
def test_the_elements_we_name_are_in_its_scripts(element: str) -> None:
    assert in_bundle(element), broke(f"the element {element}", f"{STYLES} and {BROWSER}")


@pytest.mark.parametrize("name", sorted(streamlit_internals.CLASSES))
def test_the_classes_we_name_are_in_its_scripts(name: str) -> None:
    assert re.search(rf"\b{name}\b", bundle()), broke(f"the class {name}", f"{STYLES} and {BROWSER}")


@pytest.mark.parametrize(
    "words",
    ["data-test-connection-state", "data-test-script-state", "CONNECTED", "notRunning", "st-key-", "embed"],
)
def test_what_the_browser_is_told_of_the_connection_and_the_run_is_there(words: str) -> None:
    assert in_bundle(words), broke(words, f"{BROWSER} and {STYLES}")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("its following of the browser's history", r"""addEventListener\(["'`]popstate["'`]"""),
        ("its writing of an address with a state that is not null", r"history\.pushState\(\{\}"),
        ("its replacing of an address", r"history\.replaceState\("),
        ("what a component's script is given", r"setStateValue.{0,400}setTriggerValue|setTriggerValue.{0,400}setState"),
        ("the element of a component's script", r"\bparentElement\b"),
        ("the name of the time below a calendar", r"-time-label`|-time-label[\"']"),
    ],
)
def test_what_our_scripts_rest_on_is_in_its_scripts(what: str, code: str) -> None:
    assert re.search(code, bundle(), re.DOTALL), broke(what, BROWSER)


def test_every_write_of_an_address_by_streamlit_has_a_state_that_is_not_null() -> None:
    """Ours has null: that tells the two apart (`ownAddress`)."""
    main = next(Path(file_util.get_static_dir(), "static", "js").glob("index*.js")).read_text()
    states = set(re.findall(r"history\.(?:push|replace)State\((.*?),", main))
    assert states == {"{}"}, broke("what it writes into the history", BROWSER)


def test_components_take_html_and_a_script_and_tell_what_was_set() -> None:
    assert has_parameters(st.components.v2.component, "name", "html", "js"), broke("st.components.v2", PYTHON)


def test_its_messages_can_be_read_and_written() -> None:
    where = broke("its messages", "bench/streamlit_messages.py")
    assert {"rerun_script", "stop_script"} <= set(BackMsg.DESCRIPTOR.fields_by_name), where
    assert {"new_session", "delta", "script_finished"} <= set(ForwardMsg.DESCRIPTOR.fields_by_name), where


def test_the_server_is_found_by_its_answer_to_sigterm() -> None:
    """uvicorn's, not Streamlit's: ui/base/process.py finds the server by the method that handles the signal."""
    where = f"uvicorn {uvicorn.__version__} broke how a stopped server waits: see ui/base/process.py"
    assert "self.handle_exit" in inspect.getsource(uvicorn.Server), where
    assert has_parameters(uvicorn.Config.__init__, "timeout_graceful_shutdown"), where


def application(pattern: str) -> list[Path]:
    files = [file for folder in ("pages", "queries", "reportdb", "ui") for file in (ROOT / folder).rglob(pattern)]
    return files + [file for file in (ROOT / "dashboard.py", ROOT / "safe_text.py") if file.match(pattern)]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imported_of_streamlit(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "streamlit"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if whole else {node.module}
    return {module for module in found if module.split(".")[0] == "streamlit"}


def test_no_other_file_imports_a_part_of_streamlit_that_is_not_documented() -> None:
    python = [*application("*.py"), *(ROOT / "bench").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    found = {name_of(file): imported_of_streamlit(file) - DOCUMENTED for file in python}
    assert {name: modules for name, modules in found.items() if modules and name not in MAY_IMPORT_MORE} == {}


def test_no_other_file_names_a_route_of_streamlits_or_an_element_by_its_test_id() -> None:
    files = [file for kind in ("*.py", "*.js", "*.css", "*.html") for file in application(kind)]
    files += [
        *(ROOT / "bench").rglob("*.py"),
        *(file for file in (ROOT / "docs" / "deploy").rglob("*") if file.is_file()),
    ]
    routes, elements = set(), set()
    for file in files:
        text = file.read_text(errors="replace")
        if "_stcore" in text:
            routes.add(name_of(file))
        if re.search(r"data-test|dataset\.test", text):
            elements.add(name_of(file))
    assert routes <= NAME_ITS_ROUTES
    assert elements - {"bench/map.py"} <= NAME_ITS_ELEMENTS


def test_the_lists_of_elements_and_classes_are_what_the_style_sheet_and_the_scripts_name() -> None:
    named, classes = set(), set()
    for file in (file for kind in ("*.js", "*.css") for file in application(kind)):
        text = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", file.read_text(), flags=re.DOTALL)
        named |= set(re.findall(r"data-testid=\"?(\w+)", text))
        classes |= set(re.findall(r"\.(st[A-Z]\w*)", text))
    assert named == streamlit_internals.ELEMENTS
    assert classes == streamlit_internals.CLASSES


def test_tests_name_only_elements_of_this_contract() -> None:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    named = {name for file in files for name in re.findall(r"data-testid=[\"']?(st\w+)", file.read_text())}
    assert named <= streamlit_internals.ELEMENTS | ELEMENTS_OF_TESTS


def keys() -> Iterator[str]:
    """Yield every key that an element of ours is given, as a pattern where a part of it is worked out."""
    for file in application("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.keyword) and node.arg == "key"):
                continue
            if isinstance(node.value, ast.Constant):
                yield re.escape(str(node.value.value))
            elif isinstance(node.value, ast.JoinedStr):
                parts = node.value.values
                yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in parts)


def test_every_key_the_style_sheets_name_is_one_of_an_element_we_draw() -> None:
    ours = list(keys())
    for sheet in application("*.css"):
        for key in re.findall(r"\.st-key-([\w-]+)", sheet.read_text()):
            assert any(re.fullmatch(one, key) for one in ours), f"{name_of(sheet)} names {key}, which no element has"
