"""The states of a case in words and in panel tones, and the names of severities."""

from ui.base.i18n import _

TONES = {
    "overdue": "overdue",
    "due_soon": "due-soon",
    "in_time": "muted",
    "no_deadline": "muted",
    "refused": "muted",
    "resolved": "good",
    "resolved_on_time": "good",
    "resolved_late": "due-soon",
}


def severity(name: str) -> str:
    """Return a severity's name in the viewer's language, for use inside a sentence."""
    return {"urgent": _("urgent"), "complex": _("complex"), "normal": _("normal")}[name]


def state(name: str) -> str:
    """Return a state's name in the viewer's language."""
    return {
        "overdue": _("Overdue"),
        "due_soon": _("Due soon"),
        "in_time": _("In time"),
        "no_deadline": _("No deadline known"),
        "refused": _("Refused"),
        "resolved": _("Resolved"),
        "resolved_on_time": _("Resolved on time"),
        "resolved_late": _("Resolved late"),
    }[name]
