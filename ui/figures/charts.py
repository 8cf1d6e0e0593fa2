"""Charts as plain Plotly dictionaries, labelled directly, in the colours of theme.py."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from ui.base.i18n import _, language, number, short_day_form
from ui.base.theme import Palette
from ui.base.viewport import pixels

_FEW = 5


def days_axis() -> dict[str, Any]:
    """Return the axis of days; its first label does not overlap the other axis's 0."""
    return {
        "type": "date",
        "tickformat": short_day_form(),
        "showgrid": False,
        "automargin": True,
        "ticklabelstandoff": 8,
    }


def counts_axis(most: int, colours: Palette) -> dict[str, Any]:
    """Return the axis of counts up to `most`, from 0, with whole numbers only.

    For small counts Plotly would use steps of one half.
    """
    return {
        "rangemode": "tozero",
        "gridcolor": colours.line,
        "automargin": True,
        "tickformat": ",d",
        "dtick": 1 if most <= _FEW else None,
        "zeroline": False,
    }


def _in_words(counts: "pd.Series[int]") -> list[str]:
    """Return counts as the viewer reads them; a published 0 means "few"."""
    return [number(int(count)) for count in counts]


def flow(table: pd.DataFrame, colours: Palette) -> go.Figure:
    """Return the chart of the backlog (above) and of received and resolved reports (below) over time."""
    days = table["day"].astype(str).tolist()
    bars = [(_("Received"), "received", colours.received), (_("Resolved"), "resolved", colours.resolved)]
    upper, lower = [0.66, 1], [0, 0.54]
    heading = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    came_and_went = int(table[["received", "resolved"]].to_numpy().max(initial=0))
    return go.Figure(
        {
            "data": [
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": _("Open"),
                    "x": days,
                    "y": table["open"].tolist(),
                    "customdata": _in_words(table["open"]),
                    "yaxis": "y2",
                    "line": {"color": colours.in_time, "width": pixels(3)},
                    "hovertemplate": "%{customdata}",
                    "showlegend": False,
                },
                *(
                    {
                        "type": "bar",
                        "name": label,
                        "x": days,
                        "y": table[column].tolist(),
                        "customdata": _in_words(table[column]),
                        "marker": {"color": colour},
                        "hovertemplate": "%{customdata}",
                    }
                    for label, column, colour in bars
                ),
            ],
            "layout": {
                "barmode": "group",
                "bargap": 0.25,
                "height": pixels(400),
                "margin": {"l": 8, "r": 8, "t": pixels(28), "b": 8},
                "hovermode": "x unified",
                "separators": ",." if language() == "vi" else ".,",
                "font": {"family": "Be Vietnam Pro, sans-serif", "size": pixels(14), "color": colours.text},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "hoverlabel": {"bgcolor": colours.surface, "font": {"color": colours.text}},
                "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.12, "yanchor": "top"},
                "annotations": [
                    heading | {"y": upper[1], "text": "<b>" + _("Open at the end") + "</b>"},
                    heading | {"y": lower[1], "text": "<b>" + _("Received and resolved") + "</b>"},
                ],
                "xaxis": days_axis() | {"anchor": "y"},
                "yaxis": counts_axis(came_and_went, colours) | {"domain": lower},
                "yaxis2": counts_axis(int(table["open"].max()), colours) | {"domain": upper, "anchor": "x"},
            },
        }
    )


def open_history(days: pd.DataFrame, colours: Palette) -> dict[str, Any]:
    """Return the chart of open reports at the end of each step (queries.days), labelled with the last value."""
    last = days.iloc[-1]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": days["day"].astype(str).tolist(),
                "y": days["open"].tolist(),
                "customdata": _in_words(days["open"]),
                "line": {"color": colours.in_time, "width": pixels(3)},
                "hovertemplate": "%{x|%d/%m/%Y}: <b>%{customdata}</b><extra></extra>",
            }
        ],
        "layout": {
            "height": pixels(300),
            "margin": {"l": 8, "r": pixels(64), "t": 12, "b": 8},
            "separators": ",." if language() == "vi" else ".,",
            "font": {"family": "Be Vietnam Pro, sans-serif", "size": pixels(14), "color": colours.text},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": {"bgcolor": colours.surface, "font": {"color": colours.text}},
            "showlegend": False,
            "annotations": [
                {
                    "x": str(last["day"]),
                    "y": int(last["open"]),
                    "text": f"<b>{number(int(last['open']))}</b>",
                    "xanchor": "left",
                    "xshift": 8,
                    "showarrow": False,
                    "font": {"color": colours.in_time, "size": pixels(16)},
                }
            ],
            "xaxis": days_axis(),
            "yaxis": counts_axis(int(days["open"].max()), colours),
        },
    }
