"""Controls whose choice lives in the address alone: they show what stands there, and a click leads to another address.

The browser writes the address (ui/address/choices.js), never the server. A control of Streamlit's own has a state
beside the address; where the viewer goes Back quickly, that state arrives with the address of another page, and the
choices of one page end in the address of the other.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from queries.figures.figures import plain
from ui.address.links import address
from ui.address.url_filters import split
from ui.base.html_panel import panel

PAGE = "page"
"""What an address calls the page of a list."""
BEFORE = "before"
"""The same of a list that goes on from a line: before which."""
_KEEPS_PAGE = "lang"
"""The word whose change leaves a list as it is, but for its language."""


def one_of(
    label: str,
    word: str,
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str],
    says: bool = True,
) -> str:
    """Draw a choice of one and return it. `word` is its name in the address, which leaves the `default` one out.

    What stands in the address and is none of the options counts as the usual one, and that is said below unless
    somebody else `says` so.
    """
    stands = st.query_params.get(word)
    chosen = stands if stands is not None and stands in options else default
    if says and stands not in {None, "", *options}:
        panel("notice", key=f"notice_{word}", words=stands)
    panel(
        "choose_one",
        key=f"choose_{word}",
        width="content",
        label=label,
        word=word,
        options=[
            {
                "words": words(option),
                "value": "" if option == default else option,
                "href": _with(word, None if option == default else option),
                "here": option == chosen,
                "language": option if word == "lang" else "",
            }
            for option in options
        ],
    )
    return chosen


def some_of(label: str, word: str, options: Sequence[str], *, words: Callable[[str], str], nothing: str) -> list[str]:
    """Draw a choice of any number and return them; `nothing` stands in it while none is chosen.

    What is typed into it finds an option as a search does: without diacritics, in any case, each word by itself.
    """
    stands = [option for option in split(st.query_params.get_all(word), options) if option in options]
    panel(
        "choose_some",
        key=f"choose_{word}",
        label=label,
        word=word,
        nothing=nothing,
        options=[
            {"value": option, "words": words(option), "plain": plain(words(option)), "here": option in stands}
            for option in options
        ],
    )
    return stands


def words_of(label: str, word: str, *, example: str) -> str:
    """Draw a field for words and return them."""
    stands = st.query_params.get(word, "")
    panel("choose_words", key=f"choose_{word}", label=label, word=word, example=example, stands=stands)
    return stands


def rewrite(**words: str | None) -> None:
    """Write words into the address, all at once: one entry of the browser's history. None takes a word out.

    A list begins at its first page again.
    """
    stands = {word: st.query_params.get_all(word) for word in st.query_params if word not in {PAGE, *words}}
    st.query_params.from_dict(stands | {word: value for word, value in words.items() if value is not None})


def _with(word: str, value: str | None) -> str:
    """Return this page's address with another choice in it, None: without; at the first page of its list."""
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    if word != _KEEPS_PAGE:
        query = {key: value for key, value in query.items() if key not in {PAGE, BEFORE}}
    return address("?", **query | {word: value})
