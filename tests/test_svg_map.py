"""Names on a drawn map: every area has one, none overlap, and one that does not fit is placed beside the map."""

import pytest

from ui.map.map_data import around
from ui.map.svg_map import Label, Plan, plan_of, set_labels, width

SIZE = 29.0
PLAN = Plan(west=105.0, north=21.5, east_scale=1000, north_scale=1000, wide=900, high=1000)
SMALL = [
    Label(f"Quận {number}", "12,5%", (430 + 25 * (number % 4), 480 + 25 * (number // 4)), 12) for number in range(12)
]
LARGE = [Label("Ba Vì", "0,0%", (100, 300), 90), Label("Sóc Sơn", "7,1%", (600, 90), 80)]


def boxes(labels: list[Label]) -> list[tuple[float, float, float, float]]:
    """Return the boxes of names' letters: one line beside the map, two in an area."""
    found = []
    for label in labels:
        wide = len(f"{label.name} {label.note}" if label.beside else label.name) * SIZE * 0.5
        x = label.x + wide / 2 if label.beside else label.x
        found.append(around(x, label.y, wide, SIZE * (1 if label.beside else 1.8)))
    return found


def test_every_area_is_named_and_no_names_overlap() -> None:
    placed = set_labels([*LARGE, *SMALL], PLAN, SIZE)
    assert sorted(label.name for label in placed) == sorted(label.name for label in [*LARGE, *SMALL])
    drawn = boxes(placed)
    for number, one in enumerate(drawn):
        for other in drawn[:number]:
            assert not (one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])


def test_a_name_that_does_not_fit_is_beside_the_map_at_its_areas_height() -> None:
    placed = {label.name: label for label in set_labels([*LARGE, *SMALL], PLAN, SIZE)}
    assert not placed["Ba Vì"].beside
    beside = [label for label in placed.values() if label.beside]
    assert {label.name for label in beside} == {label.name for label in SMALL}
    assert [label.at[1] for label in beside] == sorted(label.at[1] for label in beside), (
        "lines do not cross for nothing"
    )
    assert all(label.x > PLAN.wide for label in beside)
    assert all(SIZE <= label.y <= PLAN.high for label in beside)
    assert width(list(placed.values()), PLAN, SIZE) > PLAN.wide


def test_of_too_many_names_the_least_important_are_left_out() -> None:
    many = [Label(f"Xã {number}", "", (450, 500), 5) for number in range(100)]
    placed = set_labels(many, PLAN, SIZE)
    assert [label.name for label in placed] == [f"Xã {number}" for number in range(len(placed))]
    assert 20 < len(placed) < 40
    assert len({label.y for label in placed}) == len(placed)
    assert min(label.y for label in placed) >= SIZE


@pytest.mark.parametrize(("east", "south"), [(106.0, 20.5), (107.5, 21.0), (105.2, 20.0)])
def test_a_plan_fills_the_drawing_and_keeps_its_proportions(east: float, south: float) -> None:
    plan = plan_of([(105.0, 21.5), (east, south)])
    assert max(plan.wide, plan.high) == pytest.approx(1000, abs=0.1)
    assert plan.place(105.0, 21.5) == (0, 0)
    assert plan.place(east, south) == pytest.approx((plan.wide, plan.high), abs=0.2)
