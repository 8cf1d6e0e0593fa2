"""What a browser tells of its window is untrusted, and what it is sent is what was meant."""

import gzip
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.base import html_panel
from ui.base.viewport import Viewport, read


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([1920, 1080, 1], Viewport(1920, 1080, 1.0)),
        ([3840, 2160, 1.8], Viewport(3840, 2160, 1.8)),
        ([390, 844, 1], Viewport(390, 844, 1.0)),
        (None, Viewport()),
        ("wide", Viewport()),
        ([1920, 1080], Viewport()),
        ([0, 1080, 1], Viewport()),
        ([1e9, 1080, 1], Viewport()),
        ([1920, 1080, 100], Viewport()),
        ([1920, float("nan"), 1], Viewport()),
        ([1920, 1080, "<script>"], Viewport()),
    ],
)
def test_a_window_no_screen_can_have_is_taken_for_one_at_a_desk(said: Any, found: Viewport) -> None:
    assert read(said) == found


@given(st.text(max_size=50), st.integers(0, 3000))
def test_a_long_panel_is_packed_and_holds_the_same(words: str, times: int) -> None:
    html = words * times
    sent = html_panel._packed(html)
    if "packed" in sent:
        assert gzip.decompress(b64decode(sent["packed"])).decode() == html
        assert len(sent["packed"]) < len(html.encode()) / 2
    else:
        assert sent == {"html": html}
        assert len(html.encode()) < 20_000
