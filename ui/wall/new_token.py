"""Make a token for a wall screen: `python -m ui.wall.new_token NAME`."""

import os
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Console

from ui.base.base_path import BASE_VARIABLE, base_path
from ui.wall.screens import hashed, new_token


def token(name: Annotated[str, typer.Argument(help="The screen's name.")]) -> None:
    """Print a new token: the lines for screens.toml, and the address that opens the screen.

    The token itself is not stored. A screen's new token replaces its old one.
    """
    made = new_token()
    printed = Console(highlight=False, markup=False, soft_wrap=True)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    printed.print(f'[[screen]]\nname = "{quoted}"\ntoken_sha256 = "{hashed(made)}"\n')
    # `streamlit run` reads the variable; Streamlit's settings alone do not.
    below = os.environ.get(BASE_VARIABLE, "").strip("/")
    printed.print(f"{'/' + below if below else base_path()}/wall?" + urlencode({"screen": name, "token": made}))


if __name__ == "__main__":
    typer.run(token)
