"""Fair ranking: shrinkage, intervals, places, change and expectation, by hand, by property and by simulation."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.special import betainc, betaln

from bench.ranking import City, simulate
from queries.figures.ranking import (
    FEWEST_OPEN,
    changed,
    expected,
    probability_of_more,
    ranked,
    ratio,
    shrunk,
)
from ui.unit.best_and_worst import best

counts = st.lists(
    st.integers(1, 400).flatmap(lambda opened: st.tuples(st.integers(0, opened), st.just(opened))),
    min_size=1,
    max_size=40,
)
derandomised = settings(derandomize=True, deadline=None, max_examples=40)


def units(*parts: tuple[int, int]) -> pd.DataFrame:
    table = pd.DataFrame(parts, columns=["overdue", "open"])
    return table.assign(code=[f"u{number}" for number in range(len(parts))], key=range(len(parts)), no_deadline=0)


@given(counts)
@derandomised
def test_an_adjusted_share_lies_in_its_interval_and_from_0_to_1(parts: list[tuple[int, int]]) -> None:
    table = shrunk(units(*parts))
    assert table[["fair_share", "low", "high"]].notna().all(axis=None)
    assert (table["low"] >= 0).all()
    assert (table["low"] <= table["fair_share"]).all()
    assert (table["fair_share"] <= table["high"]).all()
    assert (table["high"] <= 1).all()


@given(counts)
@derandomised
def test_more_overdue_of_as_many_open_is_never_a_better_place(parts: list[tuple[int, int]]) -> None:
    table = ranked(units(*parts))
    for _opened, same in table.groupby("open"):
        behind = same.sort_values("overdue")
        assert behind["fair_share"].round(12).is_monotonic_increasing


@given(counts)
@derandomised
def test_places_depend_on_the_counts_alone(parts: list[tuple[int, int]]) -> None:
    table, turned = ranked(units(*parts)), ranked(units(*parts[::-1]))
    assert table["place"].fillna(0).tolist() == turned["place"].fillna(0).tolist()
    assert table["overdue"].tolist() == turned["overdue"].tolist()
    assert table["place"].notna().tolist() == sorted((table["open"] >= FEWEST_OPEN).tolist(), reverse=True)


@pytest.mark.parametrize("parts", [[], [(0, 1)], [(1, 1)], [(13, 17)], [(0, 10)] * 5, [(10, 10)] * 6, [(5, 10)] * 4])
def test_where_counts_say_nothing_about_the_spread_the_prior_decides(parts: list[tuple[int, int]]) -> None:
    table = shrunk(units(*parts))
    assert len(table) == len(parts)
    for row in table.to_dict("records"):
        assert 0 <= row["low"] <= row["fair_share"] <= row["high"] <= 1
        assert abs(row["fair_share"] - row["overdue"] / row["open"]) < 0.25


def test_few_cases_are_shrunk_more_than_many() -> None:
    table = shrunk(units((4, 5), (80, 100), *[(5, 50)] * 20)).set_index("code")
    pulled = table["overdue"] / table["open"] - table["fair_share"]
    assert pulled["u0"] > 4 * pulled["u1"] > 0
    assert table["high"]["u0"] - table["low"]["u0"] > 2 * (table["high"]["u1"] - table["low"]["u1"])


def test_many_cases_are_hardly_shrunk() -> None:
    table = shrunk(units((20_000, 100_000), (25_000, 100_000), (2, 10)))
    assert table["fair_share"].iloc[:2].tolist() == pytest.approx([0.2, 0.25], abs=0.001)
    assert (table["high"] - table["low"]).iloc[0] < 0.006


def test_the_posterior_is_that_of_every_mean_and_spread_on_a_fine_grid() -> None:
    """No optimum, curvature or moments: each mean from 0 to 1, each spread from 0 to the largest, on a grid."""
    parts = [(13, 17), (7, 11), (4, 7), (1, 40), (0, 35), (2, 60), (1, 30), (0, 20), (3, 25), (1, 12)]
    mean, spread = (axis.ravel()[:, None] for axis in np.meshgrid(*[(np.arange(60) + 0.5) / 60] * 2))
    size = spread**-2 - 1
    overdue, opened = np.array(parts, dtype=float).T
    a, b = mean * size + overdue, (1 - mean) * size + opened - overdue
    likelihood = (betaln(a, b) - betaln(mean * size, (1 - mean) * size)).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    table = shrunk(units(*parts))
    assert table["fair_share"].to_numpy() == pytest.approx(weight @ (a / (a + b)), abs=0.002)
    for name, tail in (("low", 0.05), ("high", 0.95)):
        under, over = np.zeros(10), np.ones(10)
        for _halving in range(14):
            middle = (under + over) / 2
            less = weight @ betainc(a, b, middle) < tail
            under, over = np.where(less, middle, under), np.where(less, over, middle)
        assert table[name].to_numpy() == pytest.approx(under, abs=0.004)


def test_equal_counts_have_equal_places_and_the_best_are_none_of_the_furthest_behind() -> None:
    table = ranked(
        units((0, 10), (5, 10), (0, 40), (10, 20), (4, 4), (3, 10), (2, 10), (0, 5), (1, 10), (1, 10)), "naive"
    )
    assert table["code"].tolist() == ["u3", "u1", "u5", "u6", "u8", "u9", "u2", "u0", "u7", "u4"]
    assert table["place"].fillna(0).tolist() == [1, 1, 3, 4, 5, 5, 7, 7, 7, 0]
    assert best(table)["code"].tolist() == ["u2", "u0", "u7", "u9"]
    fair = ranked(table)
    assert fair["code"].tolist() == ["u3", "u1", "u5", "u6", "u8", "u9", "u7", "u0", "u2", "u4"]
    assert fair["place"].fillna(0).tolist() == [1, 2, 3, 4, 5, 5, 7, 8, 9, 0], "10 of 20 says more than 5 of 10"
    assert best(fair)["code"].tolist() == ["u2", "u0", "u7", "u9"]


def test_the_naive_order_stands_beside_the_fair_one() -> None:
    table = ranked(units((3, 5), (55, 100), *[(5, 50)] * 30), "naive").set_index("code")
    places = table[["naive_place", "fair_place", "place"]].astype(int)
    assert places.loc[["u0", "u1"]].to_numpy().tolist() == [[1, 2, 1], [2, 1, 2]]


def test_a_change_is_named_only_if_it_is_certain() -> None:
    others = [(5, 50)] * 20
    before = ranked(units((10, 40), (30, 40), (2, 8), (10, 40), (1, 2), *others))
    now = ranked(units((30, 40), (10, 40), (3, 8), (12, 40), (4, 8), *others))
    table = changed(now, before[before["code"] != "u3"]).set_index("code")
    assert table["change"][["u0", "u1", "u2", "u3", "u4"]].tolist() == ["worse", "better", "unclear", None, None]
    assert table["rose"]["u0"] > 0.99
    assert table["rose"]["u1"] < 0.01
    assert 0.5 < table["rose"]["u2"] < 0.9
    assert table["rose"][["u3", "u4"]].isna().all()
    assert table["place_before"][["u0", "u1"]].tolist() == [
        before.set_index("code")["place"][code] for code in ("u0", "u1")
    ]


def test_a_place_can_change_much_where_the_share_says_nothing_clear() -> None:
    crowd = [(2 + number % 3, 30) for number in range(60)]
    table = changed(ranked(units((2, 8), *crowd)), ranked(units((0, 8), *crowd))).set_index("code")
    assert table["place_before"]["u0"] - table["place"]["u0"] > 20
    assert table["change"]["u0"] == "unclear"


def test_the_probability_of_a_rise_equals_that_of_many_draws() -> None:
    rng = np.random.default_rng(20240831)
    alpha, beta = np.array([[13.0, 1.0, 0.3, 5.0, 400.0], [4.0, 30.0, 20.0, 5.0, 800.0]])
    alpha_before, beta_before = np.array([[5.0, 2.0, 0.5, 5.0, 380.0], [12.0, 28.0, 20.0, 5.0, 820.0]])
    draws = (200_000, 5)
    drawn = (rng.beta(alpha, beta, draws) > rng.beta(alpha_before, beta_before, draws)).mean(axis=0)
    assert probability_of_more(alpha, beta, alpha_before, beta_before) == pytest.approx(drawn, abs=0.008)


def test_the_mix_predicts_what_the_city_share_of_each_category_would_make_overdue() -> None:
    city = pd.DataFrame({"category_id": [1, 2, 3], "open": [100, 50, 10], "overdue": [10, 25, 0]})
    mix = pd.DataFrame(
        {"key": [7, 7, 8, 9, 9], "category_id": [1, 2, 3, 1, 4], "open": [20, 4, 9, 5, 3], "overdue": [9, 1, 0, 2, 1]}
    )
    predicted = expected(mix, city)
    assert predicted.to_dict() == {7: 20 * 0.1 + 4 * 0.5, 8: 0.0, 9: 0.5}
    table = pd.DataFrame({"overdue": [10, 0, 3]}, index=predicted.index).assign(expected=predicted)
    assert ratio(table)[7] == 2.5
    assert ratio(table)[[8, 9]].isna().all(), "no ratio below one expected case"


def test_in_simulated_cities_intervals_cover_and_the_worst_are_found() -> None:
    found = simulate(City(units=40, fewest=5, most=300, share=0.2, size=20), runs=60, seed=1)
    assert 0.86 <= found.coverage <= 0.94
    assert found.fair.wronged < found.naive.wronged
    assert found.fair.share_of_first > found.naive.share_of_first
