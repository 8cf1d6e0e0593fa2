"""Controls whose state is the address alone: they show its value, and a click leads to another address.

The browser writes the address (ui/address/choices.js), never the server. A Streamlit control has its own state besides
the address: after quick Backs that state arrives with another page's address, and one page's choices end up in the
other's address.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from queries.figures.figures import plain
from ui.address.links import address
from ui.address.url_filters import split
from ui.base.html_panel import panel

PAGE = "page"
"""The page number of a list in an address."""
BEFORE = "before"
"""The row before which a list continues, in an address."""
_KEEPS_PAGE = "lang"
"""The parameter whose change does not reset a list."""


def one_of(
    label: str,
    word: str,
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str],
    says: bool = True,
) -> str:
    """Draw a choice of one and return it. `word` is its parameter in the address; the `default` is left out of it.

    An unknown value in the address counts as the default; a note below says so unless another part of the page `says`
    so.
    """
    value = st.query_params.get(word)
    chosen = value if value is not None and value in options else default
    if says and value not in {None, "", *options}:
        panel("notice", key=f"notice_{word}", words=value)
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
    """Draw a choice of any number and return them; `nothing` is the placeholder while none is chosen.

    Typing filters the options as a search does: without diacritics, in any case, each word by itself.
    """
    chosen = [option for option in split(st.query_params.get_all(word), options) if option in options]
    panel(
        "choose_some",
        key=f"choose_{word}",
        label=label,
        word=word,
        nothing=nothing,
        options=[
            {"value": option, "words": words(option), "plain": plain(words(option)), "here": option in chosen}
            for option in options
        ],
    )
    return chosen


def words_of(label: str, word: str, *, example: str) -> str:
    """Draw a text field and return its value."""
    value = st.query_params.get(word, "")
    panel("choose_words", key=f"choose_{word}", label=label, word=word, example=example, value=value)
    return value


def rewrite(**words: str | None) -> None:
    """Write parameters into the address, all at once: one entry of the browser's history. None removes one.

    A list returns to its first page.
    """
    kept = {word: st.query_params.get_all(word) for word in st.query_params if word not in {PAGE, *words}}
    st.query_params.from_dict(kept | {word: value for word, value in words.items() if value is not None})


def _with(word: str, value: str | None) -> str:
    """Return this page's address with a parameter changed (None: removed), at the first page of its list."""
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    if word != _KEEPS_PAGE:
        query = {key: value for key, value in query.items() if key not in {PAGE, BEFORE}}
    return address("?", **query | {word: value})
