"""Controls whose choice lives in the address: they show what stands there and write there what is chosen.

Streamlit's own binding of a control to the address would write the labels, which change with the language.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from ui.asked import split
from ui.panel import panel

PAGE = "page"
"""What an address calls the page of a list."""


def one_of(
    label: str,
    word: str,
    options: Sequence[str],
    *,
    usual: str,
    words: Callable[[str], str],
    says: bool = True,
) -> str:
    """Draw a choice of one and return it. `word` is its name in the address, which leaves the `usual` one out.

    What stands in the address and is none of the options counts as the usual one, and that is said below unless
    somebody else `says` so.
    """
    stands = st.query_params.get(word)
    chosen = stands if stands is not None and stands in options else usual
    if says and stands not in {None, "", *options}:
        panel("notice", key=f"notice_{word}", words=stands)
    st.session_state[f"choose_{word}"] = chosen
    st.segmented_control(
        label,
        options,
        required=True,
        format_func=words,
        key=f"choose_{word}",
        on_change=_write,
        args=(word, usual),
    )
    return chosen


def some_of(label: str, word: str, options: Sequence[str], *, words: Callable[[str], str], nothing: str) -> list[str]:
    """Draw a choice of any number and return them; `nothing` stands in it while none is chosen."""
    stands = [option for option in split(st.query_params.get_all(word), options) if option in options]
    st.session_state[f"choose_{word}"] = stands
    st.multiselect(
        label,
        options,
        format_func=words,
        placeholder=nothing,
        key=f"choose_{word}",
        select_all=False,
        on_change=_write,
        args=(word, None),
    )
    return stands


def words_of(label: str, word: str, *, example: str) -> str:
    """Draw a field for words and return them."""
    stands = st.query_params.get(word, "")
    st.session_state[f"choose_{word}"] = stands
    st.text_input(label, placeholder=example, key=f"choose_{word}", on_change=_write, args=(word, ""))
    return stands


def shows(key: str, value: object) -> None:
    """Have a control show a value. One that shows it already is left alone: a refresh takes nothing away that is being
    typed.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def rewrite(**words: str | None) -> None:
    """Write words into the address, all at once: one entry of the browser's history. None takes a word out.

    A list begins at its first page again.
    """
    stands = {word: st.query_params.get_all(word) for word in st.query_params if word not in {PAGE, *words}}
    st.query_params.from_dict(stands | {word: value for word, value in words.items() if value is not None})


def _write(word: str, usual: str | None) -> None:
    chosen = st.session_state[f"choose_{word}"]
    if word != "lang":
        st.query_params.pop(PAGE, None)  # of another list
    if not chosen or chosen == usual:
        st.query_params.pop(word, None)
    else:
        st.query_params[word] = chosen
