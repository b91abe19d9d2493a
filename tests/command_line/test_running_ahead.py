"""How a run on own predictions is asked for in a line."""

from __future__ import annotations

import pytest

from lstm_tui.command_line.completion import completions
from lstm_tui.command_line.reading import understood
from lstm_tui.command_line.running_ahead import MOST_STEPS, wanted
from lstm_tui.errors import CommandLineError
from lstm_tui.recurrent import free_runs
from lstm_tui.session.free_run_commands import LookAhead
from lstm_tui.session.state import Ahead, Session
from tests.session.hand_made import translator


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Ahead()),
        ("48", Ahead(48)),
        ("1,200", Ahead(1200)),
        ("12 temperature 0.7 seed 3", Ahead(12, temperature=0.7, seed=3)),
        ("into x", Ahead(into="x")),
        ("into: x, keep: 2, stop: 0", Ahead(into="x", keep=2, stop=0)),
    ],
)
def test_words_follow_the_number_in_any_order(session: Session, line: str, meant: Ahead) -> None:
    assert wanted(line, session) == meant


def test_words_that_say_nothing_to_this_model_are_refused_at_once(session: Session) -> None:
    there = translator()
    assert understood("ahead 2 keep 1", there).commands == (LookAhead(Ahead(2, keep=1)),)
    with pytest.raises(CommandLineError):
        understood("ahead 3 keep 2", session)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("many", "whole number"),
        ("0", "cannot be 0"),
        ("2,001", "1 to 2,000"),
        ("temprature 1", "whole number"),
        ("3 temprature 1", "did you mean temperature?"),
        ("3 temperature", "needs a value"),
        ("3 temperature nan", "a number above 0"),
        ("3 temperature 0", "a number above 0"),
        ("3 into y", "there is no input y"),
        ("3 seed -1", "seed cannot be -1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(session: Session, line: str, told: str) -> None:
    with pytest.raises(CommandLineError) as error:
        wanted(line, session)
    assert told in str(error.value)


def test_a_line_is_completed_by_words_not_said_yet_and_by_inputs(session: Session) -> None:
    assert completions("ahead 3 te", session) == ("ahead 3 temperature",)
    assert completions("ahead into ", session) == ("ahead into x",)
    assert "ahead seed 3 keep" in completions("ahead seed 3 ", session)
    assert "ahead seed 3 seed" not in completions("ahead seed 3 ", session)
    assert completions("ahead temperature ", session) == ()


def test_the_most_steps_are_those_that_a_free_run_makes() -> None:
    assert MOST_STEPS == free_runs.MOST_STEPS
