"""Watches a training, and saves the batch on which it goes wrong, with states and weights from before it.

What a step costs besides: a copy of the weights and of the states. A capture costs what it takes to save the
model: for that moment, between two steps, the model has the weights from before the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_tui.flight_recorder.batches import Batch, SeenBatches
from lstm_tui.flight_recorder.call import Manner
from lstm_tui.flight_recorder.capture import Case, write_case
from lstm_tui.flight_recorder.folder import CaptureFolder
from lstm_tui.flight_recorder.model_copy import saved_model
from lstm_tui.flight_recorder.quiet import LOG, Counts
from lstm_tui.flight_recorder.reasons import Reason
from lstm_tui.flight_recorder.state_reader import StateReader
from lstm_tui.flight_recorder.taken import Redaction, copied, taken
from lstm_tui.flight_recorder.training_reasons import Step, TrainingConditions, Watchfulness
from lstm_tui.flight_recorder.weights import KeptWeights, weight_bytes
from lstm_tui.recurrent.live_layers import flat

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array

#: Batches that are held, and how many of them constant predictions are looked for in.
_SEEN, _LOOKED_AT = 16, 4


@dataclass(frozen=True, eq=False)
class _Before:
    """What a step starts from."""

    pulled: int
    states: Mapping[str, Array]
    weights: KeptWeights | None
    ahead: bool


class TrainingRecorder:
    """Made by `watch_training`. The callback tells it what happens, the data which batches were pulled."""

    def __init__(
        self, folder: CaptureFolder, conditions: TrainingConditions, memory_bytes: int, redact: Redaction
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._redact = redact
        self._conditions = conditions
        self._counts = Counts()
        self._seen = SeenBatches(_SEEN)
        self._watch = Watchfulness(conditions)
        self._model: Any = None
        self._states = StateReader(None)
        self._norm: Any = None
        self._before: _Before | None = None
        self._pulled_at_end: int | None = None
        self._step: Step | None = None
        self._epoch = self._trained = 0
        self._ahead = False

    # --- what programs use

    def data(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> Any:
        """A `tf.data.Dataset` of what `fit` would take for `x`, `y` and `sample_weight`, which is watched.

        batch_size, shuffle, seed: for arrays; `shuffle` for a `PyDataset` too. A `tf.data.Dataset` comes in
        batches and shuffled already. Batches are pulled one by one, when a step needs them: what is costly to
        make belongs into a `tf.data.Dataset` that prefetches itself.

        Raises: TypeError for what holds no batches.
        """
        from lstm_tui.flight_recorder.watched_data import dataset_of, source_of

        source = source_of(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, seed=seed)
        return dataset_of(source, self._note, getattr(x, "element_spec", None) if y is None else None)

    def callback(self) -> Any:
        """A `keras.callbacks.Callback` for `fit`."""
        from lstm_tui.flight_recorder.keras_callback import callback_for

        return callback_for(self)

    @property
    def counts(self) -> dict[str, int]:
        """How often: `steps` were watched, `captured` were written, `without batch` had data that do not come
        from `data`, `rotated` were removed again, `failed` the recorder itself."""
        return self._counts.as_dict()

    def contained(self, doing: str) -> AbstractContextManager[None]:
        """Within, an error is counted and logged once, and goes no further."""
        return self._counts.contained(doing)

    # --- what the callback and the data tell

    def _note(self, batch: Any, rows: list[int] | None) -> None:
        with self.contained("noting a batch"):
            self._seen.note(batch, rows)

    def begins(self, model: Any) -> None:
        """A training of `model` begins."""
        self._model, self._states = model, StateReader(model)
        self._watch = Watchfulness(self._conditions)
        self._before = self._step = self._pulled_at_end = None
        known = self._norm is not None and self._norm.optimizer is model.optimizer
        if self._conditions.gradient_factor is not None and not known:
            with self.contained("watching gradients"):
                from lstm_tui.flight_recorder.gradient_norm import GradientNorm

                self._norm = GradientNorm(model)

    def epoch_begins(self, epoch: int) -> None:
        """Epoch `epoch`, from 0."""
        self._epoch, self._pulled_at_end, self._ahead = epoch, None, False
        self._trained = self._seen.count

    def step_begins(self) -> None:
        """A step is about to pull its batch."""
        fits = 2 * weight_bytes(self._model) <= self._memory_bytes
        pulled = self._seen.count
        self._before = _Before(
            pulled=pulled,
            states=self._states.read(),
            weights=KeptWeights(self._model) if fits else None,
            ahead=self._pulled_at_end not in (None, pulled),
        )

    def step_ended(self, step: int, logs: Mapping[str, Any]) -> None:
        """Step `step` of the epoch, from 0, has been made."""
        before, self._before = self._before, None
        self._pulled_at_end = self._seen.count
        if before is None:
            return
        self._counts.add("steps")
        batches, ahead = self._trained_on(before)
        if not batches:
            self._counts.add("without batch")
            if self._counts.as_dict()["without batch"] == 1:
                LOG.warning("these data are not watched: model.fit(flight.data(x, y), ...) shows them")
            return
        loss = logs.get("loss")
        now = Step(
            epoch=self._epoch,
            step=step,
            batch=batches[-1],
            states=before.states,
            weights=before.weights,
            loss=float(loss) if loss is not None else 0.0,
            norm=self._norm.read() if self._norm is not None else None,
            ahead=ahead,
            several=len(batches),
        )
        previous, self._step = self._step, now
        for found, reasons in self._watch.after_step(now, previous):
            self._save(found, reasons, weights_before=True)

    def _trained_on(self, before: _Before) -> tuple[list[Batch], bool]:
        """The batches of a step, and whether that is not sure: others were pulled before they were needed.

        What is pulled during a step is what it trains on. Else it can only be the next one that was pulled.
        """
        most = max(1, int(getattr(self._model, "steps_per_execution", 1) or 1))
        pulled = self._seen.since(before.pulled)
        self._ahead = self._ahead or before.ahead or not 0 < len(pulled) <= most
        batches = self._seen.since(self._trained)[:most] if self._ahead else pulled
        self._trained = batches[-1].number if batches else self._trained
        return batches, self._ahead

    def epoch_ended(self, logs: Mapping[str, Any]) -> None:
        """The epoch has been made, its loss is known."""
        if self._step is None:
            return
        reasons = self._watch.after_epoch(logs.get("loss"))
        if self._conditions.constant:
            with self.contained("looking for constant predictions"):
                reasons += self._watch.after_predictions(*self._predictions())
        if reasons:
            self._save(self._step, reasons, weights_before=False)

    def _predictions(self) -> tuple[list[Array], list[Array]]:
        """Predictions and labels of the last batches, each `(batch, ...)`; states are put back."""
        predictions, labels = [], []
        with self._states.put_back():
            for batch in self._seen.last()[-_LOOKED_AT:]:
                predictions.append(copied(flat(self._model(batch.x, training=False))[0]))
                labels.append(copied(flat(batch.y)[0]) if batch.y is not None else np.zeros(0))
        return predictions, labels

    def _save(self, step: Step, reasons: list[Reason], *, weights_before: bool) -> None:
        with self.contained("saving a batch"):
            kept = step.weights if weights_before else None
            with kept.in_place() if kept is not None else nullcontext():
                model = saved_model(self._model, self._folder)
            inputs = taken(step.batch.x, self._redact)
            weights = f"The model has the weights from {'before' if kept else 'after'} this step."
            rows = len(next(iter(inputs.arrays.values())))
            path = write_case(
                self._folder,
                Case(
                    why=reasons,
                    told=[*step.told(), weights],
                    model=model,
                    inputs=inputs,
                    states=step.states,
                    target=_target(step.batch),
                    manner=Manner(batch_size=rows),
                ),
            )
            self._counts.add("captured")
            LOG.info("captured %s", path)
            self._counts.add("rotated", self._folder.rotate())


def _target(batch: Batch) -> Array | None:
    """The labels, where they are one array."""
    labels = flat(batch.y) if batch.y is not None else []
    return copied(labels[0]) if len(labels) == 1 else None
