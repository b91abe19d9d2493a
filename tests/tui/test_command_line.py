"""The line at the bottom, on the real screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from lstm_tui.performing.opening import Files, open_model
from lstm_tui.tui.workbench_screen import WorkbenchScreen
from tests.tui.conftest import OpenApp

pytestmark = pytest.mark.keras


async def test_what_is_typed_is_done_and_answered_above_the_line(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("colon")
        await screen.type("go")
        assert "goto" in screen.text
        await screen.press("tab")
        await screen.type("7")
        await screen.press("enter")
        assert screen.app.session.cursor.step == 7  # type: ignore[union-attr]
        assert "lstm h, step 7 of 0 to 19" in screen.text
        await screen.type("stp")
        await screen.press("enter")
        assert "did you mean step?" in screen.text
        await screen.press("up", "up")
        assert screen.app.screen.query_one(Input).value == "goto 7"
        await screen.press("escape")
        assert isinstance(screen.app.screen, WorkbenchScreen)
        await screen.drawn()
        assert "t 7 of 20" in screen.pane("units")


async def test_an_answer_follows_the_session_and_files_are_read_and_written(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("colon")
        await screen.type("reshape last: 5")
        await screen.press("enter")
        await screen.until(lambda: "(1, 1); it moved by at most" in screen.text)
        await screen.type(f"save {tmp_path}/case.yaml")
        await screen.press("enter")
        assert "last: 5" in (tmp_path / "case.yaml").read_text(encoding="utf-8")
        await screen.press("colon")
        await screen.type(f"open {tmp_path}/nowhere.npy")
        await screen.press("enter")
        assert not screen.notes()  # what is wrong stands above the line, which stays
        await screen.press("enter")
        assert isinstance(screen.app.screen, WorkbenchScreen)
