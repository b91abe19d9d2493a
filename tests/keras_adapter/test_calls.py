"""Plans carried out: calls as a user makes them, failures as outcomes, the model as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel, load_model  # noqa: E402
from lstm_tui.keras_adapter.making import slide  # noqa: E402
from lstm_tui.recurrent.calls import (  # noqa: E402
    Call,
    CallModel,
    Fit,
    Generate,
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    Run,
    RunPlan,
    StateReset,
    Stream,
    Threads,
)
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402

X = specimens.sequence()


def model_file(kind, folder: Path) -> Path:
    path = folder / f"{kind.__name__}.keras"
    specimens.build(kind).model.save(path)
    return path


@pytest.fixture(scope="module")
def nested(tmp_path_factory) -> LoadedModel:
    """A stateful layer at top level and one inside a nested model."""
    return load_model(model_file(zoo_layers.stateful_nested, tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> LoadedModel:
    return load_model(model_file(zoo_layers.two_lstms, tmp_path_factory.mktemp("models")))


def run(loaded: LoadedModel, *calls: Call, x: np.ndarray = X, record: int = -1, **plan) -> Run:
    return loaded.run(RunPlan({"x": x}, calls=calls, record=record % 99, **plan), lambda *_: None)


def output(outcome) -> np.ndarray:
    assert outcome.failure is None, outcome.failure
    return next(iter(outcome.outputs.values()))


def test_identical_calls_of_a_stateful_model_differ_until_it_is_reset(nested):
    first, second, _, again = run(nested, Predict(), Predict(), ResetStates(), Predict()).outcomes
    assert not np.array_equal(output(first), output(second))
    assert np.array_equal(output(first), output(again))


def test_every_run_starts_from_the_model_as_loaded(nested):
    one, other = run(nested, Predict(), Predict()), run(nested, Predict(), Predict())
    assert np.array_equal(output(one.outcomes[1]), output(other.outcomes[1]))
    assert not any(np.any(values) for values in one.outcomes[0].states_before.values())
    assert one.key == other.key


def test_resets_of_the_plan_come_before_the_calls(nested):
    reset = StateReset(to="random", seed=5)
    changed = run(nested, Predict(), resets=(reset,)).outcomes[0]
    assert all(np.any(values) for values in changed.states_before.values())
    saved = StateReset(to="saved", saved=changed.states_before)
    again = run(nested, Predict(), resets=(saved,)).outcomes[0]
    assert np.array_equal(output(changed), output(again))


def test_a_reset_that_names_no_layer_is_refused(nested):
    with pytest.raises(EditError, match="no stateful layer at gruu"):
        run(nested, Predict(), resets=(StateReset(layers=("gruu",)),))


def test_the_loop_that_people_write_misses_nested_layers(nested):
    _, reset, after = run(nested, Predict(), ResetStates(scope="top_level"), Predict()).outcomes
    assert reset.note == "1 of 2 stateful layers reset; missed inner/lstm"
    assert not np.any(after.states_before["gru/h"])
    assert np.any(after.states_before["inner/lstm/h"])


def test_the_reset_of_stacked_cells_fails_in_keras_and_says_where(tmp_path):
    loaded = load_model(model_file(zoo_layers.stateful_stacked_cells, tmp_path))
    _, broken, _, whole, after = run(
        loaded, Predict(), ResetStates(scope="top_level"), Predict(), ResetStates(), Predict()
    ).outcomes
    assert broken.failure is not None
    assert (broken.failure.layer, broken.failure.error_type) == ("rnn", "AttributeError")
    assert whole.failure is None
    assert not any(np.any(values) for values in after.states_before.values())


def test_the_keras_2_call_is_gone(nested):
    (outcome,) = run(nested, LegacyResetStates()).outcomes
    assert outcome.failure is not None
    assert outcome.failure.error_type == "AttributeError"
    assert "reset_states" in outcome.failure.message


def test_saving_and_loading_loses_the_states(nested):
    first, _, after = run(nested, Predict(), Reload(), Predict(), record=2).outcomes
    assert np.array_equal(output(first), output(after))
    assert not any(np.any(values) for values in after.states_before.values())


def test_a_call_after_a_reload_can_be_recorded(nested):
    made = run(nested, Predict(), Reload(), Predict(), record=2)
    assert made.recording is not None
    assert made.recording.disagreement == 0.0


def test_a_failure_after_a_reload_is_placed_in_the_new_model(nested):
    *_, failed = run(nested, Reload(), Predict(inputs={"x": specimens.sequence(2, 4, 7)})).outcomes
    assert failed.failure is not None
    assert failed.failure.layer == "inner/lstm"


def test_rows_order_and_batches_are_those_that_are_asked_for(plain):
    x = specimens.sequence(5, 4, specimens.FEATURES)
    whole, rows, reversed_, one_by_one = run(
        plain,
        Predict(),
        Predict(rows=(3, 1)),
        Predict(reversed_order=True),
        Predict(batch_size=2),
        x=x,
    ).outcomes
    np.testing.assert_allclose(output(rows), output(whole)[[3, 1]], atol=1e-6)
    np.testing.assert_allclose(output(reversed_), output(whole)[::-1], atol=1e-6)
    np.testing.assert_allclose(output(one_by_one), output(whole), atol=1e-6)


def test_a_call_may_have_an_input_of_its_own(plain):
    other = specimens.sequence(seed=9)
    first, second = run(plain, Predict(), Predict(inputs={"x": other})).outcomes
    (alone,) = run(plain, Predict(), x=other).outcomes
    assert not np.array_equal(output(first), output(second))
    assert np.array_equal(output(second), output(alone))


@pytest.mark.parametrize(
    ("shape", "layer", "words"),
    [
        ((specimens.STEPS, specimens.FEATURES), "", "Invalid input shape"),
        ((2, specimens.STEPS, 7), "inner/lstm", "7"),
        ((1, specimens.STEPS, specimens.FEATURES), "inner/lstm", "batch size"),
        ((2, 0, specimens.FEATURES), "inner/lstm", ""),
    ],
    ids=["rank", "features", "batch", "no steps"],
)
def test_a_call_that_fails_says_where_and_what(nested, shape, layer, words):
    (outcome,) = run(
        nested, Predict(), x=specimens.sequence(*shape) if 0 not in shape else np.zeros(shape)
    ).outcomes
    assert outcome.failure is not None
    assert outcome.failure.layer == layer
    assert words in outcome.failure.message
    assert "\x1b" not in outcome.failure.message
    assert outcome.outputs == {}


def test_a_failed_call_does_not_spoil_the_model_for_the_next_run(nested):
    before = output(run(nested, Predict()).outcomes[0])
    spoiled = run(nested, Predict(), Predict(inputs={"x": X[0]}), Predict())
    assert spoiled.outcomes[1].failure is not None
    assert np.array_equal(output(run(nested, Predict()).outcomes[0]), before)


def test_a_failed_call_has_no_recording(plain):
    made = run(plain, Predict(), x=X[..., :1], record=0)
    assert made.outcomes[0].failure is not None
    assert made.recording is None


def test_random_calls_are_recorded_with_the_same_random_numbers(tmp_path):
    loaded = load_model(model_file(zoo_models.dropout, tmp_path))
    made = run(loaded, CallModel(training=True), CallModel(training=True), record=1)
    assert not np.array_equal(output(made.outcomes[0]), output(made.outcomes[1]))
    assert made.recording is not None
    assert made.recording.disagreement is not None and made.recording.disagreement < 1e-6


def test_what_is_not_a_prediction_is_not_recorded(nested):
    made = run(nested, ResetStates(), Predict(), record=0)
    assert made.recording is None
    assert "reset" in made.recording_note


def test_a_plan_without_the_call_to_record_says_so(nested):
    assert "no call to record" in run(nested, Predict(), record=7).recording_note


def test_generating_feeds_predictions_back(tmp_path):
    path = tmp_path / "model.keras"
    specimen = specimens.chain(layers.LSTM(4), layers.Dense(specimens.FEATURES))
    specimens.enliven(specimen.model, 1)
    specimen.model.save(path)
    (outcome,) = run(load_model(path), Generate(3)).outcomes
    window, expected = X, []
    for _ in range(3):
        expected.append(specimen.model.predict(window, verbose=0))
        window = np.concatenate([window[:, 1:], expected[-1][:, None]], axis=1)
    np.testing.assert_allclose(output(outcome), np.stack(expected, axis=1), atol=1e-6)


def test_a_prediction_of_one_value_replaces_one_feature():
    window = specimens.sequence(2, 3, 2)
    slid = slide(window, np.array([[5.0], [6.0]], np.float32), 1)
    assert np.array_equal(slid[:, :2], window[:, 1:])
    assert np.array_equal(slid[:, -1], np.stack([window[:, -1, 0], [5.0, 6.0]], axis=1).astype(np.float32))


def test_one_step_a_call_gives_what_the_whole_sequence_gives(nested):
    streamed, _, whole = run(nested, Stream(), ResetStates(), Predict()).outcomes
    assert output(streamed).shape == (2, specimens.STEPS, 1)
    np.testing.assert_allclose(output(streamed)[:, -1], output(whole), atol=1e-5)
    (reset_each,) = run(nested, Stream(reset_each=True)).outcomes
    assert not np.allclose(output(reset_each)[:, -1], output(whole), atol=1e-3)


def test_a_stream_of_sequences_is_a_sequence(tmp_path):
    loaded = load_model(model_file(zoo_layers.stateful_gru, tmp_path))
    streamed, _, whole = run(loaded, Stream(), ResetStates(), Predict()).outcomes
    np.testing.assert_allclose(output(streamed), output(whole), atol=1e-5)


def test_token_ids_are_streamed_one_by_one(tmp_path):
    loaded = load_model(model_file(zoo_layers.embedding_mask, tmp_path))
    tokens = np.array([[4, 2, 7], [1, 2, 3]])
    (outcome,) = run(loaded, Stream(), x=tokens).outcomes
    assert output(outcome).shape == (2, 3, 3)


def test_a_long_stream_tells_how_far_it_is(nested):
    told: list[str] = []
    plan = RunPlan({"x": specimens.sequence(2, 60, specimens.FEATURES)}, calls=(Stream(),))
    nested.run(plan, lambda stage, share: told.append(stage))
    assert "stream, step 50 of 60" in told


def test_fitting_moves_the_weights_for_the_calls_behind_it_alone(plain):
    target = np.ones((2, 1), np.float32)
    before, fitted, after = run(plain, Predict(), Fit(target, epochs=2), Predict()).outcomes
    assert fitted.outputs["loss"].shape == (2,)
    assert fitted.outputs["weight_change"] > 0
    assert "weights moved" in fitted.note
    assert not np.array_equal(output(before), output(after))
    assert np.array_equal(output(run(plain, Predict()).outcomes[0]), output(before))
    assert not plain.model.compiled


def test_fitting_sample_by_sample_and_with_validation(plain):
    target = np.ones((2, 1), np.float32)
    (outcome,) = run(plain, Fit(target, each_sample=True, validation=({"x": X}, target))).outcomes
    assert output(outcome).shape == (2,)


def test_threads_share_one_model(nested):
    (outcome,) = run(nested, Threads(2, (Predict(), Predict()))).outcomes
    assert {name.partition("/")[0] for name in outcome.outputs} == {"thread_0", "thread_1"}
    assert outcome.failure is None


def test_a_thread_that_fails_is_told(nested):
    (outcome,) = run(nested, Threads(2, (LegacyResetStates(),))).outcomes
    assert "thread 0: AttributeError" in outcome.note


def test_progress_is_told_in_words_and_shares(nested):
    told: list[tuple[str, float | None]] = []
    nested.run(
        RunPlan({"x": X}, calls=(Predict(), Predict())), lambda stage, share: told.append((stage, share))
    )
    assert [stage for stage, _ in told] == ["predict, call 1 of 2", "recording", "predict, call 2 of 2"]
    assert all(share is not None and 0 <= share <= 1 for _, share in told)


def test_another_length_is_another_signature_and_both_stay_right(plain):
    for steps in (3, 5, 3):
        x = specimens.sequence(2, steps, specimens.FEATURES)
        made = run(plain, Predict(), x=x, record=0)
        assert made.recording is not None
        assert made.recording.disagreement == 0.0
        assert made.recording.layers[0].steps["h"].shape == (2, steps, 4)


def test_a_two_dimensional_input_that_keras_expands_is_recorded_as_keras_saw_it(tmp_path):
    path = tmp_path / "model.keras"
    model = keras.Sequential([keras.Input((None, 1)), layers.LSTM(3)])
    model.save(path)
    made = run(load_model(path), Predict(), x=specimens.sequence(4, 1), record=0)
    assert made.outcomes[0].failure is None
    assert made.recording is not None
    assert made.recording.layers[0].steps["h"].shape == (4, 1, 3)
