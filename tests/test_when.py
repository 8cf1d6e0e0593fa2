"""The choice of period and moment: a choice is written into the address, and the address is what is shown."""

from datetime import date, datetime
from typing import Any

from streamlit.testing.v1 import AppTest


def when_page() -> None:
    """A page with the controls only, at 10:00 on Wednesday, 18 November 2026."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import streamlit as st

    from queries.figures.figures import City
    from ui.address import when
    from ui.address.url_filters import parse_filters

    now = datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    city = City("test", "Thành phố", "City", "Asia/Ho_Chi_Minh", False, None, None, now, "VN")
    query = {word: st.query_params.get_all(word) for word in st.query_params}
    found = parse_filters(query, reports=None, city=city, now=now)  # type: ignore[arg-type]
    understood = found.understood(query)
    when.period(found, city, understood)
    when.at(found, city, understood, now=now)
    st.text(" | ".join(when.said(found, city, understood, period=True)))
    st.text(" | ".join(when.told(remark, found, city) for remark in found.remarks))


def page(**query: str) -> AppTest:
    opened = AppTest.from_function(when_page, default_timeout=30)
    for word, value in query.items():
        opened.query_params[word] = value
    return opened.run()


def picked(opened: AppTest) -> Any:
    """Return the moment in the field."""
    field: Any = opened.get("date_time_input")[0]
    return field.value


def control(opened: AppTest, kind: str, word: str) -> Any:
    """Return the control for a parameter of the address; its key depends on that address, too."""
    return next(one for one in getattr(opened, kind) if one.key.startswith(f"choose_{word}_"))


def address(opened: AppTest) -> dict[str, Any]:
    assert not opened.exception
    return {word: values[0] if isinstance(values, list) else values for word, values in opened.query_params.items()}


def test_a_named_period_replaces_chosen_days_and_returns_to_the_first_page() -> None:
    opened = page(**{"from": "2026-11-01", "to": "2026-11-14", "page": "7", "tab": "x"})
    assert control(opened, "radio", "reporting").value is None
    control(opened, "radio", "reporting").set_value("last-report-month").run()
    assert address(opened) == {"tab": "x", "period": "last-report-month"}
    assert control(opened, "radio", "reporting").value == "last-report-month"
    assert control(opened, "date_input", "from").value == date(2026, 10, 15)
    assert control(opened, "date_input", "to").value == date(2026, 11, 14)
    control(opened, "button_group", "rolling").set_value("30d").run()
    assert address(opened) == {"tab": "x"}, "the default period is not in the address"


def test_chosen_days_are_in_the_address_including_the_last_one() -> None:
    opened = page(period="last-month", tab="x")
    control(opened, "date_input", "to").set_value(date(2026, 10, 14)).run()
    assert address(opened) == {"tab": "x", "from": "2026-10-01", "to": "2026-10-14"}
    assert opened.text[0].value == "01/10/2026 – 14/10/2026"
    control(opened, "date_input", "to").set_value(date(2026, 11, 18)).run()
    assert address(opened) == {"tab": "x", "from": "2026-10-01"}, '"up to today" follows the moment'
    control(opened, "date_input", "to").set_value(date(2026, 9, 30)).run()
    assert address(opened) == {"tab": "x", "from": "2026-09-30", "to": "2026-09-30"}, "the start is never after the end"
    control(opened, "date_input", "from").set_value(None).run()
    assert address(opened) == {"tab": "x"}


def test_a_chosen_moment_is_in_the_address_until_now_is_chosen() -> None:
    opened = page(tab="x")
    assert opened.button(key="at_now").disabled
    assert picked(opened) is None
    opened.button(key="at_monday").click().run()
    assert address(opened) == {"tab": "x", "at": "2026-11-16T08:00"}
    assert opened.text[0].value == "30 ngày | 16/11/2026 08:00"
    assert picked(opened) == datetime(2026, 11, 16, 8)  # noqa: DTZ001  the city's own time
    opened.button(key="at_now").click().run()
    assert address(opened) == {"tab": "x"}


def test_unusable_times_of_an_address_are_reported() -> None:
    def told(**query: str) -> str:
        opened = page(lang="en", **query)
        assert not opened.exception
        return str(opened.text[1].value)

    assert told() == ""
    assert told(at="02/11/2026 08:00") == ""
    assert told(at="2026-11-02T08:00:00 07:00") == ""
    assert told(at="31/02/2026") == ("“31/02/2026” cannot be read as a date and time. Write it like 18/11/2026 10:00.")
    assert told(at="2999-01-01") == "“2999-01-01” is in the future. The page shows the present, 18/11/2026 10:00."
    assert told(**{"from": "14/11/2026", "to": "01/11/2026"}) == (
        "The period “14/11/2026 – 01/11/2026” begins after it ends, or after the moment shown. "
        "The page shows 20/10/2026 – 18/11/2026 10:00."
    )
    assert told(**{"from": "01/11/2026", "to": "30/11/2026"}) == (
        "The period ends at “30/11/2026”, after the moment shown. It is counted up to 18/11/2026 10:00."
    )
    assert told(**{"from": "01/11/2026", "to": "18/11/2026"}) == "", "today may be incomplete"
