"""Breakpoints and watches with keys alone, on sessions made by hand: no engine is started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.update import open_session, update
from lstm_tui.tui.workbench_screen import WorkbenchScreen
from tests.session.hand_made import arrived, gold
from tests.tui.conftest import Screen
from tests.tui.test_snapshots import StillBench

SIZES = [(80, 24), (200, 50)]


@asynccontextmanager
async def bench(size: tuple[int, int], batch: int = 1) -> AsyncIterator[Screen]:
    x = np.zeros((batch, 60, 2), np.float32)
    session = arrived(open_session(gold(), Material(inputs={"x": x}))[0])
    app = StillBench(update(session, c.GoToStep(0))[0])
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.drawn()
        yield screen


async def left(screen: Screen) -> None:
    """The dialogue left, and the workbench drawn."""
    await screen.press("escape")
    await screen.until(lambda: isinstance(screen.app.screen, WorkbenchScreen))
    await screen.drawn()


def cursor(screen: Screen) -> tuple[int, str, str, int | None]:
    session = screen.app.session
    assert session is not None
    at = session.cursor
    return at.step, at.layer, at.series, at.unit


async def test_a_condition_is_set_completed_and_run_to_both_ways() -> None:
    async with bench((80, 24)) as screen:
        await screen.press("c")  # there is no breakpoint yet: it asks for one
        await screen.type("abs(del")
        await screen.press("tab")
        await screen.type("c)) > .7")
        assert "hits in sample 0" in screen.text
        await screen.press("enter")
        await screen.until(lambda: "● abs(delta(c)) > .7 in lstm_1" in screen.text)
        await screen.press("enter")
        first = cursor(screen)
        assert first[1:3] == ("lstm_1", "c") and "here [" in screen.pane("left")
        await screen.press("c")
        assert cursor(screen)[0] > first[0]
        await screen.press("C")
        assert cursor(screen) == first


async def test_a_mistake_has_a_caret_under_it() -> None:
    async with bench((80, 24)) as screen:
        await screen.press("K")
        await screen.type("mean(q) > 3")
        await screen.press("enter")
        lines = screen.text.splitlines()
        typed = next(index for index, text in enumerate(lines) if "mean(q) > 3" in text)
        assert lines[typed + 1].index("^") == lines[typed].index("q)")
        assert "q is not known" in lines[typed + 2]
        assert not screen.app.session.questions.breakpoints


@pytest.mark.parametrize("size", SIZES)
async def test_watches_stand_beside_the_layers_with_value_and_change(size: tuple[int, int]) -> None:
    async with bench(size) as screen:
        await screen.press("k")
        for text in ("mean(f)", "output", "h[1]", "norm(c)", "t"):
            await screen.type(text)
            await screen.press("enter")
        await left(screen)
        await screen.press("n", "n", "n")
        shown = screen.pane("left")
        assert "Watches" in shown and "lstm_1" in shown
        assert all(text in shown for text in ("mean(f)", "output", "h[1]", "norm(c)"))
        assert "0.0254" in shown and "+0.00847" in shown  # the output: 0.5 / 59 a step
        await screen.press("k", "delete")
        await left(screen)
        assert "mean(f)" not in screen.pane("left")


async def test_breakpoints_are_switched_off_and_dropped_in_the_list() -> None:
    async with bench((80, 24)) as screen:
        await screen.press("K")
        await screen.type("t == 7")
        await screen.press("enter", "space")
        assert "○ t == 7" in screen.text
        await left(screen)
        await screen.press("c")
        assert "switched off" in screen.notes()
        await screen.press("K", "backspace")
        await left(screen)
        assert "Breakpoints" not in screen.pane("left")


async def test_the_next_sample_with_a_hit_is_one_key_away() -> None:
    async with bench((80, 24), batch=3) as screen:
        run = screen.app.session.run
        screen.app.session.run.recording.layers[0].steps["c"][2, 9, 1] = 9
        assert run is not None
        await screen.press("K")
        await screen.type("c > 5")
        await screen.press("enter")
        assert "0 hits, 1 of 3 samples" in screen.text
        await screen.press("greater_than_sign")
        assert screen.app.session.cursor.sample == 2 and cursor(screen) == (9, "lstm_1", "c", 1)


async def test_a_place_of_the_unit_is_gone_to() -> None:
    async with bench((200, 50)) as screen:
        await screen.press("K")
        assert "is largest at t" in screen.text
        await screen.press("down", "enter")
        assert screen.app.session.cursor.step > 0
