"""The app's accounts, by district and day, fitted to the totals published for August 2024."""

from datetime import date

import numpy as np
import psycopg

from reportdb.demo_city.seed_data import facts, gazetteer
from reportdb.demo_city.store import copy_columns


def add_accounts(connection: psycopg.Connection, *, first: date, last: date) -> None:
    """Write the accounts at the end of each day from `first` to `last`, for every former district."""
    if last < first:
        return
    ids: dict[str, int] = dict(connection.execute("select code, id from area where level = 'district'").fetchall())
    published = facts("city")["accounts"]
    districts = [place for place in gazetteer() if place.level == "district"]
    people = np.array([place.population for place in districts], dtype=float)
    citizens = np.array([published["named"].get(place.code, np.nan) for place in districts])
    rest = np.isnan(citizens)
    citizens[rest] = people[rest] / people[rest].sum() * (published["citizens"] - np.nansum(citizens))
    officials = people / people.sum() * published["officials"]
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    grown = _growth((days - np.datetime64(published["day"])).astype(float))
    launch = facts("city")["turns"]["launch"]
    before = (days - np.datetime64(launch)).astype(float) / (published["day"] - launch).days
    citizens_by_day = np.where(before < 1, np.maximum(before, 0), grown)[:, None] * citizens
    officials_by_day = np.where(before < 1, np.maximum(before, 0), 1 + 0.05 * (grown - 1))[:, None] * officials
    copy_columns(
        connection,
        "app_account",
        {
            "area_id": np.tile(np.array([ids[place.code] for place in districts]), len(days)),
            "day": np.repeat(days, len(districts)).astype(str).astype(object),
            "citizens": np.rint(citizens_by_day).astype(int).ravel(),
            "officials": np.rint(officials_by_day).astype(int).ravel(),
        },
    )


def _growth(days: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the growth factor of accounts, so many days after the published totals."""
    return np.asarray(1 + 2.1 * (1 - np.exp(-np.maximum(days, 0) / 520)))
