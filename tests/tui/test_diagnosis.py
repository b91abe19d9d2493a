"""The checks in the real app: found, chosen, tried, explained; and the view of shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_tui.performing.opening import Files, open_model, open_scenario
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.scenario.gallery import gallery
from lstm_tui.session.diagnosing import shown_checkup
from lstm_tui.session.shape_choice import shown_shapes
from lstm_tui.session.view import comparison
from tests.tui.conftest import OpenApp, Screen

pytestmark = pytest.mark.keras

SIZES = pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])


def bundled(name: str) -> Path:
    return next(each.path for each in gallery() if each.path.stem.endswith(name))


async def checked(screen: Screen) -> None:
    """Press d and wait until the checks have answered."""
    await screen.answered()
    await screen.press("d")

    def answered() -> bool:
        checkup = shown_checkup(screen.app.session)  # type: ignore[arg-type]
        return checkup is not None and not checkup.running

    await screen.until(answered, seconds=180)
    await screen.drawn()


@SIZES
async def test_a_finding_is_found_chosen_tried_and_comes_back_with_undo(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(open_scenario(bundled("carry-over")), size=size) as screen:
        await checked(screen)
        assert "✗ state-carryover" in screen.pane("left")
        await screen.press(".")
        left = screen.pane("left")
        assert "▸✗ state-carryover" in left
        assert "tried:" in left and "→ 0" in left
        assert screen.app.session.cursor.step == 0  # type: ignore[union-attr]
        await screen.press("T")
        await screen.answered()
        left = screen.pane("left")
        assert "tried state-carryover" in left
        assert "Before → after" in left
        await screen.press("u")
        assert "✗ state-carryover" in screen.pane("left")


async def test_a_single_call_is_made_again_so_that_the_fix_shows_what_it_mends(open_app: OpenApp) -> None:
    folder = bundled("carry-over").parent
    opened = open_model(folder / "models/carry-over.keras", Files(folder / "inputs/carry-over.npy"))
    async with open_app(opened) as screen:

        def told() -> str:
            return " ".join(screen.pane("left").split())

        await checked(screen)
        await screen.press(".")
        assert "T: call predict, reset, predict" in told()
        await screen.press("T")
        await screen.until(lambda: comparison(screen.app.session) is not None)  # type: ignore[arg-type]
        await screen.drawn()
        assert "was … 0.2355" in told() and "is … 0.1943" in told(), (
            "a second call, without a reset and with one"
        )
        assert "spread equal to the bit" in told()
        await screen.press("u")
        assert "spread 0.7" in told(), "the fault by itself"
        await screen.press("u")
        assert "✗ state-carryover" in told()


async def test_a_finding_is_explained_and_copied_and_its_case_made_small(
    open_app: OpenApp, own_places: Path
) -> None:
    async with open_app(open_scenario(bundled("carry-over"))) as screen:
        await checked(screen)
        await screen.press("L")
        for words in ("Measured", "Tried on a copy", "To do"):
            assert words in screen.text
        await screen.press("y")
        copied = (own_places / "state/copied.txt").read_text()
        for words in ("How Keras behaves", "How to keep it from happening", "state.assign"):
            assert words in copied
        await screen.press("L")
        assert "Findings" in screen.text
        await screen.press("M")
        assert "making it small" in screen.pane("left")
        await screen.until(lambda: not screen.app.session.inquiry.shrinking, seconds=180)  # type: ignore[union-attr]
        await screen.answered()
        run = screen.app.session.plan.run  # type: ignore[union-attr]
        assert [array.shape for array in run.inputs.values()] == [(1, 1, 1)]
        assert len(run.calls) == 2
        await screen.press("u")
        assert len(screen.app.session.plan.run.calls) == 3  # type: ignore[union-attr]


async def test_a_healthy_model_is_told_to_be(open_app: OpenApp, tiny_models: Path, sequence: Path) -> None:
    async with open_app(open_model(tiny_models / "gru.keras", Files(sequence)), size=(120, 40)) as screen:
        await checked(screen)
        left = screen.pane("left")
        assert "✓ nothing found above info" in left or "weights-untrained" in left
        assert " lack" in left


@SIZES
async def test_shapes_are_explored_and_one_is_made(
    open_app: OpenApp, tiny_models: Path, sequence: Path, size: tuple[int, int]
) -> None:
    async with open_app(open_model(tiny_models / "two_layers.keras", Files(sequence)), size=size) as screen:
        await screen.answered()
        await screen.press("R")
        await screen.until(lambda: isinstance(shown_shapes(screen.app.session), ShapeExploration))  # type: ignore[arg-type]
        await screen.drawn()
        shown = screen.pane("states")
        assert "lstm_1  LSTM" in shown and "lstm_2  LSTM" in shown
        assert "(1, 20, 8)  h c (1, 8)" in shown
        assert "× lstm_2" in shown
        assert "output (batch 1, timesteps 20, units 8)" in shown
        await screen.press("=")
        await screen.type("1,20,1")
        await screen.press("enter")
        assert "wanted (1, 20, 1): lstm_2" in screen.pane("states")
        await screen.press(*["down"] * 4)
        assert "▸" in next(line for line in screen.pane("states").splitlines() if "(1, 20, 1) ✓" in line)
        await screen.press("enter")
        await screen.answered()
        run = screen.app.session.run  # type: ignore[union-attr]
        assert run is not None
        assert [array.shape for array in run.outcomes[0].outputs.values()] == [(1, 20, 1)]
        assert "1 lstm_2: return_seq" in screen.pane("left")
        await screen.press("u", "R")
        assert "hidden state h" in screen.pane("states")


async def test_the_same_call_again_shows_where_a_carried_state_enters(open_app: OpenApp) -> None:
    async with open_app(open_scenario(bundled("carry-over"))) as screen:
        await screen.answered()
        await screen.press("b")
        await screen.until(lambda: "carried state" in screen.pane("states"))
        shown = screen.pane("states")
        assert "no reset" in shown and "with reset" in shown
        assert any(line.split()[-2:] == ["t", "0"] for line in shown.splitlines()), (
            "the first layer, its step"
        )
        await screen.press("b")
        assert "cell state c" in screen.pane("states")


async def test_shapes_without_an_input(open_app: OpenApp, tiny_models: Path) -> None:
    async with open_app(open_model(tiny_models / "lstm.keras", Files())) as screen:
        await screen.until(lambda: screen.app.session.model.from_keras)  # type: ignore[union-attr]
        await screen.press("R")
        await screen.until(lambda: "(None, None, 4)" in screen.pane("states"))
