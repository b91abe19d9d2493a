"""The real app on a screen in memory, with a real engine that is lent to one app after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from lstm_tui.engine.client import EngineProcess
from lstm_tui.performing.opening import Opened
from lstm_tui.tui.app import Workbench
from lstm_tui.tui.lines import Lines
from lstm_tui.tui.workbench_screen import WorkbenchScreen
from tests.tui.lent_engine import Lender, LentEngine

OpenApp = Callable[..., AbstractAsyncContextManager["Screen"]]


class Screen:
    """The app under a pilot, read as a person would: by its text."""

    def __init__(self, app: Workbench, pilot: Pilot[int]) -> None:
        self.app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and let the screen settle."""
        for key in keys:
            await self._pilot.press(key)
            await self._pilot.pause()
        if isinstance(self.app.screen, WorkbenchScreen):
            await self.drawn()

    async def type(self, text: str) -> None:
        """Type a line, character by character."""
        await self._pilot.press(*("space" if character == " " else character for character in text))
        await self._pilot.pause()

    async def until(self, what: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until `what` holds."""
        for _ in range(int(seconds / 0.05)):
            if what():
                await self._pilot.pause()
                return
            await self._pilot.pause(0.05)
        raise AssertionError(f"not within {seconds} s; the screen shows:\n{self.text}")

    async def answered(self) -> None:
        """Wait until the present plan has its run and is drawn."""
        await self.until(lambda: self.app.session is not None and self.app.session.run is not None)
        await self.drawn()

    async def drawn(self) -> None:
        """Wait until the screen shows the session as it is, unless another screen lies over it."""
        workbench = next(each for each in self.app.screen_stack if isinstance(each, WorkbenchScreen))
        await self.until(lambda: workbench.drawn is self.app.session)

    async def resize(self, columns: int, rows: int) -> None:
        """Another size of the terminal."""
        await self._pilot.resize_terminal(columns, rows)
        await self._pilot.pause(0.1)

    @property
    def text(self) -> str:
        """Everything on the screen, line by line."""
        compositor = self.app.screen._compositor  # the only place where Textual keeps what it draws
        return "\n".join(strip.text for strip in compositor.render_strips())

    def pane(self, name: str) -> str:
        """The text of one pane."""
        widget = self.app.screen.query_one(f"#{name}", Lines)
        return "\n".join(widget.render_line(y).text for y in range(widget.size.height))

    def notes(self) -> str:
        """The texts of all messages shown."""
        return "\n".join(note.message for note in self.app._notifications)


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and unsaved work of the tests stay with the tests; the terminal is always the same."""
    monkeypatch.setenv("LSTM_TUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LSTM_TUI_SETTINGS", str(tmp_path / "settings.toml"))
    for name, value in {"COLORTERM": "truecolor", "TERM": "xterm-256color", "LANG": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def lender(engine: EngineProcess) -> Iterator[Lender]:
    """Keeps an engine for all tests with a screen in memory."""
    with engine.another() as lent:
        yield Lender(lent)


@pytest.fixture
def open_app(lender: Lender) -> OpenApp:
    """`async with open_app(opened, size=(80, 24)) as screen`; more of the app's own words may follow."""

    @asynccontextmanager
    async def open_it(
        opened: Opened | None = None, size: tuple[int, int] = (80, 24), **more: Any
    ) -> AsyncIterator[Screen]:
        app = Workbench(opened, engine=LentEngine(lender), **more)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            try:
                yield Screen(app, pilot)
            finally:
                app.link.close()  # also where a test fails: the next app must be the engine's only one

    return open_it


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    """`(1, 20, 3)` in a file."""
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(0).normal(size=(1, 20, 3)).astype(np.float32))
    return path
