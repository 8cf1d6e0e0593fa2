"""The steps of one report in their order: those of its file, those told apart, and none that cannot have happened."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from reportdb.steps.step import ENDS, MOVES, NO_TIME, State, Step, Terms, Told


def intake(told: Told) -> State:
    """Return what a report was when it was submitted, as far as its steps and its file tell.

    What a step was before the first change of it counts; else the file's value, unless that is what the report became.
    """
    steps = sorted(told.steps, key=Step.order)
    moves = [step for step in steps if step.kind in MOVES]
    seen_anew = [step for step in steps if step.kind == "recategorised"]
    dues = [step for step in steps if step.due_at]
    unit, category, severity, due = told.unit, told.category, told.severity, told.due_at
    if moves:
        first, last = moves[0], moves[-1]
        unknown = first.kind == "routed" or last.to_unit == told.unit
        unit = first.from_unit or (None if unknown else told.unit)
    if seen_anew:
        category, severity = seen_anew[0].category_before or category, seen_anew[0].severity_before or severity
    if dues:
        later = due is None or dues[0].due_at is None or due >= dues[0].due_at
        due = dues[0].due_before or (None if later else due)
    # A file that says "in progress" and tells no receipt says it of the whole time.
    silent = told.status == "in_progress" and not _tells_receipt(told)
    return State(
        category=category,
        severity=severity,
        unit=unit,
        terms=Terms(None, told.receive_due_at, due),
        status="in_progress" if silent else "waiting",
        reopen_count=max(0, told.reopen_count - sum(step.kind == "reopened" for step in steps)),
        transfer_count=max(0, told.transfer_count - sum(step.kind == "transferred" for step in steps)),
    )


def give_times(told: Told) -> Counter[str]:
    """Give each rating and answer without a time of its own the one at which the report ended.

    Returns how many have none, because the report is open; they are left out.
    """
    ends = [step.at for step in told.steps if step.kind in ENDS]
    end = max(ends) if ends else told.ended_at
    timeless = [step for step in told.steps if step.at is NO_TIME]
    for step in timeless:
        step.at = end or NO_TIME
    told.steps = [step for step in told.steps if step.at is not NO_TIME]
    return Counter({f"{step.kind} without a time, and open": 1 for step in timeless if step.at is NO_TIME})


def sequence(told: Told, first: State) -> tuple[list[Step], Counter[str]]:
    """Return the steps that a report took, in order; and how many of those told do not fit, by reason.

    A step that does not fit what the report was then is left out. What a step does not say is taken from what the
    report was: who gave it away, to whom it came back.
    """
    for step in told.steps:
        step.at = max(step.at, told.submitted_at)
    waiting = sorted([*told.steps, *_of_the_file(told, told.steps)], key=Step.order)
    taken: list[Step] = []
    left_out: Counter[str] = Counter()
    course = _Course(first)
    while waiting:
        step = waiting.pop(_next(waiting, course.holder))
        reason = course.refuses(step, waiting)
        if reason:
            left_out[reason] += 1
        else:
            taken.append(course.take(step))
    return taken, left_out


def _tells_receipt(told: Told) -> bool:
    return told.received_at is not None or any(step.kind == "received" for step in told.steps)


def _of_the_file(told: Told, own: Sequence[Step]) -> list[Step]:
    """Return the steps that the report's own row tells and its steps do not."""
    steps = [Step(told.submitted_at, "submitted")]
    if told.received_at and not any(step.kind == "received" for step in own):
        steps.append(Step(told.received_at, "received"))
    if told.ended_at and _end_counts(told.ended_at, own):
        steps.append(Step(told.ended_at, told.status))
    return steps


def _end_counts(ended_at: datetime, own: Sequence[Step]) -> bool:
    """Return whether the end of the report's own row is one that its steps do not tell: the last, or the first."""
    turns = sorted((step for step in own if step.kind in ENDS or step.kind == "reopened"), key=Step.order)
    if not turns:
        return True
    before_the_first = turns[0].kind == "reopened" and ended_at <= turns[0].at
    return before_the_first or (turns[-1].kind == "reopened" and ended_at > turns[-1].at)


def _next(waiting: Sequence[Step], holder: int | None) -> int:
    """Return which step comes next: of several moves at one time, the one away from the holder."""
    first = waiting[0]
    if first.kind not in MOVES or first.from_unit in {None, holder}:
        return 0
    for n, step in enumerate(waiting):
        if step.order()[:5] != first.order()[:5]:
            break
        if step.from_unit == holder:
            return n
    return 0


class _Course:
    """What decides whether a report can take a step."""

    def __init__(self, first: State) -> None:
        self.holder = first.unit
        self._escalated_by: int | None = None
        self._escalated = self._ended = self._paused = self._received = False

    def refuses(self, step: Step, later: Sequence[Step]) -> str | None:
        """Return why a step does not fit, or None."""
        kind, same = step.kind, step.to_unit is not None and step.to_unit == self.holder
        if kind == "rated":
            replaced = any(other.kind == "rated" for other in _until_reopened(later))
            return "a later rating counts" if replaced else None
        if kind in {"reopened", "informed", "answered", "submitted"}:
            return None
        reasons = {
            f"{kind} after its end": self._ended,
            "received twice": kind == "received" and self._received,
            "paused twice": kind == "paused" and self._paused,
            "resumed without a pause": kind == "resumed" and not self._paused,
            "returned without an escalation": kind == "returned" and not self._escalated,
            f"{kind} to the unit that holds it": kind in {"transferred", "escalated"} and same,
            "escalated by nobody known": kind == "escalated" and (self.holder or step.from_unit) is None,
        }
        return next((reason for reason, refused in reasons.items() if refused), None)

    def take(self, step: Step) -> Step:
        """Take a step, and return it, given its units: who gave the report away, and who has it."""
        holder, target = self.holder or step.from_unit, step.to_unit
        if step.kind == "returned" and target is None:
            target = self._escalated_by
        match step.kind:
            case "received":
                self._received = True
            case "transferred":
                self._received = False
            case "escalated":
                self._escalated, self._escalated_by = True, holder
            case "returned":
                self._escalated, self._escalated_by = False, None
            case "paused" | "resumed":
                self._paused = step.kind == "paused"
            case "resolved" | "refused":
                self._ended, self._paused = True, False
            case "reopened":
                self._ended = False
        if step.kind in MOVES:
            self.holder = target
            step.from_unit, step.to_unit = None if step.kind == "routed" else holder, target
        elif step.kind in {"submitted", "rated"}:
            step.from_unit = step.to_unit = None
        elif step.kind in {"received", "reopened"}:
            step.from_unit, step.to_unit = None, holder
        else:
            step.from_unit, step.to_unit = holder, None
        return step


def _until_reopened(steps: Sequence[Step]) -> list[Step]:
    end = next((n for n, step in enumerate(steps) if step.kind == "reopened"), len(steps))
    return list(steps[:end])
