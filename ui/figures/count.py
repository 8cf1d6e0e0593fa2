"""A number that opens the cases it counts: the one way in which a figure reaches a template."""

from dataclasses import dataclass
from typing import Any

from ui.address.links import address, carried
from ui.base.i18n import number
from ui.base.page_paths import CASES
from ui.base.run import Run


@dataclass(frozen=True)
class Count:
    """A number of reports of a figure and the address of its cases, as figures/count.html draws it.

    `text` stands in the place of the number, such as "13/17".
    """

    figure: str
    count: int
    href: str
    text: str = ""

    @property
    def words(self) -> str:
        """The number as the viewer reads it: rounded, or few, where the viewer may not read the cases."""
        return self.text or number(self.count)


def counted(run: Run, figure: str, figures: Any) -> Count:
    """Return a figure's number, of a row of figures, with the way to its cases."""
    return count_of(run, figure, figures[figure])


def count_of(run: Run, figure: str, count: Any, **choices: Any) -> Count:
    """Return a number with the link to its cases; a None in `choices` removes that parameter from the address."""
    return Count(figure, int(count), address(CASES, **{"figure": figure} | carried(run) | choices))
