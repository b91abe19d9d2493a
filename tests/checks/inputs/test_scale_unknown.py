"""Raw dollars and nothing that says how the model was trained: found by what half and twice as much predict.

The model is the gallery's, which learned on standardised prices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Finding
from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.scenario.gallery import gallery_folder

pytestmark = pytest.mark.keras

FOLDER = gallery_folder() / "2-constant-prediction"


@pytest.fixture(scope="module")
def gold() -> Any:
    from lstm_tui.keras_adapter import load_model

    return load_model(FOLDER / "models/unscaled-dollars.keras")


@pytest.fixture(scope="module")
def dollars() -> Any:
    return np.load(FOLDER / "inputs/unscaled-dollars.npy").astype(np.float32)


def found(loaded: Any, x: Any, **beside: Any) -> tuple[Finding, ...]:
    subject = Subject(RunPlan({"sequence": x}, **beside))
    diagnosis = loaded.diagnose(subject, None, lambda *_: None, lambda *_: None, ("input-scale",))
    assert not diagnosis.failed
    return diagnosis.findings  # type: ignore[no-any-return]


def test_raw_numbers_are_told_with_what_is_not_known(gold: Any, dollars: Any) -> None:
    (finding,) = found(gold, dollars)
    assert "training had is not known" in finding.summary
    assert finding.evidence["saturated_gates"] > 0.95
    assert finding.evidence["saturated_gates_rescaled"] < 0.5
    assert finding.proof is not None
    assert finding.proof.before < 0.01 * finding.proof.after
    assert finding.fix is not None
    (rescale,) = finding.fix.actions
    assert isinstance(rescale, Rescale)
    assert np.ptp(rescale.apply(dollars)) < 10


def test_scaled_numbers_and_quiet_ones_are_left_alone(gold: Any, dollars: Any) -> None:
    scaled = (dollars - dollars.mean()) / dollars.std()
    assert not found(gold, scaled)
    assert not found(gold, np.full_like(dollars, 1800))


def test_a_target_near_the_predictions_says_that_training_was_on_such_numbers(
    gold: Any, dollars: Any
) -> None:
    """Then it is the training that was not scaled, which another check tells; one far away says nothing."""
    run = gold.run(RunPlan({"sequence": dollars}), lambda *_: None)
    (predicted,) = run.outcomes[0].outputs.values()
    assert not found(gold, dollars, target=predicted + np.float32(0.1) * np.sign(predicted))
    assert found(gold, dollars, target=dollars)


def test_a_model_that_takes_raw_numbers_is_left_alone(gold: Any, dollars: Any, tmp_path: Any) -> None:
    """The same weights with the scaling taken into them."""
    import keras

    from lstm_tui.keras_adapter import load_model

    model = keras.saving.load_model(FOLDER / "models/unscaled-dollars.keras", compile=False)
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    mean, scale = dollars.mean(), dollars.std()
    model.get_layer("lstm").set_weights([kernel / scale, recurrent, bias - kernel[0] * mean / scale])
    model.save(tmp_path / "raw.keras")
    assert not found(load_model(tmp_path / "raw.keras"), dollars)


def test_where_raw_numbers_still_move_the_predictions_a_little_it_is_asked(tmp_path: Any) -> None:
    """One unit of sixteen hears the raw numbers faintly: no proof of a fault, and gates at their limits."""
    import keras

    from lstm_tui.keras_adapter import load_model

    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((None, 2), name="sequence"), keras.layers.LSTM(16, name="lstm"), keras.layers.Dense(1)]
    )
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    kernel[0, ::16], kernel[1, ::16] = 0.004, 0.5
    model.get_layer("lstm").set_weights([kernel, recurrent, bias])
    model.save(tmp_path / "faint.keras")
    generator = np.random.default_rng(4)
    x = np.stack([generator.normal(990, 4, (2, 40)), generator.normal(0, 1, (2, 40))], axis=-1)
    (finding,) = found(load_model(tmp_path / "faint.keras"), x.astype(np.float32))
    assert finding.severity == "info"
    assert finding.summary.endswith("(reference) tells.")
    assert finding.proof is not None and finding.proof.before > 0.9 and finding.proof.after < 0.5
