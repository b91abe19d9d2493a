"""A file that grows and a folder in which scenarios come, on the real screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.performing.live import open_live
from lstm_tui.performing.named import Files, Named
from lstm_tui.session.following import Following
from tests.tui.conftest import OpenApp, Screen

pytestmark = pytest.mark.keras

MEMORY = 64 << 20


def following(screen: Screen) -> Following:
    session = screen.app.session
    assert session is not None
    assert session.following is not None
    return session.following


def steps(screen: Screen) -> int:
    session = screen.app.session
    assert session is not None
    return next((array.shape[1] for array in session.material.inputs.values()), 0)


def step(screen: Screen) -> int:
    session = screen.app.session
    assert session is not None
    return session.cursor.step


def name(screen: Screen) -> str:
    session = screen.app.session
    assert session is not None
    return session.story.name


def write(path: Path, timesteps: int) -> None:
    np.save(path, np.random.default_rng(0).normal(size=(1, timesteps, 3)).astype(np.float32))


async def test_a_file_that_grows_is_walked_along_scrolled_back_and_paused(
    open_app: OpenApp, tiny_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x.npy"
    write(path, 10)
    async with open_app(open_live(Named(tiny_models / "lstm.keras"), path, memory=MEMORY)) as screen:
        await screen.until(lambda: steps(screen) == 10)
        await screen.answered()
        assert step(screen) == 9
        assert "following x.npy" in screen.pane("title")
        assert "* pause" in screen.pane("hints")
        write(path, 12)
        await screen.until(lambda: step(screen) == 11)
        await screen.press("N", "N")
        shown = screen.app.session
        await screen._pilot.pause(1.2)  # more than one look
        assert screen.app.session is shown
        write(path, 16)
        await screen.until(lambda: steps(screen) == 16)
        await screen.drawn()
        assert step(screen) == 9
        assert "4 steps since" in screen.pane("title")
        await screen.press("asterisk")
        write(path, 17)
        await screen.until(lambda: following(screen).came == 5)
        await screen.drawn()
        assert "paused x.npy · 5 steps since" in screen.pane("title")
        assert steps(screen) == 16
        await screen.press("asterisk", "end")
        await screen.until(lambda: steps(screen) == 17)
        await screen.press("colon")
        await screen.type("follow off")
        await screen.press("enter")
        assert screen.app.session.following is None  # type: ignore[union-attr]
        assert "following" not in screen.pane("title")


def capture(folder: Path, called: str) -> None:
    """As the flight recorder writes it: whole, then named."""
    part = folder / f".{called}.part"
    part.write_text(
        f"version: 1\nname: {called}\nmodel: lstm.keras\ninput: {{file: x.npy}}\n", encoding="utf-8"
    )
    part.replace(folder / f"{called}.yaml")


async def test_scenarios_that_come_in_a_folder_are_opened_unless_something_would_be_lost(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(tiny_models / "lstm.keras", folder)
    shutil.copy(sequence, folder / "x.npy")
    named = Named(tiny_models / "lstm.keras", files=Files(sequence))
    async with open_app(open_live(named, folder, memory=MEMORY)) as screen:
        await screen.answered()
        await screen.until(lambda: screen.app.stream is not None and screen.app.stream.has_looked)
        for called in ("first", "second"):
            capture(folder, called)
            await screen.until(lambda called=called: name(screen) == called)
            await screen.answered()
        assert "following captures/" in screen.pane("title")
        await screen.press("p")
        await screen.answered()
        capture(folder, "third")
        await screen.until(lambda: following(screen).came == 1)
        await screen.drawn()
        assert name(screen) == "second"
        assert "1 come since" in screen.pane("title")
        await screen.press("asterisk")
        await screen.answered()
        assert name(screen) == "third"
        assert "Unsaved changes are kept" in screen.notes()
        assert following(screen).source == folder
        (folder / "fourth.yaml").write_text("version: 1\nname: [four", encoding="utf-8")
        await screen.until(lambda: following(screen).trouble)
        assert name(screen) == "third"
