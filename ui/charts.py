"""Charts as plain Plotly dictionaries: quiet, labelled directly, in the colours of theme.py."""

from typing import Any

import pandas as pd

from ui.theme import Palette
from ui.words import _


def flow(table: pd.DataFrame, colours: Palette) -> dict[str, Any]:
    """Return the chart of what came in (bars), what was resolved (bars) and the backlog (line) over time."""
    days = table["day"].astype(str).tolist()
    bars = [
        (_("Received"), "received", colours.received),
        (_("Resolved"), "resolved", colours.resolved),
    ]
    return {
        "data": [
            {
                "type": "bar",
                "name": label,
                "x": days,
                "y": table[column].tolist(),
                "marker": {"color": colour},
                "hovertemplate": "%{y:,}",
            }
            for label, column, colour in bars
        ]
        + [
            {
                "type": "scatter",
                "mode": "lines",
                "name": _("Open at the end"),
                "x": days,
                "y": table["open"].tolist(),
                "yaxis": "y2",
                "line": {"color": colours.in_time, "width": 3},
                "hovertemplate": "%{y:,}",
            }
        ],
        "layout": {
            "barmode": "group",
            "bargap": 0.25,
            "height": 330,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hovermode": "x unified",
            "separators": ",.",
            "font": {"family": "Be Vietnam Pro, sans-serif", "size": 14, "color": colours.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
            "xaxis": {"type": "date", "tickformat": "%d/%m", "showgrid": False, "automargin": True},
            "yaxis": {
                "title": {"text": _("Received, resolved")},
                "rangemode": "tozero",
                "gridcolor": colours.line,
                "automargin": True,
            },
            "yaxis2": {
                "title": {"text": _("Open at the end")},
                "overlaying": "y",
                "side": "right",
                "rangemode": "tozero",
                "showgrid": False,
                "automargin": True,
            },
        },
    }
