"""The content-security policy in a real browser: our pages do not violate it, and violations do not run."""

import re
from collections.abc import Callable

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

_WATCH = """document.addEventListener('securitypolicyviolation',
    broken => console.error(`POLICY ${broken.violatedDirective} ${broken.blockedURI} ${broken.sourceFile}`))"""
_POLICY = re.compile(r"POLICY|Content Security Policy|unsafe-eval|Permissions policy", re.IGNORECASE)


@pytest.fixture
def watched(address: str, visit: Callable[..., Visit]) -> Visit:
    """A browser whose console reports violations."""
    made = visit(address, height=1800, policy=True)
    made.page.add_init_script(_WATCH)
    return made


def broken(visited: Visit) -> list[str]:
    return [words for words in visited.errors if _POLICY.search(words)]


def test_no_page_violates_the_policy(watched: Visit) -> None:
    watched.open()
    for path in ("", "map", "map?show=areas", "map?show=density", "backlog", "cases", "definitions"):
        page = watched.turn(path)
        if path == "" or path.startswith("map"):
            page.wait_for_selector("canvas", timeout=30_000)
        page.wait_for_timeout(1500)  # later requests and drawings
        assert broken(watched) == [], path
        assert watched.outside == [], path


def test_no_scene_of_the_wall_violates_the_policy(watched: Visit) -> None:
    watched.page.goto(f"{watched.address}/wall")
    watched.page.wait_for_selector(".wall", timeout=30_000)
    watched.page.wait_for_timeout(5000)
    assert broken(watched) == []
    assert watched.outside == []


def test_a_script_in_a_page_does_not_run(watched: Visit) -> None:
    """As if a template had forgotten to escape: the script does not run, and nothing is sent to another host."""
    page = watched.open("definitions")
    page.evaluate(
        """() => {
            const planted = document.createElement('div')
            planted.innerHTML = '<img src=x onerror="window.planted = 1"><img src="https://evil.example/x.png">'
            document.body.append(planted)
            const script = document.createElement('script')
            script.textContent = 'window.planted = 2'
            document.body.append(script)
        }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.planted") is None
    assert len(broken(watched)) >= 3
    assert page.evaluate("fetch('https://evil.example/').then(() => 'left', () => 'kept')") == "kept"
