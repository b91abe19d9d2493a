"""When a batch of a training is saved, from numbers alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lstm_tui.flight_recorder import watch_training
from lstm_tui.flight_recorder.batches import ArrayBatches, Batch, IndexedBatches, SeenBatches
from lstm_tui.flight_recorder.training_reasons import Step, TrainingConditions, Watchfulness
from lstm_tui.flight_recorder.weights import KeptWeights
from tests.flight_recorder.stand_ins import Variable, stateful_model


def weights(*values: float) -> KeptWeights:
    return KeptWeights(SimpleNamespace(weights=[Variable([value]) for value in values]))


def step(number: int = 1, loss: float = 1.0, norm: float | None = None, kept=None) -> Step:
    return Step(0, number - 1, Batch(number, (np.zeros(1),)), {}, kept, loss, norm)


def test_a_loss_that_is_no_number_is_told_once_until_it_is_one_again():
    watch = Watchfulness(TrainingConditions())
    losses = [1.0, np.nan, np.nan, 1.0, np.inf]
    told = [[reason.code for _, reasons in watch.after_step(step(loss=loss), None) for reason in reasons]
            for loss in losses]  # fmt: skip
    assert told == [[], ["nan"], [], [], ["nan"]]


def test_the_step_that_broke_the_weights_is_saved_not_the_one_that_shows_it():
    watch = Watchfulness(TrainingConditions())
    good, bad = step(1, kept=weights(1.0, 2.0)), step(2, loss=np.nan, kept=weights(1.0, np.nan))
    ((found, (reason,)),) = watch.after_step(bad, good)
    assert found is good
    assert "made weights NaN" in reason.sentence
    ((found, _),) = Watchfulness(TrainingConditions()).after_step(step(loss=np.nan, kept=weights(1.0)), good)
    assert np.isnan(found.loss)


def test_a_gradient_far_beyond_the_usual_is_told():
    watch = Watchfulness(TrainingConditions(gradient_factor=20))
    norms = [1.0] * 9 + [100.0, 1.0, 25.0, 30.0, 1.0, np.inf]
    told = [bool(watch.after_step(step(norm=norm), None)) for norm in norms]
    assert told == [False] * 11 + [True, False, False, True], "ten steps make a median; told as it begins"
    off = Watchfulness(TrainingConditions(gradient_factor=None))
    assert not any(off.after_step(step(norm=norm), None) for norm in norms)


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([5.0, 4.0, 4.0, 4.0, 4.0], [False, False, False, True, False]),
        ([5.0, 4.0, 3.0, 2.0, 1.0], [False] * 5),
        ([5.0, 0.01, 0.01, 0.01, 0.01], [False] * 5),
        ([5.0, 5.0, float("nan"), 5.0], [False, False, False, True]),
    ],
    ids=["stalls", "learns", "has arrived", "NaN is another matter"],
)
def test_a_loss_that_does_not_get_better_is_told(losses, told):
    watch = Watchfulness(TrainingConditions(stalled_after=2))
    assert [bool(watch.after_epoch(loss)) for loss in losses] == told


@pytest.mark.parametrize(
    ("predictions", "labels", "told"),
    [
        ([[0.5], [0.5]], [[1.0], [2.0]], True),
        ([[0.5], [0.6]], [[1.0], [2.0]], False),
        ([[0.5], [0.5]], [[1.0], [1.0]], False),
        ([[0.5]], [[1.0]], False),
        ([[np.nan], [np.nan]], [[1.0], [2.0]], False),
    ],
    ids=["constant", "not constant", "so are the labels", "one sample", "NaN"],
)
def test_predictions_that_are_equal_for_different_labels_are_told(predictions, labels, told):
    watch = Watchfulness(TrainingConditions())
    found = watch.after_predictions([np.asarray(predictions)], [np.asarray(labels)])
    assert bool(found) == told


def test_arrays_come_in_batches_with_their_rows():
    x, y = {"a": np.arange(5.0), "b": np.arange(5)}, [10, 11, 12, 13, 14]
    source = ArrayBatches((x, y), batch_size=2, shuffle=True, seed=3, floatx="float32")
    epochs = [list(source), list(source)]
    assert len(source) == 3
    assert not source.equal_sizes
    for epoch in epochs:
        assert sorted(row for _, rows in epoch for row in rows) == [0, 1, 2, 3, 4]
        for (inputs, labels), rows in epoch:
            assert inputs["a"].tolist() == rows
            assert inputs["a"].dtype == np.float32
            assert labels.tolist() == [10 + row for row in rows]
    assert [rows for _, rows in epochs[0]] != [rows for _, rows in epochs[1]]


def test_batches_by_index_are_shuffled_and_told_of_the_end():
    class Source:
        ended = 0

        def __len__(self):
            return 9

        def __getitem__(self, index):
            return (np.full(1, index),)

        def on_epoch_end(self):
            self.ended += 1

    source = Source()
    taken = [int(batch[0][0]) for batch, _ in IndexedBatches(source, shuffle=True, seed=1)]
    assert sorted(taken) == list(range(9))
    assert taken != list(range(9))
    assert source.ended == 1


def test_the_last_batches_are_remembered_by_when_they_were_pulled():
    seen = SeenBatches(2)
    for number in range(3):
        seen.note([number], None)
    assert (seen.count, [batch.number for batch in seen.last()]) == (3, [2, 3])
    assert [batch.parts for batch in seen.since(2)] == [(2,)]


def test_weights_are_put_in_place_and_taken_out_again():
    model = SimpleNamespace(weights=[Variable([1.0])])
    kept = KeptWeights(model)
    model.weights[0].assign([2.0])
    with pytest.raises(OSError, match="full"), kept.in_place():
        assert model.weights[0].values.tolist() == [1.0]
        raise OSError("full")
    assert model.weights[0].values.tolist() == [2.0]


def test_data_that_are_not_watched_are_told_once(tmp_path, caplog):
    flight = watch_training(folder=tmp_path, gradient_factor=None)
    model = stateful_model()
    model.weights = [Variable([1.0])]
    flight.begins(model)
    flight.epoch_begins(0)
    for step in range(3):
        flight.step_begins()
        flight.step_ended(step, {"loss": np.nan})
    flight.epoch_ended({"loss": np.nan})
    assert flight.counts == {"steps": 3, "without batch": 3}
    assert len(caplog.records) == 1
    assert "flight.data" in caplog.text


def test_arguments_that_make_no_sense_are_refused_at_once():
    with pytest.raises(ValueError, match="at least 1"):
        watch_training(stalled_after=0)
