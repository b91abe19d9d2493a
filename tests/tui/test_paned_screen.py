"""Panes under the keys, on a real screen with sessions made by hand: no engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lstm_tui.session.state import Session
from lstm_tui.tui.memory import Memory
from lstm_tui.tui.workbench_screen import WorkbenchScreen
from tests.tui.conftest import Screen
from tests.tui.test_snapshots import StillBench, recorded, settled


@asynccontextmanager
async def opened(
    session: Session | None = None, size: tuple[int, int] = (80, 24), theme: str = "dark"
) -> AsyncIterator[Screen]:
    app = StillBench(session or recorded(), theme)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield Screen(app, pilot)


def shown(screen: Screen) -> list[str]:
    """The panes that are on the screen, and their heights."""
    bench = bench_of(screen)
    return [pane for pane in bench.placement.shown if bench.query_one(f"#{pane}").size.height > 0]


def bench_of(screen: Screen) -> WorkbenchScreen:
    return next(each for each in screen.app.screen_stack if isinstance(each, WorkbenchScreen))


async def test_a_pane_on_the_whole_screen_and_back() -> None:
    async with opened() as screen:
        before = screen.text
        await screen.press("semicolon", "plus")
        assert shown(screen) == ["units"]
        for unit in range(4):
            assert f"\n   {unit}  0." in screen.pane("units")
        assert "hidden state h" in screen.pane("units")
        assert "+ all panes" in screen.text
        await screen.press("semicolon")
        assert shown(screen) == ["gates"]
        assert "Means over all units" in screen.text
        await screen.press("ctrl+left", "ctrl+left", "plus")
        assert shown(screen) == ["left", "states", "units", "gates", "output"]
        assert screen.text.replace("▸─", "──") == before


async def test_hidden_panes_come_back() -> None:
    async with opened() as screen:
        await screen.press("minus")
        assert shown(screen) == ["left", "units", "gates", "output"]
        await screen.press("minus", "minus", "minus", "minus")
        assert len(shown(screen)) == 1
        assert "the last pane" in screen.notes()
        await screen.press("underscore")
        assert len(shown(screen)) == 5


async def test_a_view_that_is_asked_for_is_seen_from_another_pane() -> None:
    async with opened() as screen:
        await screen.press("ctrl+left", "plus")
        assert shown(screen) == ["left"]
        await screen.press("e")
        assert shown(screen) == ["states"]


@pytest.mark.parametrize("size", [(60, 18), (40, 10)])
async def test_small_windows_step_in_every_pane(size: tuple[int, int]) -> None:
    async with opened(size=size) as screen:
        await screen.press("plus")
        for _ in range(5):
            await screen.press("n", "semicolon")
            assert len(shown(screen)) == 1
        await screen.press("plus")
        assert "t 22 of 60" in screen.text


async def test_a_theme_is_switched_at_once_and_remembered() -> None:
    async with opened() as screen:
        await screen.press("ctrl+t")
        assert screen.app.theme_word == "light"
        await screen.press("ctrl+t")
        assert screen.app.theme_word == "mono"
        strips = screen.app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
        assert not any(style.color or style.bgcolor for style in styles)
        assert any(style.dim for style in styles)
        assert any(style.bold for style in styles)
    assert Memory().theme("dark") == "mono"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_no_cell_shows_the_terminals_own_background(size: tuple[int, int]) -> None:
    """On a dark terminal a light theme would have holes."""
    async with opened(size=size, theme="light") as screen:
        await screen.press("plus")
        for _ in range(5):
            strips = screen.app.screen._compositor.render_strips()
            holes = [
                (y, segment.text)
                for y, strip in enumerate(strips)
                for segment in strip
                if segment.style is None or not segment.style.bgcolor or segment.style.bgcolor.is_default
            ]
            assert not holes, shown(screen)
            await screen.press("semicolon")


async def test_without_colours_there_is_one_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as screen:
        assert screen.app.theme_word == "mono"
        await screen.press("ctrl+t")
        assert screen.app.theme_word == "mono"
        assert "NO_COLOR" in screen.notes()


async def test_nothing_blinks() -> None:
    async with opened() as screen:
        for key in ("g", "s", "ctrl+p"):
            await screen.press(key)
            line = screen.app.screen.query_one(Input)
            line.focus()
            await settled(pilot_of(screen))
            assert not line.cursor_blink
            await screen.press("escape")


def pilot_of(screen: Screen) -> Pilot[int]:
    return screen._pilot


async def test_panes_are_left_as_they_are_found_again(tmp_path: Path) -> None:
    model = tmp_path / "gold.keras"
    model.write_bytes(b"its stamp is all that counts here")
    session = recorded()
    session = replace(session, model=replace(session.model, path=model))
    async with opened(session) as screen:
        await screen.press("semicolon", "plus")
        screen.app.leave()
    async with opened(session) as screen:
        assert shown(screen) == ["units"]
    seen = Memory().seen(model)
    assert seen is not None
    assert seen.place.cursor.step == 17


async def test_escape_closes_the_view_of_origins_but_first_what_stands_over_it() -> None:
    async with opened() as screen:
        await screen.press("e", "question_mark", "escape")
        assert bench_of(screen).session.cursor.lens == "origins"
        await screen.press("escape")
        assert bench_of(screen).session.cursor.lens != "origins"
