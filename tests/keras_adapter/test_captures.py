"""What the flight recorder captures of real models replays to the bit, through the files that it wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from lstm_tui.flight_recorder import watch  # noqa: E402
from lstm_tui.keras_adapter import load_model  # noqa: E402
from lstm_tui.keras_adapter.feeding import as_model_takes, by_name  # noqa: E402
from lstm_tui.recurrent.calls import Run  # noqa: E402
from lstm_tui.scenario.loading import LoadedScenario, load_scenario  # noqa: E402
from lstm_tui.scenario.plan import run_plan  # noqa: E402
from lstm_tui.scenario.reading import read_scenario  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402
from tests.keras_adapter.zoo import ZOO  # noqa: E402

OWN = "tests.keras_adapter.own_layers"
#: Every kind that keeps states, and of the others one of each form of input, output, loop and wrapper.
KINDS = [
    *(kind for kind in ZOO if kind.__name__.startswith("stateful")),
    zoo_layers.lstm,
    zoo_layers.gru,
    zoo_layers.rnn_of_minimal_cell,
    zoo_layers.stacked_mixed_cells,
    zoo_layers.bidirectional,
    zoo_layers.bidirectional_unmerged,
    zoo_layers.masking_left,
    zoo_layers.embedding_mask,
    zoo_layers.returned_states,
    zoo_layers.encoder_decoder,
    zoo_layers.states_as_inputs,
    zoo_models.nested_functional,
    zoo_models.sequence_and_static,
    zoo_models.two_outputs,
    zoo_models.named_inputs_and_outputs,
    zoo_models.multi_head_attention,
    zoo_models.dropout,
    zoo_models.float16,
    zoo_models.mixed_bfloat16,
    zoo_models.float64,
]


def captured(specimen: specimens.Specimen, folder: Path) -> tuple[Path, Any]:
    """A call of the model, the second one where it keeps states, and what it gave."""
    file = folder / "model.keras"
    specimen.model.save(file)
    flight = watch(specimen.model, file, folder=folder / "captures", on_disagreement=False)
    predict = flight(specimen.model.predict)
    fed = as_model_takes(specimen.model, specimen.inputs)
    given = predict(fed, verbose=0)
    calls = 1
    if flight.calls[0].states:  # then the second call begins elsewhere than a model that was just loaded
        given = predict(fed, verbose=0)
        calls = 2
    path = flight.capture()
    assert path is not None, flight.counts
    assert flight.counts == {"calls": calls, "captured": 1, "rotated": 0}
    return path, by_name(specimen.model, given)


def built(kind: Callable[[], specimens.Specimen]) -> specimens.Specimen:
    """As `specimens.build`, without clearing Keras' session: that takes longer than the rest."""
    keras.utils.set_random_seed(7)
    specimen = kind()
    specimens.enliven(specimen.model, 7)
    return specimen


def replayed(path: Path) -> tuple[LoadedScenario, Run]:
    loaded = load_scenario(read_scenario(path))
    model = load_model(loaded.scenario.model_path, custom_objects=(OWN,))
    plan = run_plan(loaded, model.facts)
    outputs_alone = replace(plan, record=len(plan.calls))  # as `lstm-tui replay` does
    return loaded, model.run(outputs_alone, lambda *_: None)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_captured_call_comes_out_again_to_the_bit(kind: Callable[[], specimens.Specimen], tmp_path: Path):
    path, given = captured(built(kind), tmp_path)
    loaded, run = replayed(path)
    (outcome,) = run.outcomes
    assert outcome.failure is None
    assert given.keys() == outcome.outputs.keys()
    for name, values in given.items():
        assert np.array_equal(values, outcome.outputs[name])
    expect = loaded.scenario.expect
    assert expect is not None and expect.output is not None and loaded.expected_output is not None
    assert np.array_equal(loaded.expected_output, given[expect.output.name or next(iter(given))])


def test_a_disagreement_comes_out_again_with_all_that_led_to_it(tmp_path: Path):
    specimen = built(zoo_layers.stateful_nested)
    flight = watch(specimen.model, folder=tmp_path)  # no file: the model is saved from memory
    x = next(iter(specimen.inputs.values()))
    predict = flight(specimen.model.predict)
    given = [predict(each, verbose=0) for each in (2 * x, x, -x, x)]
    (path,) = tmp_path.glob("*.yaml")
    _, run = replayed(path)
    assert [np.array_equal(next(iter(outcome.outputs.values())), output) for outcome, output in
            zip(run.outcomes, given[1:], strict=True)] == [True] * 3  # fmt: skip


def test_there_are_kinds_enough():
    assert len(set(KINDS)) >= 30
