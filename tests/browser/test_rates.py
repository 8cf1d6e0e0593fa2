"""Every percentage a page shows has its numerator and its denominator beside it; the figure walk looks at each page."""

import pytest

from tests.browser.rates import proven


@pytest.mark.parametrize(
    ("rate", "beside", "holds"),
    [
        ("76.5%", "13/17 76.5%", True),
        ("76,5 %", "Đông Anh 13/17 76,5 %", True),
        ("62,5%", "1.250/2.000 62,5%", True),
        ("76.5%", "Đông Anh 76.5%", False),
        ("76.5%", "13 76.5%", False),
        ("11.1%", "135 of 1,441 = 11.1%", False),
        ("9.4%", "135 of 1,441 = 9.4%", True),
    ],
)
def test_a_rate_is_proven_by_two_numbers_beside_it(rate: str, beside: str, holds: bool) -> None:
    assert proven(rate, beside) == holds
