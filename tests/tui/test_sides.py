"""Two runs side by side on the screen: made by hand, in a terminal that counts bytes, and once for real."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.stepping import BUDGETS, walk
from lstm_tui.performing.opening import Files, open_model
from lstm_tui.session.comparing_commands import SidesArrived
from lstm_tui.tui.sides_screen import SidesScreen
from tests.pseudo_terminal import PseudoTerminal
from tests.tui.conftest import OpenApp, Screen
from tests.tui.hand_compared import StillSides, compared, two_changes
from tests.tui.terminal import ROOT
from tests.tui.test_snapshots import SIZES, Compare, settled


async def test_what_is_offered_and_what_cannot_be_opened() -> None:
    app = StillSides(two_changes())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(app, pilot)
        await pilot.pause()
        await screen.press("D")
        assert "before and after: reset before each call" in screen.text
        assert "the same call again" in screen.text
        await screen.type("nowhere.npy")
        await screen.press("enter")
        assert "there is no file nowhere.npy" in screen.text
        await screen.press("escape", "D", "enter")
        assert isinstance(app.screen, SidesScreen)
        assert "gru_1, timestep 4, update gate z, unit 2" in screen.text
        assert "cause: being looked for" in screen.text


async def test_both_runs_are_walked_and_a_refusal_leaves_them_in_sight() -> None:
    app = StillSides(compared(two_changes()))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(app, pilot)
        await pilot.pause()
        assert "cause: initial state" in screen.text
        assert "t 4 of 10" in screen.pane("values")
        first = screen.pane("values")
        await screen.press("n", "J", "j", "N", "end", "0", "F")
        await pilot.pause()
        assert screen.pane("values") == first
        await screen.press("W")
        await pilot.pause()
        assert "A  gru_1" in screen.pane("maps")
        assert "B-A" not in screen.pane("maps")
        await screen.press("i")
        assert "cause: initial state" in screen.text
        await screen.press("escape", "g")
        await screen.type("7")
        await screen.press("enter")
        await pilot.pause()
        assert "t 7 of 10" in screen.pane("values")
        assert app.session is not None
        assert app.session.comparing is not None
        app.dispatch(SidesArrived(app.session.comparing.key, "the engine ended"))
        await pilot.pause()
        assert "cause: not found: the engine ended" in screen.pane("verdict")
        assert "t 7 of 10" in screen.pane("values")
        await screen.press("escape")
        await screen.drawn()
        assert "hidden state h" in screen.pane("states")


def test_a_step_in_both_runs_is_one_frame_within_its_bytes() -> None:
    """Two layers of 128 units over 200 steps; the steps that turn a page are counted among the others."""
    command = [sys.executable, "-m", "tests.tui.hand_compared"]
    with PseudoTerminal(command, cwd=ROOT) as terminal:
        terminal.wait_for("t 60 of 200", 60)
        for (columns, rows), budget in BUDGETS.items():
            terminal.resize(columns, rows)
            terminal.settle(0.5)
            terminal.press("0")
            walked = walk(terminal, 80)
            assert "t 80 of 200" in terminal.text
            assert walked.frames == walked.steps
            assert walked.mean_bytes <= budget, f"bytes of each step: {walked.step_bytes}"
        terminal.press("q")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_two_runs_side_by_side(snap_compare: Compare, size: tuple[int, int]) -> None:
    session = compared(two_changes(60, 17))
    assert snap_compare(StillSides(session), terminal_size=size, run_before=settled)


@pytest.mark.keras
async def test_before_and_after_a_reset_on_a_real_model(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "stateful.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("p")
        await screen.answered()
        await screen.press("r", "enter")
        await screen.answered()
        await screen.press("D", "enter")
        await screen.until(lambda: "cause: initial state" in screen.text, 120)
        assert "first divergence: lstm, timestep 0" in screen.pane("verdict")
        session = screen.app.session
        assert session is not None
        assert session.comparing is not None
        assert session.comparing.sides is not None
        assert session.comparing.sides.judgement.causes == ("initial state",)
        await screen.press("escape", "D")
        await screen.type("again")
        await screen.press("enter", "escape")
        assert screen.app.session is not None
        assert screen.app.session.comparing is None, "left before it was finished"
