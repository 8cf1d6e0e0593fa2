"""The gate's refusals: HTTP's status, the words for the viewer, and the reason in the access log."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from ui.base.i18n import LANGUAGES, _, speaking


@dataclass(frozen=True)
class Refusal:
    """A refused request: HTTP's status, what the viewer can do, and the reason in the access log."""

    status: int
    words: Callable[[], str]
    noted: str = ""
    retry_after: int | None = None

    def in_all_languages(self) -> str:
        """Return what the viewer can do, in every language of the dashboard: the viewer's is not known yet."""
        said = []
        for language in LANGUAGES:
            with speaking(language):
                said.append(self.words())
        return "\n\n".join(said) + "\n"


def _stranger() -> str:
    return _(
        "This dashboard answers only to the machine it runs on. To open it to others, set up sign-in in "
        ".streamlit/secrets.toml, or start it with --open: then whoever reaches it sees everything."
    )


def _other_name() -> str:
    return _("Open this dashboard as localhost: by any other name it does not answer until sign-in is set up.")


def _locked() -> str:
    return _(
        "This dashboard is locked, because nobody has to sign in. Open the one-time address that it printed when it "
        "started, with its token. Once that was used, start it again for a new one, or set up sign-in in "
        ".streamlit/secrets.toml."
    )


def _by_a_proxy() -> str:
    return _(
        "The demonstration city answers only to a browser on its own machine, not through a proxy. Open the one-time "
        "address that the dashboard printed when it started, or set up sign-in in .streamlit/secrets.toml."
    )


def _not_proven() -> str:
    return _("Who you are is not proven, or no longer. Sign in again at the city's gateway.")


def _not_the_proxy() -> str:
    return _("This dashboard is reached through the city's own gateway only, not at this address.")


def _unclear_proxy() -> str:
    return _("It is not clear who passed this request on. Start the dashboard with FORWARDED_ALLOW_IPS set to nothing.")


def _foreign_page() -> str:
    return _("A page of another site may not open this dashboard.")


def _nothing_here() -> str:
    return _("There is nothing here.")


def _not_understood() -> str:
    return _("This address is not understood.")


def _too_often() -> str:
    return _("Too many requests in a short time. Please wait a little and try again.")


def _too_many_open() -> str:
    return _("Too many pages are open from your account or your address. Close some of them.")


NOT_FROM_HERE = Refusal(403, _stranger, "not from this machine")
OTHER_NAME = Refusal(403, _other_name, "by a foreign name")
LOCKED = Refusal(403, _locked, "without the one-time address")
BY_A_PROXY = Refusal(403, _by_a_proxy, "passed on by a proxy")
NOT_THE_PROXY = Refusal(403, _not_the_proxy, "not by the proxy")
UNCLEAR_PROXY = Refusal(403, _unclear_proxy, "an unclear proxy")
FOREIGN_PAGE = Refusal(403, _foreign_page, "a page of another site")
NOTHING_HERE = Refusal(404, _nothing_here)
NOT_UNDERSTOOD = Refusal(400, _not_understood)
TOO_MANY_OPEN = Refusal(429, _too_many_open, "too many open pages")


def not_proven(why: str) -> Refusal:
    """Return the refusal of a viewer without proof of identity; the log gets `why`."""
    return Refusal(401, _not_proven, why)


def too_often(seconds: float) -> Refusal:
    """Return the refusal of too many requests; it names the seconds until the next is allowed."""
    return Refusal(429, _too_often, "too many requests", ceil(seconds))
