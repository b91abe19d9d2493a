"""Two sides of the workbench compared: each by an engine of its own, told as soon as both have run."""

from __future__ import annotations

from collections.abc import Callable

from lstm_tui.comparing.judging import judged
from lstm_tui.comparing.running import Engines, OnProgress, Ran, ran
from lstm_tui.errors import LstmTuiError, UsageError
from lstm_tui.recurrent.divergence import Course, Divergence
from lstm_tui.recurrent.side_facts import input_facts
from lstm_tui.recurrent.sides import Sides, where_to_look
from lstm_tui.session.comparing import plan_of
from lstm_tui.session.sides import Case

Courses = tuple[Course, Course]


def compare_cases(
    cases: tuple[Case, Case],
    memory: int,
    engines: Engines,
    on_progress: OnProgress,
    on_courses: Callable[[Courses, Divergence | None], None],
) -> tuple[Sides, Courses]:
    """Where the two part and why, and what both computed. memory: bytes that a recording may take.

    on_courses: told where they first part before the cause is looked for.
    Raises: LstmTuiError where a side cannot be run.
    """

    def side(case: Case) -> Ran:
        on_progress(f"running {case.name}", None)
        ask = engines(case.model)
        try:
            return ran(case.model, lambda facts: plan_of(case, facts, memory), ask, on_progress)
        except LstmTuiError as error:
            reason = f"{case.name}: {error.happened}"
            raise UsageError(reason, expected=error.expected, todo=error.todo) from error

    one, other = (side(case) for case in cases)
    courses = (one.course, other.course)
    first = where_to_look(courses, tuple(input_facts(one.inputs, other.inputs)))
    on_courses(courses, first(*courses))
    return judged((cases[0].name, cases[1].name), one, other)
