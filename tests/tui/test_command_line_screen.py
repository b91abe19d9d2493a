"""The line at the bottom over a session made by hand: no engine is started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from lstm_tui.command_line.reading import WORDS
from tests.tui.conftest import Screen
from tests.tui.test_snapshots import StillBench, recorded


@asynccontextmanager
async def line(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Screen]:
    app = StillBench(recorded())
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.drawn()
        await screen.press("colon")
        yield screen


async def said(screen: Screen, text: str) -> None:
    await screen.type(text)
    await screen.press("enter")


def typed(screen: Screen) -> str:
    return screen.app.screen.query_one(Input).value


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_every_word_of_help_can_be_read_by_pages(size: tuple[int, int]) -> None:
    async with line(size) as screen:
        await said(screen, "help")
        assert "scroll" in screen.text.splitlines()[-1]  # the line itself stays in sight
        read = ""
        for _ in range(20):
            read += screen.text
            await screen.press("pagedown")
        rows = [row.strip() for row in read.splitlines()]
        for word in WORDS:
            start = word.usage[:40]
            assert any(row.startswith(start) for row in rows), word.name
        assert "All words, or what one takes" in read
        titles = [row.index("N timesteps") for row in read.splitlines() if "N timesteps" in row]
        assert len(set(titles)) == 1  # one column


async def test_arrows_scroll_while_the_line_is_empty_and_recall_from_the_top() -> None:
    async with line() as screen:
        await said(screen, "help")
        assert "step [N]" in screen.text
        await screen.press("down", "down")
        assert "step [N]" not in screen.text
        await screen.press("up", "up")
        assert "step [N]" in screen.text and typed(screen) == ""
        await screen.press("up")
        assert typed(screen) == "help"


async def test_what_the_session_refuses_is_the_answer_and_goes_with_the_next_key() -> None:
    async with line() as screen:
        await said(screen, "poke layer: lstm_2")
        assert "did you mean lstm_1?" in screen.text
        assert "moved by" not in screen.text  # nothing was done
        assert not screen.notes()
        await screen.type("q")
        assert "lstm_2" not in screen.text
        await screen.press("backspace")
        assert "quit" not in screen.text


@pytest.mark.parametrize("text", ["open nowhere.npy", "follow nowhere.csv"])
async def test_a_file_that_cannot_be_had_is_told_above_the_line(text: str) -> None:
    async with line() as screen:
        await said(screen, text)
        assert text.split()[1] in screen.text
        assert not screen.notes()
        await screen.type("q")
        assert "nowhere" not in screen.text


async def test_a_run_ahead_that_cannot_be_is_told_once() -> None:
    async with line() as screen:
        await said(screen, "ahead 3 keep 2")
        assert screen.text.count("writes nothing into an input of its own") == 1
        assert screen.app.session is not None
        assert screen.app.session.cursor.lens == "states"
