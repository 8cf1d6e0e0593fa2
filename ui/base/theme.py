"""Colours with one meaning each, the same on every page, map and chart; never the only sign of that meaning.

Due soon is lighter here than in .streamlit/config.toml, where it colours words on a light ground, which need more
contrast.
"""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Palette:
    """Colours as hexadecimal strings."""

    overdue: str
    due_soon: str
    in_time: str
    resolved: str
    received: str
    neutral: str
    text: str
    muted: str
    line: str
    surface: str


LIGHT = Palette(
    overdue="#b3261e",
    due_soon="#b86e00",
    in_time="#2a5ea8",
    resolved="#226b43",
    received="#5b6764",
    neutral="#c3cbc8",
    text="#16211f",
    muted="#5b6764",
    line="#d9dfdc",
    surface="#ffffff",
)
DARK = Palette(
    overdue="#ff7a6e",
    due_soon="#f0a83c",
    in_time="#83b0f2",
    resolved="#63c08c",
    received="#9aa8a4",
    neutral="#43524f",
    text="#e9efed",
    muted="#9aa8a4",
    line="#2c3a38",
    surface="#182221",
)

OVERDUE_STEPS = ("#f3e3df", "#eebbb0", "#e08a7c", "#c9584c", "#b3261e", "#7f120d")
"""The overdue share in steps, from none to nearly all; the first ones are light enough for dark labels."""
OVERDUE_BOUNDS = (0.05, 0.10, 0.20, 0.35, 0.50)
"""The bounds between the steps."""
OVERDUE_STEPS_DARK = ("#33292a", "#57322f", "#843b35", "#b4463d", "#e05c50", "#ff9287")
"""The same for the dark theme, where a high share is light."""
AMOUNT_STEPS = ("#e2eeed", "#bcdad9", "#8bbfc0", "#549fa2", "#237b80", "#07474d")
"""Any other amount, in the brand's hue, from little to much."""
AMOUNT_STEPS_DARK = ("#24403f", "#23565a", "#277175", "#33898d", "#5cb0b1", "#a9e2df")
"""The same for the dark theme."""
NO_DATA = "#8a9794"
"""Where there is nothing to measure; drawn faint."""


def palette() -> Palette:
    """Return the palette of this viewer's theme."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def rgb(colour: str, alpha: int = 255) -> list[int]:
    """Return a hexadecimal colour as red, green, blue and alpha, 0 to 255."""
    return [*(int(colour[place : place + 2], 16) for place in (1, 3, 5)), alpha]
