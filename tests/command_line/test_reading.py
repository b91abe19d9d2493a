"""What typed lines mean, and how those that mean nothing are answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.command_line.completion import completions, shared_start
from lstm_tui.command_line.reading import WORDS, understood
from lstm_tui.command_line.word import FollowSource, Leave, OpenFile, SaveTo
from lstm_tui.errors import CommandLineError, LstmTuiError
from lstm_tui.recurrent.calls import CallOutcome, Run
from lstm_tui.session.commands import RunArrived, RunChecks
from lstm_tui.session.state import Session
from lstm_tui.session.update import update


def after(session: Session, line: str) -> Session:
    """The session once the commands of `line` have been taken in."""
    for command in understood(line, session).commands:
        session, _ = update(session, command)
    return session


def answer(session: Session, line: str) -> str:
    said = understood(line, session)
    assert said.show is not None
    return said.show(after(session, line))


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("goto 3", 3),
        ("goto -1", 9),
        ("goto end", 9),
        ("step", 1),
        (":step 4", 4),
        ("  g 7 ", 7),
        ("step 99", 9),
    ],
)
def test_words_that_move_in_time(session: Session, line: str, step: int) -> None:
    assert after(session, line).cursor.step == step


def test_back_goes_back(session: Session) -> None:
    assert after(after(session, "goto 5"), "back 2").cursor.step == 3


def test_layers_series_and_units_are_found_by_name(session: Session) -> None:
    assert after(session, "layer gru_1").cursor.layer == "gru_1"
    shown = after(after(session, "series f"), "unit 2")
    assert (shown.cursor.series, shown.cursor.unit) == ("f", 2)
    assert after(shown, "unit active").cursor.unit is None


def test_where_tells_the_place_and_the_largest_values_or_that_of_the_unit(session: Session) -> None:
    told = answer(session, "where")
    assert told.startswith("lstm_1 h, step 0 of 0 to 9\n")
    assert told.count("unit ") == 4
    assert answer(after(session, "unit 2"), "where").count("unit ") == 1


def test_samples_are_counted_from_0(session_of_two: Session) -> None:
    assert after(session_of_two, "sample 1").cursor.sample == 1
    with pytest.raises(CommandLineError, match="no sample 2"):
        understood("sample 2", session_of_two)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("goto 900", "there is no step 900"),
        ("goto soon", "a whole number"),
        ("layer lstm_9", "did you mean"),
        ("series q", "there is no series q"),
        ("unit 4000", "there is no unit 4000"),
        ("chekc", "did you mean check"),
        ("re", "may mean several words"),
        ("reshape windw: 3", "did you mean window"),
        ("reshape window:", "needs a value"),
        ("then", "there is no call"),
        ("then predikt", "did you mean predict"),
        ("undo", "nothing to undo"),
        ("undo it", "nothing is said behind it"),
        ("try", "there is no finding"),
        ("follow", "no file or folder is named"),
        ("follow off", "nothing is followed"),
        ("save case.txt", "no scenario's name"),
        ("view everything", "there is no view"),
        ("x" * 3000, "characters long"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_could_be(session: Session, line: str, told: str) -> None:
    with pytest.raises(LstmTuiError) as error:
        understood(line, session)
    assert told in str(error.value)


def test_actions_and_calls_are_written_as_in_a_scenario(session: Session) -> None:
    changed = after(session, "reshape last: 4")
    assert changed.plan is not None
    assert next(iter(changed.plan.run.inputs.values())).shape == (1, 4, 2)
    assert "4" in answer(changed, "edits")
    called = after(session, "then generate steps: 3")
    assert called.plan is not None
    assert len(called.plan.run.calls) == 2
    called = after(session, "then decode steps: 3, into: x, stop: 2")
    assert called.plan is not None
    assert called.plan.run.calls[-1].stop == 2  # type: ignore[union-attr]
    plan, shown = called.plan.run, session.run
    assert shown is not None
    written = CallOutcome("decode", {"y": np.ones((1, 3, 2)), "written": np.array([[4, 4, 2]])})
    answered, _ = update(called, RunArrived(Run(plan.key, (*shown.outcomes, written), shown.recording)))
    told = understood("then decode steps: 3, into: x, stop: 2", session).show
    assert told is not None
    assert "decode: y (1, 3, 2), written (1, 3): 4 4 2" in told(answered)
    again = after(session, "predict")
    assert again.plan is not None
    assert len(again.plan.run.calls) == 2
    assert after(again, "undo").history.done == ()


def test_what_is_tried_is_tried_where_the_cursor_is(session: Session) -> None:
    there = after(after(after(session, "layer lstm_1"), "series f"), "goto 4")
    clamped = after(after(there, "unit 2"), "clamp until: 7")
    assert [edit.describe() for edit in clamped.history.actions] == [
        "clamp lstm_1 f[2] at 1 from step 0 until 7"
    ]
    poked = after(there, "poke unit: all, to: 0.5")
    assert "poke lstm_1 c after step 4 to 0.5" in answer(poked, "edits")
    with pytest.raises(LstmTuiError, match="exactly one of to, by"):
        understood("nudge step: 3", there)
    _, (refused,) = update(there, understood("poke layer: lstm_2", there).commands[0])
    assert "did you mean lstm_1" in str(refused)


def test_the_checks_are_asked_for_once(session: Session) -> None:
    assert understood("check", session).commands == (RunChecks(),)
    assert answer(session, "check") == "the checks are running"


def test_files_are_left_to_who_has_them(session: Session) -> None:
    assert understood("save case.yaml", session).deed == SaveTo(Path("case.yaml"))
    assert understood("open x.npy", session).deed == OpenFile(Path("x.npy"))
    assert understood("quit", session).deed == Leave()
    assert understood("follow x.csv", session).deed == FollowSource(Path("x.csv"))


@pytest.mark.parametrize("line", ["", "   ", "# a comment", ":"])
def test_what_says_nothing_does_nothing(session: Session, line: str) -> None:
    assert understood(line, session).commands == ()


def test_help_names_every_word(session: Session) -> None:
    told = answer(session, "help")
    assert all(word.usage in told for word in WORDS)
    assert answer(session, "help goto").startswith("goto")


def test_completion_offers_words_then_what_may_follow(session: Session, tmp_path: Path) -> None:
    assert completions("go", session) == ("goto",)
    assert "series f" in completions("series ", session)
    assert completions("nonsense ", session) == ()
    (tmp_path / "inputs").mkdir()
    (tmp_path / "in.npy").touch()
    assert completions(f"open {tmp_path}/in", session) == (
        f"open {tmp_path}/in.npy",
        f"open {tmp_path}/inputs/",
    )
    assert shared_start(["open inputs/", "open in.npy"]) == "open in"
    assert shared_start([]) == ""


@given(st.text(max_size=60))
def test_no_line_is_more_than_refused(session_of_two: Session, line: str) -> None:
    try:
        said = understood(line, session_of_two)
    except LstmTuiError as error:
        assert str(error)
    else:
        assert all(update(session_of_two, command) for command in said.commands)
    assert isinstance(completions(line, session_of_two), tuple)


def test_the_page_lists_every_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert not [word.name for word in WORDS if f"`{word.name}" not in page]


# --- questions ------------------------------------------------------------------------------------


def test_breakpoints_are_set_listed_run_to_and_forgotten(session: Session) -> None:
    set_ = after(session, "break h[0] > 0.6")
    assert answer(session, "break") == "no breakpoints"
    assert "1  h[0] > 0.6 in lstm_1" in answer(set_, "break")
    there = after(set_, "continue")
    hits = answer(set_, "hits h[0] > 0.6 in lstm_1").splitlines()
    assert hits[0].endswith("in sample 0")
    steps = [int(line.split()[1].strip(",")) for line in hits[1:]]
    assert there.cursor.step == next(step for step in steps if step > 0)
    assert after(after(there, "goto end"), "reverse").cursor.step == [step for step in steps if step < 9][-1]
    assert answer(after(set_, "delete 1"), "break") == "no breakpoints"


def test_the_step_that_last_moved_something_is_gone_to(session: Session) -> None:
    there = after(session, "goto end")
    steps = [
        int(each.split()[1].strip(","))
        for each in answer(there, "hits abs(delta(c[2])) > 0.05").splitlines()[1:]
    ]
    moved = after(there, "moved c[2] 0.05")
    assert moved.cursor.step == steps[-1]
    assert after(moved, "moved c[2] 0.05").cursor.step == steps[-1]  # the step under the cursor counts
    assert after(after(moved, "back"), "moved c[2] 0.05").cursor.step == steps[-2]
    assert answer(there, "moved c[2] 1000") == "no step up to 9 moved it by more than 1000"
    for wrong in ("moved", "moved c[2]", "moved 0.1", "moved cc[2] 0.1"):
        with pytest.raises(LstmTuiError):
            understood(wrong, session)


def test_watches_show_a_value_at_the_cursor(session: Session) -> None:
    watching = after(session, "watch mean(h)")
    value = answer(watching, "print mean(h)")
    assert answer(watching, "watch").startswith(f"1  mean(h) in lstm_1 = {float(value):.5g}"[:24])
    assert answer(after(watching, "unwatch 1"), "watch") == "no watches"


def test_assertions_hold_or_not(session: Session) -> None:
    for line, holds in (
        ("assert h[0] >= 0", True),
        ("assert h[0] > 2", False),
        ("never isnan(h)", True),
        ("never h[0] >= 0", False),
    ):
        said = understood(line, session)
        assert said.holds is not None
        assert said.holds(session) is holds, line


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ("h[0] > 2", "h[0]"),
        ("h[0] > 2 in gru_1", "h[0] in gru_1"),
        ("2 < mean(h)", "mean(h)"),
        ("-2 > h[0] - h[1]", "h[0] - h[1]"),
        ("output > 100", "output"),
    ],
)
def test_an_assertion_that_fails_says_what_is_compared(session: Session, condition: str, asked: str) -> None:
    there = after(session, "goto 4")
    value = answer(there, f"print {asked}")
    said = asked.removesuffix(" in gru_1")
    assert answer(there, f"assert {condition}") == f"does not hold at step 4: {said} is {value}"


@pytest.mark.parametrize("condition", ["h > 2", "h[0] > 2 and h[1] > 2", "not h[0] > -2"])
def test_what_is_no_one_number_is_not_told(session: Session, condition: str) -> None:
    assert answer(session, f"assert {condition}") == "does not hold at step 0"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("break hh > 1", "^^"),
        ("print", "no expression"),
        ("never", "no condition"),
        ("delete 1", "there is no breakpoint 1"),
        ("unwatch x", "a whole number"),
        ("continue", "no breakpoint is set"),
    ],
)
def test_questions_that_cannot_be_asked(session: Session, line: str, told: str) -> None:
    with pytest.raises(LstmTuiError) as error:
        understood(line, session)
    assert told in str(error.value)


def test_what_is_asked_is_completed(session: Session) -> None:
    assert "break mean(" in completions("break mea", session)
    assert "hits c changed sign in gru_1" in completions("hits c changed sign in gr", session)


def test_why_is_asked_of_the_output_and_its_causes_followed(session: Session) -> None:
    with pytest.raises(CommandLineError, match="nothing is asked"):
        understood("cause 1", session)
    with pytest.raises(CommandLineError, match="there is no output z"):
        understood("why z", session)
    asked = after(session, "why")
    assert asked.cursor.lens == "origins"
    assert answer(session, "why y[0]")
