"""The dialogues that ask for an edit (r, s, S, E), on sessions made by hand: no engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input, OptionList

from lstm_tui.recurrent.interventions import Poke
from lstm_tui.session.state import Session
from lstm_tui.tui.dialogues.ask import EditDialogue
from lstm_tui.tui.workbench_screen import WorkbenchScreen
from tests.tui.conftest import Screen
from tests.tui.test_snapshots import StillBench, recorded


@asynccontextmanager
async def asked(key: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Screen]:
    app = StillBench(recorded())
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.drawn()
        await screen.press(key)
        await screen.until(lambda: isinstance(app.screen, EditDialogue))
        yield screen


def session_of(screen: Screen) -> Session:
    session = screen.app.session
    assert session is not None
    return session


async def test_a_line_that_was_emptied_means_the_offer_under_the_bar() -> None:
    async with asked("E") as screen:
        await screen.type("q")
        await screen.press("enter")
        assert "q is nothing that can be tried" in screen.text
        await screen.press("backspace")
        assert "nothing that can be tried" not in screen.text
        assert "✓ fits gold" in screen.text
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, WorkbenchScreen))
        assert isinstance(session_of(screen).history.done[-1], Poke)


async def test_down_from_the_line_shows_the_offer_that_it_comes_to() -> None:
    async with asked("s") as screen:
        await screen.type("q")
        await screen.press("enter")
        assert "is no word of a rescale" in screen.text
        await screen.press("down")
        assert "is no word of a rescale" not in screen.text
        assert "✓ fits gold" in screen.text


async def test_where_nothing_is_offered_an_empty_line_does_nothing() -> None:
    async with asked("S") as screen:
        before = session_of(screen)
        await screen.type("q")
        await screen.press("enter", "backspace")
        assert "is no word of a reshape" not in screen.text
        assert "type it, Enter does it" in screen.text
        await screen.press("enter")
        assert isinstance(screen.app.screen, EditDialogue)
        assert session_of(screen) is before


async def test_the_mark_stands_before_what_is_wrong_and_what_cannot_be_is_not_done() -> None:
    async with asked("S") as screen:
        await screen.type("last: 500")
        for _ in range(2):
            assert "✗ Shape (1, 60, 2) has 60 timesteps" in screen.text
            assert "✗ to do" not in screen.text
            await screen.press("enter")
        assert isinstance(screen.app.screen, EditDialogue)


async def test_the_offers_take_the_room_that_there_is() -> None:
    async with asked("E") as screen:
        assert all(word in screen.text for word in ("silence", "nudge", "dropout", "stateful"))
        offers = screen.app.screen.query_one(OptionList)
        assert offers.max_scroll_y == 0
        await screen.resize(60, 18)
        await screen.until(lambda: offers.max_scroll_y > 0)
        lines = screen.text.splitlines()
        keys = next(index for index, text in enumerate(lines) if "Escape leaves" in text)
        assert lines[keys + 1].startswith("╰")  # nothing is empty while offers are out of sight


@pytest.mark.parametrize("key", ["E", "S"])
async def test_the_line_stays_in_sight_in_a_low_window(key: str) -> None:
    async with asked(key, (40, 10)) as screen:
        await screen.type("last: 500")
        assert screen.app.screen.query_one(Input).has_focus
        assert "last: 500" in screen.text


@pytest.mark.parametrize("key", ["K", "k"])
async def test_the_keys_of_questions_are_told_in_full_at_60_columns(key: str) -> None:
    app = StillBench(recorded())
    async with app.run_test(size=(60, 18)) as pilot:
        screen = Screen(app, pilot)
        await screen.drawn()
        await screen.press(key)
        last = {"K": "Space on/off, Del", "k": "Escape leaves"}[key]
        assert last in screen.text
