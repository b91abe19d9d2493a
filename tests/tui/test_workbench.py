"""The workbench as a user meets it: a real screen, a real engine, real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstm_tui.performing.opening import Files, open_model, open_scenario
from tests.tui.conftest import OpenApp

pytestmark = pytest.mark.keras


async def test_layers_and_shapes_stand_before_the_engine_is_up(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "two_layers.keras", Files(sequence))) as screen:
        left = screen.pane("left")
        assert "lstm_1" in left
        assert "(None, 20, 8)" in left
        await screen.answered()
        assert "(1, 20, 8)" in screen.pane("left")


async def test_steps_forth_and_back_read_the_recording(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        run = screen.app.session.run  # type: ignore[union-attr]
        at_start = screen.pane("units")
        await screen.press("n", "n", "n")
        assert "t 3 of 20" in screen.pane("units")
        await screen.press("N", "N", "N")
        assert screen.pane("units") == at_start
        await screen.press("j")
        assert "t 10 of 20" in screen.pane("units")
        await screen.press("end")
        assert "t 19 of 20" in screen.pane("units")
        await screen.press("g")
        await screen.type("7")
        await screen.press("enter")
        assert "t 7 of 20" in screen.pane("units")
        assert screen.app.session.run is run  # type: ignore[union-attr]


async def test_the_prediction_at_the_end_is_what_predict_gives(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        recording = screen.app.session.run.recording  # type: ignore[union-attr]
        assert recording is not None
        assert recording.disagreement == 0.0
        await screen.press("end")
        assert f"{recording.outputs['head'][0, 0]:.4g}" in screen.pane("output")


async def test_each_series_has_its_page(open_app: OpenApp, tiny_models: Path, sequence: Path) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        for title in ("cell state c", "input gate i", "forget gate f", "output gate o", "candidate g"):
            await screen.press("v")
            assert title in screen.pane("states").splitlines()[0]
        await screen.press("v")
        assert "hidden state h" in screen.pane("states").splitlines()[0]


async def test_a_wrong_rank_is_a_result_and_the_first_offer_mends_it(
    open_app: OpenApp, tiny_models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "flat.npy"
    np.save(path, np.zeros((20, 3), np.float32))
    async with open_app(open_model(tiny_models / "lstm.keras", Files(path))) as screen:
        await screen.answered()
        shown = screen.pane("states")
        assert "predict failed" in shown
        assert "input-rank" in shown
        assert "add axis 0" in shown
        await screen.press("S", "enter")
        await screen.answered()
        assert "(1, 20, 4)" in screen.pane("states")
        await screen.press("u")
        assert "predict failed" in screen.pane("states")
        await screen.press("U")
        assert "hidden state h" in screen.pane("states")


async def test_a_stateful_model_remembers_until_it_is_reset(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(
        open_model(tiny_models / "stateful.keras", Files(sequence)), size=(120, 40)
    ) as screen:
        await screen.answered()
        await screen.press("p")
        await screen.answered()
        outcomes = screen.app.session.run.outcomes  # type: ignore[union-attr]
        first, second = (outcome.outputs["head"] for outcome in outcomes)
        assert not np.array_equal(first, second)
        assert "spread" in screen.pane("left")
        await screen.press("r", "enter")
        await screen.answered()
        assert "equal to the bit" in screen.pane("left")


async def test_a_rescale_is_previewed_done_and_undone(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("s")
        assert "→" in screen.text
        assert "✓" in screen.text
        await screen.press("enter")
        await screen.answered()
        assert "Before → after" in screen.pane("left")
        await screen.press("u")
        assert "rescale" not in screen.pane("left")


async def test_a_typed_reshape_is_previewed_as_it_is_typed(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("S")
        await screen.type("window: 5")
        assert "(16, 5, 3)" in screen.text
        await screen.press("enter")
        await screen.answered()
        assert "(16, 5, 4)" in screen.pane("states")
        await screen.press(">")
        assert "sample 1" in screen.pane("states")


async def test_what_is_typed_wrong_is_said_and_nothing_is_lost(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("S")
        await screen.type("tranpose: [0, 2, 1]")
        await screen.press("enter")
        assert "transpose" in screen.text
        await screen.press("escape")
        assert "t 0 of 20" in screen.pane("units")


async def test_without_an_input_a_random_one_is_offered(open_app: OpenApp, tiny_models: Path) -> None:
    async with open_app(open_model(tiny_models / "gru.keras", Files())) as screen:
        assert "o picks a file" in screen.text
        await screen.press("o", "down", "enter")
        await screen.answered()
        assert "(1, 50, 2)" in screen.pane("left")


async def test_saving_and_opening_again_gives_the_same_screen(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    path = tmp_path / "saved" / "bug.yaml"
    async with open_app(open_model(tiny_models / "stateful.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("p")
        await screen.answered()
        await screen.press("s", "enter")
        await screen.answered()
        await screen.press("j", "v", "}", "w")
        line = screen.app.screen.query_one("Input")
        line.value = str(path)  # type: ignore[attr-defined]
        await screen.press("enter")
        await screen.until(path.exists)
        saved = {name: screen.pane(name) for name in ("states", "units", "gates", "output")}
        assert not screen.app.session.unsaved  # type: ignore[union-attr]
    async with open_app(open_scenario(path)) as screen:
        await screen.answered()
        assert {name: screen.pane(name) for name in saved} == saved


async def test_a_killed_engine_is_replaced_and_the_session_goes_on(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        screen.app.link.restart()
        await screen.press("n")
        assert "t 1 of 20" in screen.pane("units")
        await screen.press("s", "enter")
        await screen.answered()
        assert "Before → after" in screen.pane("left")


async def test_resizing_keeps_what_matters(open_app: OpenApp, tiny_models: Path, sequence: Path) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        for size in ((40, 10), (200, 50), (80, 24), (20, 5), (80, 24)):
            await screen.resize(*size)
            await screen.press("n")
        assert "t 5 of 20" in screen.pane("units")


async def test_help_lists_every_action(open_app: OpenApp, tiny_models: Path) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files()), size=(100, 140)) as screen:
        await screen.press("question_mark")
        for action in screen.app.actions:
            assert action.title in screen.text
        await screen.press("escape")


async def test_copy_names_the_value_under_the_cursor(
    open_app: OpenApp, tiny_models: Path, sequence: Path, own_places: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("n", "}", "y")
        copied = (own_places / "state" / "copied.txt").read_text()
        assert copied.startswith("lstm h[t=1, unit=0, sample=0] = ")


async def test_unsaved_work_is_kept_on_leaving_and_offered_again(
    open_app: OpenApp, tiny_models: Path, sequence: Path, own_places: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("s", "enter")
        await screen.answered()
        screen.app.leave()
    kept = list((own_places / "state" / "unsaved").glob("*.yaml"))
    assert len(kept) == 1
    async with open_app(open_scenario(kept[0], tiny_models / "lstm.keras")) as screen:
        await screen.answered()
        assert "rescale standard" in screen.pane("left")


async def test_the_sample_that_stands_out_is_found_in_a_list(
    open_app: OpenApp, tiny_models: Path, tmp_path: Path
) -> None:
    x = np.random.default_rng(0).normal(size=(40, 20, 3)).astype(np.float32)
    x[33, 12] = np.nan
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.zeros((40, 1), np.float32))
    files = Files(tmp_path / "x.npy", target=tmp_path / "y.npy")
    async with open_app(open_model(tiny_models / "lstm.keras", files)) as screen:
        await screen.answered()
        await screen.press("l")
        await screen.until(lambda: "NaN or inf lstm t 12" in screen.text)
        assert "root mean square of prediction minus target" in screen.text
        await screen.press("enter")
        await screen.drawn()
        cursor = screen.app.session.cursor  # type: ignore[union-attr]
        assert (cursor.sample, cursor.step) == (33, 12)
        assert "sample 33" in screen.pane("states")
        await screen.press("l", "down", "escape")
        assert screen.app.session.cursor.sample == 33  # type: ignore[union-attr]


async def test_of_a_single_sample_there_is_no_list(
    open_app: OpenApp, tiny_models: Path, sequence: Path
) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("l")
        assert "there is only one sample" in screen.notes()


async def test_the_model_is_written_in_another_form_shown_to_be_the_same(
    open_app: OpenApp, tiny_models: Path, sequence: Path, tmp_path: Path
) -> None:
    free = tmp_path / "free.keras"
    async with open_app(open_model(tiny_models / "stateful.keras", Files(sequence))) as screen:
        await screen.answered()
        await screen.press("B")
        await screen.type("batch")
        await screen.press("enter")
        assert "batch takes a number" in screen.text
        await screen.press("escape", "B")
        await screen.type(f"stateless {free}")
        await screen.press("enter")
        await screen.until(lambda: "same prediction: your input" in screen.notes())
        assert free.exists()
        await screen.press("B")
        await screen.type(f"stateless {free}")
        assert "already" in screen.text
