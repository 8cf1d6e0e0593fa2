"""Thresholds for data age and for unusual access by one account: thresholds.toml."""

import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ui.base.settings_files import BrokenSettings, read_toml

VARIABLE = "REPORT_THRESHOLDS"
_FILE = Path(__file__).parents[2] / "thresholds.toml"

Level = Literal["green", "amber", "red"]


class SettingsError(Exception):
    """A settings file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Limits:
    """The values from which something is amber and red; below, it is green."""

    amber: float
    red: float

    def level(self, value: float) -> Level:
        """Return the level of a value."""
        return "red" if value >= self.red else "amber" if value >= self.amber else "green"


@dataclass(frozen=True)
class Thresholds:
    """The limits of each age: a feed's in multiples of its rhythm, an answer's and a copy's in seconds. Of each
    account: how many different cases it opens, and how many it exports in files, in an hour and in a day.
    """

    feed: Limits = Limits(2, 6)
    answer: Limits = Limits(10, 60)
    copy: Limits = Limits(10, 60)
    opened_hour: Limits = Limits(100, 300)
    opened_day: Limits = Limits(400, 1_000)
    exported_hour: Limits = Limits(20_000, 100_000)
    exported_day: Limits = Limits(50_000, 200_000)


@cache
def thresholds() -> Thresholds:
    """Return the thresholds of the file named by REPORT_THRESHOLDS, else of thresholds.toml. Raises SettingsError."""
    file = Path(os.environ.get(VARIABLE, _FILE))
    try:
        return read(read_toml(file))
    except BrokenSettings as error:
        raise SettingsError(str(error)) from error
    except (OSError, SettingsError) as error:
        raise SettingsError(f"{file}: {error}") from error


def read(said: dict[str, Any]) -> Thresholds:
    """Return thresholds from tables of amber and red; missing values keep their defaults. Raises SettingsError."""
    default = {field.name: field.default for field in fields(Thresholds)}
    for name, table in said.items():
        if name not in default or not isinstance(table, dict) or table.keys() - {"amber", "red"}:
            raise SettingsError(f"[{name}] is not a setting: {', '.join(default)} have amber and red.")
        limits = vars(default[name]) | table
        if not all(type(value) in {int, float} for value in limits.values()) or not 0 < limits["amber"] < limits["red"]:
            raise SettingsError(f"[{name}] needs two numbers: amber above 0 and below red.")
        default[name] = Limits(**limits)
    return Thresholds(**default)  # type: ignore[arg-type]
