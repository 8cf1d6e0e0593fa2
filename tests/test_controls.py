"""Controls write what is chosen into the address, and nothing there that speaks of another choice."""

from streamlit.testing.v1 import AppTest


def controls() -> None:
    """A page of controls, as Streamlit runs it."""
    from ui.controls import one_of, some_of

    some_of("District", "district", ["a", "b"], words=str, nothing="all")
    one_of("Language", "lang", ["vi", "en"], usual="vi", words=str)


def test_another_choice_begins_at_the_first_page_of_its_list() -> None:
    page = AppTest.from_function(controls)
    page.query_params["page"] = "7"
    page.run()
    page.button_group(key="choose_lang").set_value("en").run()
    assert set(page.query_params) == {"page", "lang"}, "the same list in another language"
    page.multiselect(key="choose_district").set_value(["b"]).run()
    assert set(page.query_params) == {"lang", "district"}
