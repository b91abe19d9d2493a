"""The gallery opens, and its scenarios show fault and cure by the keys that their stories name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import OptionList

from lstm_tui.engine.client import EngineProcess
from lstm_tui.performing.named import Named
from lstm_tui.performing.opening import open_named, open_scenario
from lstm_tui.report.diagnosing import codes_found
from lstm_tui.report.replay import Replayer
from lstm_tui.scenario.gallery import gallery
from tests.tui.conftest import OpenApp, Screen

pytestmark = pytest.mark.keras


def entry(name: str) -> Path:
    return next(each.path for each in gallery() if each.path.stem.endswith(name))


def last(screen: Screen) -> np.ndarray:
    run = screen.app.session.run  # type: ignore[union-attr]
    assert run is not None
    return next(iter(run.outcomes[-1].outputs.values()))


async def pressed(screen: Screen, keys: Sequence[str]) -> None:
    for key in keys:
        if " " in key or "/" in key:
            await screen.type(key)
        else:
            await screen.press(key)
    await screen.answered()


async def test_the_gallery_tells_each_story_and_opens_it(open_app: OpenApp) -> None:
    async with open_app() as screen:
        assert "No prediction" in screen.text
        await screen.press("down")
        assert gallery()[1].name in screen.text
        await screen.press("enter")
        await screen.answered()
        assert "input-axes-swapped" in screen.text
        await screen.press("G")
        assert gallery()[1].description.split()[0] in screen.text and "Esc back" in screen.text
        options = screen.app.screen.query_one(OptionList)
        assert options.highlighted is not None
        assert options.get_option_at_index(options.highlighted).id == str(gallery()[1].path)
        await screen.press("escape")
        assert "input-axes-swapped" in screen.text


async def test_of_several_scenarios_one_chooses_among_exactly_these(open_app: OpenApp) -> None:
    paths = tuple(map(entry, ("axes-swapped", "carry-over")))
    opened, shelf = open_named(Named(scenarios=paths))
    async with open_app(opened, shelf=shelf) as screen:
        assert "2 scenarios" in screen.text
        options = screen.app.screen.query_one(OptionList).options
        assert [option.id for option in options if not option.disabled] == list(map(str, paths))
        assert "2-axes-swapped.yaml" in screen.text
        await screen.press("down")
        assert "identical calls" in screen.text
        await screen.press("enter")
        await screen.answered()
        assert screen.app.session.story.path == paths[1]  # type: ignore[union-attr]
        await screen.press("G")
        assert "2-axes-swapped.yaml" in screen.text
        await screen.press("up", "enter")
        await screen.answered()
        assert screen.app.session.story.path == paths[0]  # type: ignore[union-attr]


async def test_a_model_named_before_scenarios_takes_the_place_of_theirs(
    open_app: OpenApp, tiny_models: Path
) -> None:
    model = tiny_models / "lstm.keras"
    paths = tuple(map(entry, ("axes-swapped", "carry-over")))
    opened, shelf = open_named(Named(model, paths))
    async with open_app(opened, shelf=shelf) as screen:
        assert "lstm.keras" in screen.text
        await screen.press("enter")
        assert screen.app.session.model.path == model  # type: ignore[union-attr]


async def test_what_is_not_saved_is_kept_when_another_scenario_is_opened(
    open_app: OpenApp, own_places: Path
) -> None:
    async with open_app(open_scenario(entry("carry-over"))) as screen:
        await screen.answered()
        await screen.press("p", "G", "enter")
        assert "Unsaved changes are kept" in screen.notes()
    assert len(list(own_places.rglob("unsaved/*.yaml"))) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("batch-axis-missing", "input-rank"),
        ("axes-swapped", "input-axes-swapped"),
        ("surplus-column", "input-features"),
        ("bound-to-batch", "batch-size"),
    ],
)
async def test_what_does_not_fit_is_explained_and_the_first_reshape_cures_it(
    open_app: OpenApp, name: str, code: str
) -> None:
    async with open_app(open_scenario(entry(name))) as screen:
        await screen.answered()
        assert code in screen.pane("states")
        await pressed(screen, ("S", "enter"))
        assert "prediction" in screen.pane("output")
        assert np.isfinite(last(screen)).all()


async def test_the_missing_state_is_opened_beside_the_words(open_app: OpenApp) -> None:
    async with open_app(open_scenario(entry("decoder-state-missing"))) as screen:
        await screen.answered()
        assert "input-missing" in screen.pane("states")
        await pressed(screen, ("o", "inputs/decoder-state-missing-with-states.npz", "enter"))
        assert last(screen).argmax(-1).tolist() == [[4, 11, 7]]


async def test_a_state_that_is_not_read_is_handed_in(open_app: OpenApp) -> None:
    async with open_app(open_scenario(entry("level-handed-in"))) as screen:
        await screen.answered()
        assert last(screen)[0, -1] == pytest.approx(0.45, abs=0.006)
        await pressed(screen, ("o", "inputs/level-handed-in-level-by-then.npz", "enter"))
        assert last(screen)[0, -1] == pytest.approx(1.42, abs=0.006)


async def test_unscaled_dollars_are_scaled_and_predictions_turned_back(open_app: OpenApp) -> None:
    async with open_app(open_scenario(entry("unscaled-dollars"))) as screen:
        await screen.answered()
        assert np.ptp(last(screen)[0, 20:]) == 0, "the same value at every step"
        await pressed(screen, ("s", "file: inputs/unscaled-dollars-scaler.joblib", "enter"))
        assert np.ptp(last(screen)[0, 20:]) > 0.5


async def test_a_reset_before_each_call_makes_identical_calls_equal(open_app: OpenApp) -> None:
    async with open_app(open_scenario(entry("carry-over"))) as screen:
        await screen.answered()
        assert "spread" in screen.pane("left")
        assert "equal to the bit" not in screen.pane("left")
        await pressed(screen, ("r", "enter"))
        assert "equal to the bit" in screen.pane("left")


async def test_the_reset_of_the_workbench_reaches_nested_layers(open_app: OpenApp) -> None:
    async with open_app(open_scenario(entry("nested-not-reset"))) as screen:
        await screen.answered()
        assert "missed" in screen.pane("left") or "missed" in " ".join(
            outcome.note
            for outcome in screen.app.session.run.outcomes  # type: ignore[union-attr]
        )
        await pressed(screen, ("r", "enter"))
        outputs = [
            outcome.outputs
            for outcome in screen.app.session.run.outcomes
            if outcome.outputs  # type: ignore[union-attr]
        ]
        values = [next(iter(each.values())) for each in outputs]
        assert all(np.array_equal(values[0], value) for value in values)


async def test_a_bundled_scenario_is_saved_as_a_copy_that_replays(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: EngineProcess
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(open_scenario(entry("carry-over"))) as screen:
        await screen.answered()
        await pressed(screen, ("w", "enter"))
        await screen.until((tmp_path / "1-carry-over-1.yaml").exists)
    replayer = Replayer(engine.ask, diagnose=codes_found(engine.ask))
    assert replayer.result(tmp_path / "1-carry-over-1.yaml").status == "passed"
