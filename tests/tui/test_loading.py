"""Models that do not load, and those that open as a copy: the screen says which, why, and what helps."""

from __future__ import annotations

import pytest

from lstm_tui.performing.opening import Opened, open_scenario
from lstm_tui.scenario.gallery import gallery
from tests.tui.conftest import OpenApp, Screen

pytestmark = pytest.mark.keras


def opened(name: str) -> Opened:
    return open_scenario(next(each.path for each in gallery() if each.path.stem.endswith(name)))


async def refused(screen: Screen) -> None:
    await screen.until(lambda: screen.app.session is not None and screen.app.session.model_refusal)
    await screen.drawn()


#: What stands where the states would be, and what stands among the layers.
SCREENS = {
    "lambda-inside": (("load-unsafe", "last_step", "Python code", "--trust"), "lstm"),
    "weights-alone": (("load-weights-only", "an architecture", "load_weights()"), "layers/dense/vars/0"),
    "cut-off": (("load-corrupt", "does not end as one", "Copy or download"), ""),
}


@pytest.mark.parametrize("name", SCREENS)
async def test_a_model_that_does_not_load_is_a_screen_and_no_message(open_app: OpenApp, name: str) -> None:
    told, layer = SCREENS[name]
    async with open_app(opened(name)) as screen:
        await refused(screen)
        pane = " ".join(screen.pane("states").split())
        assert "The model does not load" in pane
        assert all(words in pane for words in told)
        assert layer in screen.pane("left")
        assert "You see" in screen.pane("left")
        assert screen.notes() == ""


async def test_what_was_changed_on_a_copy_stands_beside_the_layers(open_app: OpenApp) -> None:
    async with open_app(opened("file-of-keras-2")) as screen:
        await screen.answered()
        left = screen.pane("left")
        assert "opened as a copy" in left
        assert "time_major" in left
