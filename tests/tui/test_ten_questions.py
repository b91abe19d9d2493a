"""The table of `docs/ten-questions.md`: the keys of each row, pressed on the real screen, show its answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lstm_tui.performing.opening import open_scenario
from lstm_tui.session.diagnosing import shown_checkup
from lstm_tui.session.state import Session
from tests.tui.conftest import OpenApp

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parents[2]
_KEYS = {"Enter": "enter", "Down": "down", "Backspace": "backspace", ".": "full_stop"}


def rows() -> list[tuple[str, str, tuple[str, ...], str]]:
    """Question, scenario, keys and a text of the answer, as the table has them."""
    page = (ROOT / "docs" / "ten-questions.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ") and ".yaml" in line
    ]
    return [
        (row[0], row[1].strip("`"), tuple(re.findall(r"`([^`]+)`", row[2])), row[4].strip("`"))
        for row in cells
    ]


def test_there_are_ten_and_none_takes_more_than_8_keys() -> None:
    found = rows()
    assert len(found) == 10
    assert max(len(keys) for _, _, keys, _ in found) <= 8
    page = (ROOT / "docs" / "ten-questions.md").read_text(encoding="utf-8")
    for question, _, keys, _ in found:
        assert f"| {len(keys)} |" in next(line for line in page.splitlines() if question in line)


def is_checked(session: Session | None) -> bool:
    """Whether the checks have ended."""
    checkup = shown_checkup(session) if session is not None else None
    return checkup is not None and not checkup.running


@pytest.mark.parametrize(("question", "scenario", "keys", "shown"), rows())
async def test_the_keys_show_the_answer(
    open_app: OpenApp, question: str, scenario: str, keys: tuple[str, ...], shown: str
) -> None:
    async with open_app(open_scenario(ROOT / "scenarios" / scenario)) as screen:
        await screen.answered()
        for key in keys:
            await screen.press(_KEYS.get(key, key))
            if key == "d":
                await screen.until(lambda: is_checked(screen.app.session))
        await screen.until(lambda: shown in " ".join(screen.text.split()))
