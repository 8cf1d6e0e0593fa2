"""The report database's command line: `python -m reportdb --help`.

Exit codes: 0 done; 1 `check` found something wrong or `import` rejected rows; 2 a wrong
command line; 3 the work could not be done, and the message says why and what to do.
"""

import typer

from reportdb.cli import database_commands, demo_commands
from reportdb.cli.area_commands import areas_app
from reportdb.cli.calendar_commands import calendar_app
from reportdb.cli.deadline_commands import deadlines_app
from reportdb.cli.feed_commands import open311_app, sync
from reportdb.cli.figure_commands import figures
from reportdb.cli.import_commands import import_app
from reportdb.cli.scope_key import scope_key
from reportdb.cli.unit_commands import units_app
from reportdb.cli.user_commands import anonymise_old, users_app

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("anonymise")(anonymise_old)
app.command("scope-key")(scope_key)
app.command()(database_commands.up)
app.command()(demo_commands.demo)
app.command()(demo_commands.simulate)
app.command()(database_commands.beat)
app.command()(database_commands.summarise)
app.command()(database_commands.check)
app.command()(figures)
app.command()(sync)
app.add_typer(areas_app, name="areas")
app.add_typer(units_app, name="units")
app.add_typer(import_app, name="import")
app.add_typer(open311_app, name="open311")
app.add_typer(calendar_app, name="calendar")
app.add_typer(deadlines_app, name="deadlines")
app.add_typer(users_app, name="users")

if __name__ == "__main__":
    app()
