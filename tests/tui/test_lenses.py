"""The two other views of a recording: where a value comes from, and how far back the output reaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstm_tui.performing.opening import Files, open_model, open_scenario
from lstm_tui.recurrent.contributions import contributions, ranked
from lstm_tui.recurrent.gradients import Gradients
from lstm_tui.scenario.gallery import gallery
from lstm_tui.session.reach import shown_gradients
from tests.tui.conftest import OpenApp

pytestmark = pytest.mark.keras


async def test_the_shares_of_a_value_are_listed_and_a_digit_jumps_to_one(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("end", "}", "e")
        shown = screen.pane("states")
        recording = screen.app.session.run.recording  # type: ignore[union-attr]
        assert recording is not None
        parts = contributions(recording.layers[0], sample=0, step=19, unit=0)
        assert parts is not None
        assert parts.adds_up
        assert "c[0] at t 19" in shown
        assert "initial" in shown
        second = ranked(parts, 2)[1][0]
        await screen.press("2")
        assert screen.app.session.cursor.step == second  # type: ignore[union-attr]
        await screen.press("e")
        assert "hidden state h" in screen.pane("states")


async def test_a_cell_that_is_no_sum_says_so(open_app: OpenApp) -> None:
    path = next(each.path for each in gallery() if each.path.stem.endswith("early-cue-lost"))
    async with open_app(open_scenario(path)) as screen:
        await screen.answered()
        await screen.press("e")
        assert "SimpleRNN" in screen.pane("states")


async def test_the_horizon_is_computed_when_it_is_looked_at(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("h")
        await screen.until(lambda: "per step back" in screen.pane("states"))
        shown = screen.pane("states")
        assert "Gradient of the sum of output head" in shown
        assert "of 20 steps" in shown
        found = shown_gradients(screen.app.session)  # type: ignore[arg-type]
        assert isinstance(found, Gradients)
        assert np.isfinite(found.states["lstm/h"]).all()
        assert found.states["lstm/c"].shape == (1, 20, 4)


async def test_gradients_of_the_error_and_in_float64(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "y.npy", np.array([[2.0]], np.float32))
    files = Files(sequence, target=tmp_path / "y.npy")
    async with open_app(open_model(tiny_models / "lstm.keras", files)) as screen:
        await screen.answered()
        assert "float64" not in screen.pane("hints")
        await screen.press("t")
        await screen.until(lambda: "per step back" in screen.pane("states"))
        assert "Gradient of the squared error of output head" in screen.pane("states")
        assert "t error" in screen.pane("hints")
        assert "f float64" in screen.pane("hints")
        await screen.press("f")
        await screen.until(lambda: "recomputed in float64 on a copy" in screen.pane("states"))
        found = shown_gradients(screen.app.session)  # type: ignore[arg-type]
        assert isinstance(found, Gradients)
        assert found.exact is not None
        assert found.exact.states["lstm/h"].dtype == np.float64
        await screen.press("t", "f")
        await screen.until(lambda: "Gradient of the sum of output head" in screen.pane("states"))
        await screen.press("h")
        assert "hidden state h" in screen.pane("states")


async def test_without_a_target_there_is_no_error_to_look_at(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("t")
        assert "there is no target" in screen.notes()
        assert "hidden state h" in screen.pane("states")


async def test_a_prediction_is_replayed_where_one_pass_cannot_tell_it(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "bidirectional.keras", Files(sequence))) as screen:
        await screen.answered()
        assert "at the end" in screen.pane("output")
        assert "m runs the model up to this step" in screen.pane("output")
        await screen.press("n", "n", "m")
        await screen.until(lambda: "replayed on 3 steps" in screen.pane("output"))
        await screen.press("n")
        assert "replayed" not in screen.pane("output")
        await screen.press("m")
        await screen.until(lambda: "replayed on 4 steps" in screen.pane("output"))
        await screen.press("N", "m")
        assert "is shown: replayed already" in screen.notes()


async def test_what_every_layer_gave_can_be_looked_at(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "two_layers.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("n", "O")
        shown = screen.pane("states")
        assert "What layers gave" in shown
        assert "▸lstm_1" in shown
        assert "(1, 20, 8) float32" in shown
        assert "t 1 " in shown
        await screen.press("down", "down")
        shown = screen.pane("states")
        assert "▸head" in shown
        assert "mean" in shown
        await screen.press("O")
        assert "hidden state h" in screen.pane("states")
