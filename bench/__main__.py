"""The measurements: `python -m bench --help`."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from bench import change as changes
from bench import greedy as greedy_tabs
from bench import importing as imports
from bench import keyed as keyed_tables
from bench import live as liveness
from bench import outages as drills
from bench import pages as rerun_costs
from bench import queries as questions
from bench import query_table
from bench import ranking as rankings
from bench import scope as scopes
from bench import working_time as working_times
from reportdb.database.connection import connect, report_database

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
out = Console(width=None if sys.stdout.isatty() else 140)

LARGE = Path(".cache/bench")
"""The folder of the large demonstration city."""

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="The large city's folder; made there if missing.")]


@app.callback()
def bench() -> None:
    """Measurements anyone can run; on a noisy machine compare ratios within one run."""


@app.command("queries")
def measure_queries(
    data: Data = LARGE,
    reports: Annotated[int, typer.Option(help="How many reports a city made here has.")] = 10_000_000,
    only: Annotated[str | None, typer.Option(help="Only this question.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    waiting: Annotated[
        int, typer.Option(help="How many changes wait for the summary in a copy of the city; 0: no copy is made.")
    ] = 20_000,
) -> None:
    """Time every question at ten million reports: without cached answers, with a warm disk, with and without filters,
    and with changes waiting for the summary.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "reportdb", "demo", "--if-empty", "--reports", str(reports), "--data", str(data)]
    subprocess.run(command, check=True)
    with report_database(data=data) as url:
        text = ""

        def keep(words: str, found: list[questions.Measured]) -> None:
            nonlocal text
            out.print(words)
            text = query_table.table(url, found)
            if table:
                table.write_text(text)

        questions.measure(url, keep, only, waiting)
    out.print(text, markup=False, soft_wrap=True)


@app.command("pages")
def measure_pages(
    data: Data = Path(".reportdb"),
    query: Annotated[str, typer.Option(help="The address's query; a fixed moment keeps answers warm.")] = "period=30d",
) -> None:
    """Measure a rerun of each page and a heartbeat on the server with warm answers."""
    subprocess.run([sys.executable, "-m", "reportdb", "demo", "--if-empty", "--data", str(data)], check=True)
    with report_database(data=data) as url:
        rerun_costs.measure(url, query, out)


@app.command("live")
def measure_live(
    minutes: Annotated[float, typer.Option(help="How long the soak lasts.")] = 20,
    per_hour: Annotated[float, typer.Option(help="New reports in an hour of the soak.")] = 12,
    faster: Annotated[
        float, typer.Option(help="The heartbeat rate of the soak's screens, relative to normal use.")
    ] = 1,
    viewers: Annotated[int, typer.Option(help="The first number of viewers with heartbeats.")] = 100,
    only: Annotated[str | None, typer.Option(help="Only freshness, heartbeats or soak.")] = None,
) -> None:
    """From commit to screen with 20 viewers; the heartbeats of 100 and more; a soak test of walls and desks."""
    liveness.measure(out, minutes=minutes, per_hour=per_hour, faster=faster, viewers=viewers, only=only)


@app.command("greedy")
def measure_greedy(
    tabs: Annotated[int, typer.Option(help="How many tabs the greedy viewer has.")] = greedy_tabs.TABS,
    reruns: Annotated[int, typer.Option(help="How often the other's page is drawn, with and without them.")] = 30,
) -> None:
    """Time one viewer's page alone, and beside twenty tabs of another that are redrawn without pause."""
    greedy_tabs.measure(out, tabs=tabs, reruns=reruns)


@app.command("outages")
def measure_outages(
    killed_for: Annotated[float, typer.Option(help="How many seconds PostgreSQL is down.")] = 60,
    only: Annotated[str | None, typer.Option(help="Only the faults whose name holds this word.")] = None,
) -> None:
    """Cause every database fault under a running dashboard: what the screen says, and how long until it recovers."""
    drills.measure(out, killed_for, only)


@app.command("scope")
def measure_scope(
    data: Data = Path(".reportdb"),
    minutes: Annotated[float, typer.Option(help="How long they walk.")] = 5,
    viewers: Annotated[int, typer.Option(help="How many heads of different units.")] = 50,
) -> None:
    """Let viewers of different units walk randomly at once, and look for other units' rows in what they receive."""
    with report_database(data=data) as url:
        scopes.measure(url, out, minutes=minutes, viewers=viewers)


@app.command("import")
def measure_import(
    cities: Annotated[Path, typer.Option(help="The folder of the cities' published files.")],
    rows: Annotated[int, typer.Option(min=1000, help="How many rows are made of Kansas City's.")] = 10_000_000,
    place: Annotated[Path | None, typer.Option(help="A folder for the file and the databases.")] = None,
) -> None:
    """Import millions of rows into an empty database: each step's time, and the ratio to a bare COPY of the same rows.

    A tenth of them is imported row by row, too, and has to give the same figures.
    """
    source = cities / "kansas_city_311_2007_2020.csv.gz"
    with TemporaryDirectory(prefix="import-", dir=place) as made:
        folder = Path(made)
        folder.chmod(0o755)  # the server's system user reaches its folder through it
        tenth, file = folder / "tenth.csv", folder / "all.csv"
        imports.make_rows(source, tenth, rows // 10)
        tenths, figures = [], []
        for fast in (False, True):
            with report_database(data=folder / f"tenth-{fast}") as url:
                tenths.append(imports.measure(url, tenth, cities, fast=fast))
                figures.append((tenths[-1].counts.read, tenths[-1].counts.new, imports.figures(url)))
        out.print("Figures of a tenth by both lanes:", "the same" if figures[0] == figures[1] else "they differ")
        imports.make_rows(source, file, rows)
        with report_database(data=folder / "all") as url:
            found = imports.measure(url, file, cities)
            imports.report(out, found, imports.bare_copy(url), tenths[0])
    if figures[0] != figures[1]:
        raise typer.Exit(1)


@app.command("ranking")
def measure_ranking(
    runs: Annotated[int, typer.Option(help="How many times each city is drawn.")] = 1000,
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
) -> None:
    """Simulate cities whose true shares are known: does the fair ranking find the worst, do its intervals hold?"""
    rankings.report(out, runs=runs, seed=seed)


@app.command("change")
def measure_change(
    reports: Annotated[int, typer.Option(help="How many reports the steady city has.")] = 20_000,
    moments: Annotated[int, typer.Option(help="At how many random moments the tiles are evaluated.")] = 100,
    seed: Annotated[int, typer.Option(help="The random seed.")] = 7,
) -> None:
    """Build a city in which nothing changes, and print how many of its changes are coloured anyway."""
    with TemporaryDirectory(prefix="steady-city-") as place:
        Path(place).chmod(0o755)  # the server's system user reaches its folder through it
        with report_database(data=Path(place) / "db") as url:
            with connect(url) as connection:
                changes.build(connection, reports=reports, seed=seed)
            changes.report(out, changes.measure(url, moments=moments, seed=seed))


@app.command("keyed")
def measure_keyed() -> None:
    """Time the sums and joins of tables by key beside plain pandas."""
    keyed_tables.measure(out)


@app.command("working-time")
def measure_working_time(data: Data = Path(".reportdb")) -> None:
    """Time a million deadlines and a million spans of working time, in Python and in the database."""
    with report_database(data=data) as url:
        working_times.measure(url, out)


if __name__ == "__main__":
    app()
