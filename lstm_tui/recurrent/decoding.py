"""A model that writes its own continuation: what it says of the newest step is chosen, appended, asked about.

The whole model is asked again with all that is written so far. That is right for every causal decoder,
whoever hands it its states, with nothing but the model that was trained; it computes each step as often as
steps follow, where a decoder taken apart computes it once. It refuses an input that cannot take in what the
model says, and searches no beams.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lstm_tui.recurrent.calls import Decode, Inputs
from lstm_tui.recurrent.recording import Array

#: How an input takes in what is said: ids `(batch, t)`, `(batch, t, vocabulary)` with one 1 a step, numbers.
Form = Literal["tokens", "one-hot", "numbers"]
#: The model asked with these inputs: its outputs by name.
Ask = Callable[[Inputs], Mapping[str, Array]]
#: Below this a probability counts as this when its logarithm is taken.
_LEAST = 1e-30


def form_of(x: Array, width: int) -> Form | None:
    """How `x` takes in an output of `width` numbers a step; None where it cannot.

    Ids of which one is no place in the output are ids of something else.
    """
    if x.ndim == 2:
        return "tokens" if width > 1 and are_tokens(x) and x.max(initial=0) < width else None
    if x.ndim != 3 or x.shape[-1] != width:
        return None
    return "one-hot" if width > 1 and _is_one_hot(x) else "numbers"


def are_tokens(x: Array) -> bool:
    """Whether `x` holds whole numbers from 0: ids, also those that a float32 input takes."""
    if x.dtype.kind in "iu":
        return not (x < 0).any()
    return x.dtype.kind == "f" and bool(np.isfinite(x).all() and ((x >= 0) & (x == np.floor(x))).all())


def _is_one_hot(x: Array) -> bool:
    """One 1 a step; steps of zeros alone are padding, and not all are."""
    ones = x.sum(axis=-1)
    return bool(np.isin(x, (0, 1)).all() and (ones <= 1).all() and (ones == 1).any())


def ids_of(x: Array, form: Form) -> Array:
    """The tokens `(batch, t)` in an input; -1 where a one-hot step is empty."""
    if form == "tokens":
        return np.asarray(x).astype(np.int64)
    return np.where(x.any(axis=-1), x.argmax(axis=-1), -1)


# --- choosing ---------------------------------------------------------------------------------------


def are_probabilities(said: Array) -> bool:
    """Whether rows of `said` `(..., vocabulary)` are probabilities; otherwise they are taken as logits."""
    sums = said.astype(np.float64).sum(axis=-1)
    return bool((said >= 0).all() and np.allclose(sums, 1, atol=1e-2))


def probabilities(said: Array) -> Array:
    """Probabilities `(..., vocabulary)` of what was said, in float64."""
    values = said.astype(np.float64)
    if not are_probabilities(said):
        values = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def tempered(said: Array, temperature: float) -> Array:
    """softmax(log p / temperature) of what was said, in float64."""
    scores = np.log(np.maximum(probabilities(said), _LEAST)) / temperature
    values = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def chosen(said: Array, temperature: float | None, rng: np.random.Generator) -> Array:
    """A token `(batch,)` for each row of `said` `(batch, vocabulary)`: the likeliest, or drawn."""
    if temperature is None:
        return np.asarray(np.argmax(said, axis=-1))
    return np.array([rng.choice(len(row), p=row) for row in tempered(said, temperature)], np.int64)


# --- the loop ---------------------------------------------------------------------------------------


@dataclass
class _Written:
    """What is written into the input so far, `sequence`, and what the model said before each step."""

    sequence: Array
    form: Form | None = None
    outputs: dict[str, list[Array]] = field(default_factory=dict)
    tokens: list[Array] = field(default_factory=list)

    def take(self, said: Array, token: Array | None) -> None:
        """One step more: the token, or what was said as it is."""
        self.sequence = np.concatenate([self.sequence, self._step(said, token)], axis=1)

    def _step(self, said: Array, token: Array | None) -> Array:
        if token is None:
            step = said
        else:
            self.tokens.append(token)
            step = token if self.form == "tokens" else np.eye(said.shape[-1])[token]
        return np.asarray(step)[:, None].astype(self.sequence.dtype)


def decoded(
    call: Decode,
    inputs: Inputs,
    declared: int | None,
    ask: Ask,
    tell: Callable[[int], None] = lambda step: None,
) -> dict[str, Array]:
    """What the model said at each step by output name, `(batch, steps, ...)`, and `written` `(batch, steps)`.

    declared: timesteps that the input insists on. tell: called with each step. Numbers are appended as they
    are said, and nothing is `written` then. Fewer steps where all rows stop before.
    Raises: ValueError where the model cannot write into this input.
    """
    x = _opened(call, inputs)
    asker = _Asker(call, inputs, declared, ask)
    keep = call.keep or (x.shape[1] if len(inputs) == 1 else 1)
    written = _Written(x[:, :keep])
    rng, done = np.random.default_rng(call.seed), np.zeros(len(x), bool)
    for step in range(call.steps):
        tell(step)
        newest = asker.newest(written.sequence)
        said = next(iter(newest.values()))
        written.form = written.form or _form(call, x, said)
        for name, values in newest.items():
            written.outputs.setdefault(name, []).append(values)
        if written.form == "numbers":
            written.take(said, None)
            continue
        token = chosen(said, call.temperature, rng)
        token = np.where(done, call.stop, token) if call.stop is not None else token
        written.take(said, token)
        done |= token == call.stop
        if done.all():
            break
    made = {name: np.stack(values, axis=1) for name, values in written.outputs.items()}
    tokens = {"written": np.stack(written.tokens, axis=1).astype(np.int32)} if written.tokens else {}
    return {**made, **tokens}


def _opened(call: Decode, inputs: Inputs) -> Array:
    """The input that is written into."""
    x = inputs.get(call.into)
    if x is None:
        raise ValueError(f"decode writes into {call.into}, which is no input: {', '.join(inputs)}")
    if x.ndim < 2 or not 1 <= (call.keep or 1) <= x.shape[1]:
        raise ValueError(f"decode cannot begin with {call.keep or 1} steps of {call.into}: it is {x.shape}")
    return x


def _form(call: Decode, x: Array, said: Array) -> Form:
    width = said.shape[-1]
    form = form_of(x, width) if said.ndim == 2 else None
    if form is None:
        wanted = f"tokens below {width}, or {width} numbers a step"
        raise ValueError(f"{call.into} {x.shape} cannot take in what the model says: wanted are {wanted}")
    if form == "numbers" and (call.temperature is not None or call.stop is not None):
        raise ValueError(f"{call.into} takes numbers as they are said: temperature and stop are for tokens")
    return form


class _Asker:
    """Asks the model for what follows a sequence, in the shape that it takes."""

    def __init__(self, call: Decode, inputs: Inputs, declared: int | None, ask: Ask) -> None:
        self._call, self._inputs, self._ask = call, inputs, ask
        self._declared = declared
        self._fed = False
        #: Whether a sequence that is too short goes before its padding: known once the model was asked.
        self._behind = True

    def newest(self, sequence: Array) -> dict[str, Array]:
        """What the model says of the last step, by output name."""
        newest = self._carried(sequence) if self._call.carry else self._whole(sequence)
        said = next(iter(newest.values()))
        if said.dtype.kind == "f" and not np.isfinite(said).all():
            raise ValueError(
                f"after {sequence.shape[1]} steps of {self._call.into} the model says NaN or inf"
            )
        return newest

    def _carried(self, sequence: Array) -> dict[str, Array]:
        """The first time all that is there, then the newest step: the states carry the past."""
        fed = sequence[:, -1:] if self._fed else sequence
        self._fed = True
        outputs = fed_once(self._asked, fed, self._declared)
        return newest_of(outputs, fed.shape[1] if self._declared is None else 1)

    def _whole(self, sequence: Array) -> dict[str, Array]:
        steps, declared = sequence.shape[1], self._declared
        if declared is None:
            return newest_of(self._asked(sequence), steps)
        if self._behind and steps <= declared:
            outputs = self._asked(_filled(sequence, declared, behind=True))
            self._behind = _says_each_step(next(iter(outputs.values())), declared)
            if self._behind:
                return newest_of(outputs, declared, steps - 1)
        if self._behind and len(self._inputs) > 1:
            raise ValueError(f"{self._call.into} holds {declared} steps: there is no room for more")
        return newest_of(self._asked(_filled(sequence[:, -declared:], declared, behind=False)), declared)

    def _asked(self, sequence: Array) -> Mapping[str, Array]:
        return self._ask({**self._inputs, self._call.into: sequence})


def fed_once(
    ask: Callable[[Array], Mapping[str, Array]], x: Array, declared: int | None
) -> Mapping[str, Array]:
    """What a stateful model says of `x` `(batch, timesteps, ...)`, fed step by step where it takes one.

    Raises: ValueError where it declares more.
    """
    if declared is None:
        return ask(x)
    if declared != 1:
        raise ValueError(f"carry feeds one step a call; this model declares {declared} timesteps")
    outputs: Mapping[str, Array] = {}
    for time in range(x.shape[1]):
        outputs = ask(x[:, time : time + 1])
    return outputs


def newest_of(outputs: Mapping[str, Array], timesteps: int, at: int = -1) -> dict[str, Array]:
    """Of outputs with a value for each of so many steps that of step `at`; the others as they are."""
    return {
        name: values[:, at] if _says_each_step(values, timesteps) else values
        for name, values in outputs.items()
    }


def _says_each_step(values: Array, timesteps: int) -> bool:
    return values.ndim > 2 and values.shape[1] == timesteps


def _filled(sequence: Array, timesteps: int, *, behind: bool) -> Array:
    """Zeros behind the sequence or before it, up to `timesteps`."""
    missing = timesteps - sequence.shape[1]
    widths = [(0, 0), (0, missing) if behind else (missing, 0), *[(0, 0)] * (sequence.ndim - 2)]
    return np.pad(sequence, widths)
