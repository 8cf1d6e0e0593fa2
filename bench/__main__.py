"""The measurements: `python -m bench --help`."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import pages as rerun_costs
from bench import queries as questions
from reportdb.connection import report_database

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
out = Console(width=None if sys.stdout.isatty() else 140)

LARGE = Path(".cache/bench")
"""Where the large demonstration city lies once it is made."""

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="The large city's folder; made there if missing.")]


@app.callback()
def bench() -> None:
    """Measurements anyone can run; on a noisy machine compare ratios within one run."""


@app.command("queries")
def measure_queries(
    data: Data = LARGE,
    reports: Annotated[int, typer.Option(help="How many reports a city made here has.")] = 10_000_000,
    only: Annotated[str | None, typer.Option(help="One question alone.")] = None,
) -> None:
    """Time every question at ten million reports: no answer remembered, a warm disk, with and without filters."""
    data.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "reportdb", "demo", "--if-empty", "--reports", str(reports), "--data", str(data)]
    subprocess.run(command, check=True)
    with report_database(data=data) as url:
        found = questions.measure(url, only)
        questions.report(found, out)
        out.print("\nWhat the plans of the slowest are made of")
        for row in sorted(found, key=lambda row: -row.milliseconds)[:5]:
            out.print(
                f"{row.question}, {row.period}: {questions.plan(url, row.question, row.parameters)}", soft_wrap=True
            )


@app.command("pages")
def measure_pages(
    data: Data = Path(".reportdb"),
    query: Annotated[str, typer.Option(help="The address's query; a fixed moment keeps answers warm.")] = "period=30d",
) -> None:
    """Measure what a rerun of each page and a heartbeat cost the server once its answers are warm."""
    with report_database(data=data) as url:
        rerun_costs.measure(url, query, out)


if __name__ == "__main__":
    app()
