"""A model that writes its own continuation, beside the same model told the truth at each step.

Which input it writes into is read off the data at hand: one that the output has a step for each step of, in
whose form the output is, and whose next step the output says. What it is held against is the target, or that
input itself one step later. It refuses what no input can take in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lstm_tui.recurrent.calls import Call, Decode, Inputs, Predict, ResetStates, Run, RunPlan, Stream
from lstm_tui.recurrent.decoding import Form, are_probabilities, are_tokens, form_of, ids_of, probabilities
from lstm_tui.recurrent.free_runs import (
    DEFAULT_STEPS,
    FOLLOWS,
    MOST_STEPS,
    FreePlan,
    FreeRun,
    correlation,
    failure_in,
    rate_of_contraction,
)
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.sequences import steps_of

#: What a causal model says on the same steps may differ by this much: sums in another order.
_ROUNDING = 1e-3


@dataclass(frozen=True, eq=False)
class Said:
    """What the recorded call gave: `output` `(batch, t, k)` or `(batch, k)`.

    target: what it should have been, in the model's units. prefix: `(t, k)` of the sample, the output had the
    sequence ended at t. mask: `(t,)` of the sample, False where a step is padding. follows: the input whose
    timesteps it has, empty where that is not known.
    """

    output: Array
    target: Array | None = None
    prefix: Array | None = None
    mask: Array | None = None
    follows: str = ""


@dataclass(frozen=True, eq=False)
class DecoderPlan:
    """inputs: the rows that are fed, of which `row` is looked at. truth: `(n,)` tokens or `(n, k)` numbers
    that should come, None where nothing is known. prefix: what the model says on them where that is recorded.

    each_step: whether the output has a step for each step of the input. declared: timesteps that the input
    insists on.
    """

    inputs: Inputs
    call: Decode
    form: Form
    each_step: bool
    declared: int | None = None
    truth: Array | None = None
    prefix: Array | None = None
    row: int = 0

    @property
    def steps(self) -> int:
        """Steps that are written."""
        return self.call.steps

    @property
    def given(self) -> Array:
        """The row of the input that is written into, `(t, ...)`."""
        return np.asarray(self.inputs[self.call.into][self.row])

    def asked(self, run: RunPlan) -> RunPlan:
        """Both runs as calls of one plan, on the model that `run` is made on; nothing is recorded."""
        calls: tuple[Call, ...] = (self.call,)
        if self.call.carry:
            calls = (ResetStates(), self.call, ResetStates(), Stream())
        elif self.each_step:
            calls = (self.call, Predict())
        return replace(run, inputs=self.inputs, calls=calls, record=0, target=None, sample=None)


@dataclass(frozen=True, eq=False)
class DecoderRun:
    """tokens: `(steps,)` that it wrote on its own, with the probabilities `said` `(steps, vocabulary)`.

    forced: probabilities `(n, vocabulary)` on the truth, as far as that goes; None where it is not known.
    logits: whether the model gives those, and no probabilities.
    """

    plan: DecoderPlan
    tokens: Array
    said: Array
    forced: Array | None
    logits: bool = False

    @property
    def told(self) -> Array | None:
        """The likeliest tokens on the truth, `(n,)`."""
        return None if self.forced is None else np.argmax(self.forced, axis=-1)

    @property
    def held_against(self) -> int:
        """Steps of which the truth is known."""
        return 0 if self.plan.truth is None else min(len(self.plan.truth), len(self.tokens))

    def is_wrong(self, step: int) -> bool:
        """Whether what is written at a step differs from what was to come, where that is known."""
        truth = self.plan.truth
        return truth is not None and step < self.held_against and bool(truth[step] != self.tokens[step])

    @property
    def parts(self) -> int | None:
        """The first step at which it writes something else: from there on it reads its own mistake."""
        return next((step for step in range(self.held_against) if self.is_wrong(step)), None)

    @property
    def looks_ahead(self) -> bool:
        """Whether, on the truth, it has seen what comes: its first answer differs from that without it."""
        if self.forced is None or not len(self.forced) or self.plan.prefix is not None:
            return False
        return float(np.abs(self.forced[0] - self.said[0]).max()) > _ROUNDING


# --- which input ------------------------------------------------------------------------------------


def could_be_written_into(inputs: Inputs, output: Array) -> tuple[str, ...]:
    """Inputs that can take in what the output says, in the model's order.

    Numbers are for the loop over a window (`free_runs`) where there is no other input, or no output for each
    step.
    """
    return tuple(name for name, x in inputs.items() if _takes(x, output, alone=len(inputs) == 1))


def _takes(x: Array, output: Array, *, alone: bool) -> bool:
    form = form_of(x, output.shape[-1]) if output.ndim in (2, 3) else None
    if form is None or (output.ndim == 3 and x.shape[1] != output.shape[1]):
        return False
    if form == "numbers":
        return output.ndim == 3 and not alone
    return output.ndim == 3 or form == "one-hot" or x.dtype.kind in "iu"


def written_into(inputs: Inputs, said: Said) -> str | None:
    """The input that the model continues, None where there is none.

    Of several that could be, the one whose timesteps the output has; then the one whose next step the target
    or what is said follows most closely; where that tells nothing, the last in the model's order, as a
    decoder's input is in every tutorial.
    """
    names = could_be_written_into(inputs, said.output)
    if said.output.ndim == 3 and said.follows in inputs:
        names = tuple(name for name in names if name == said.follows)
    if len(names) < 2:
        return names[0] if names else None
    fits = {name: _follows(inputs[name], said) or 0.0 for name in names}
    best = max(fits, key=lambda name: fits[name])
    is_clear = fits[best] >= FOLLOWS and sum(fit == fits[best] for fit in fits.values()) == 1
    return best if is_clear else names[-1]


def _follows(x: Array, said: Said, *, by_target: bool = False) -> float | None:
    """How closely the next steps of `x` are what the target, or the output, says: 0 to 1.

    by_target: only the target tells. None where nothing does.
    """
    form = form_of(x, said.output.shape[-1])
    if form is None or said.output.ndim != 3 or x.shape[1] < 2:
        return None
    target = _target(said, form)
    if target is None and by_target:
        return None
    if form == "numbers":
        return correlation(x[:, 1:], (said.output if target is None else target)[:, :-1])
    told = np.argmax(said.output, axis=-1) if target is None else target
    ids = ids_of(x, form)[:, 1:]
    counted = ids > 0 if (ids > 0).any() else ids >= 0
    return float(np.mean((ids == told[:, :-1])[counted])) if counted.any() else None


def _target(said: Said, form: Form) -> Array | None:
    """The target as tokens `(batch, t)` or numbers `(batch, t, k)`; t is 1 where the output has one step."""
    target, output = said.target, said.output
    if target is None or target.ndim == 0 or len(target) != len(output):
        return None
    wanted = output.shape if output.ndim == 3 else (len(output), 1, output.shape[-1])
    if form == "numbers":
        return target if target.shape == wanted else None
    if target.size == np.prod(wanted) and target.ndim > 1:
        return np.asarray(np.argmax(target.reshape(wanted), axis=-1))
    if target.size == np.prod(wanted[:2]) and are_tokens(target.reshape(len(target), -1)):
        return target.reshape(wanted[:2]).astype(np.int64)
    return None


# --- what is run ------------------------------------------------------------------------------------


def decoder_plan(
    inputs: Inputs,
    said: Said,
    wanted: Decode,
    sample: int,
    declared: Mapping[str, int | None],
    *,
    bound: int | None = None,
) -> DecoderPlan | str | None:
    """What to run, why it cannot be, or None where the model continues none of its inputs.

    wanted: `into` is empty and `steps` 0 where that is for the data to say. declared: timesteps that inputs
    insist on. bound: the batch of a stateful model, which is fed each step once.
    """
    into = wanted.into or written_into(inputs, said)
    if into is None:
        return None
    x = inputs.get(into)
    form = None if x is None else form_of(x, said.output.shape[-1])
    if x is None or form is None:
        takes = ", ".join(could_be_written_into(inputs, said.output)) or "none"
        return f"What the model says cannot be written into {into}. Inputs that could take it in: {takes}."
    fit = None if wanted.into else _follows(x, said, by_target=True)
    if fit is not None and fit < FOLLOWS:
        return _other_target(x, into, said)
    if bound is not None and (len(inputs) > 1 or declared.get(into) not in (None, 1)):
        return "A stateful model of several inputs, or of several steps a call, is not fed by single steps."
    return _planned(inputs, into, form, said, wanted, sample, declared.get(into), bound)


def _other_target(x: Array, into: str, said: Said) -> str:
    """Why a model is no decoder of `x` whose target is not what follows there."""
    form = form_of(x, said.output.shape[-1]) or "numbers"
    target, now = _target(said, form), x if form == "numbers" else ids_of(x, form)
    repeats = target is not None and np.array_equal(now, target)
    what = f"{into} itself: told the truth, the model learns to repeat it" if repeats else "something else"
    return f"The target is not {into} one step later, but {what}. `:ahead into {into}` runs it all the same."


def _planned(
    inputs: Inputs,
    into: str,
    form: Form,
    said: Said,
    wanted: Decode,
    sample: int,
    declared: int | None,
    bound: int | None,
) -> DecoderPlan | str:
    known = inputs[into].shape[1]
    each_step = said.output.ndim == 3
    keep = min(wanted.keep or _kept(inputs, into, form, wanted, sample, declared, each_step), known)
    truth = _truth(inputs[into], form, said, sample, keep)
    room = _room(len(inputs) == 1, declared, keep, each_step)
    if room is not None and wanted.steps > room:
        return f"{into} holds {declared} steps: {room} can be written after the first {keep}."
    many = 0 if truth is None else len(truth)
    steps = min(wanted.steps or many or DEFAULT_STEPS, MOST_STEPS, room or MOST_STEPS)
    first = sample if bound is None else sample // bound * bound
    rows = slice(first, first + (bound or 1))
    prefix = None
    if not each_step and said.prefix is not None and len(said.prefix) == known:
        prefix = said.prefix[keep - 1 : keep - 1 + steps]
    return DecoderPlan(
        inputs={name: array[rows] for name, array in inputs.items()},
        call=replace(wanted, into=into, steps=steps, keep=keep, carry=bound is not None),
        form=form,
        each_step=each_step,
        declared=declared,
        truth=truth,
        prefix=prefix,
        row=sample - first,
    )


def _kept(
    inputs: Inputs, into: str, form: Form, wanted: Decode, sample: int, declared: int | None, each_step: bool
) -> int:
    """Steps that it begins with: of a decoder the first; of a sequence without another beside it all but the
    last, which are held back as the truth, where the model takes a shorter one."""
    known = int(inputs[into].shape[1])
    others = [array for name, array in inputs.items() if name != into]
    if any(steps_of(array) for array in others) or (others and form != "numbers"):
        return 1 if each_step or form == "numbers" else _first_token(ids_of(inputs[into], form)[sample])
    if declared is not None and declared != 1 and not each_step:
        return known
    held = min(wanted.steps or DEFAULT_STEPS, known // 2)
    return known if wanted.steps > held else known - held


def _first_token(ids: Array) -> int:
    """Steps up to the first token, where padding stands before it as `pad_sequences` puts it."""
    there = np.flatnonzero(ids > 0)
    return int(there[0]) + 1 if len(there) else 1


def _room(alone: bool, declared: int | None, keep: int, each_step: bool) -> int | None:
    """Steps that can be written; None for any number."""
    return None if declared is None or alone or not each_step else declared - keep + 1


def _truth(x: Array, form: Form, said: Said, sample: int, keep: int) -> Array | None:
    """What should come after the first `keep` steps; padding, of which nothing should come, is left out."""
    following = x[sample, keep:] if form == "numbers" else ids_of(x, form)[sample, keep:]
    target = _target(said, form)
    if target is not None and said.output.ndim == 3:
        truth = target[sample, keep - 1 :]
    else:
        truth = following if target is None else np.concatenate([following, target[sample]])
    if said.mask is not None and len(said.mask) == x.shape[1]:
        counts = np.flatnonzero(said.mask[keep - 1 :])
        truth = truth[: int(counts[-1]) + 1 if len(counts) else 0]
    if form == "one-hot":
        there = np.flatnonzero(truth >= 0)
        truth = truth[: int(there[-1]) + 1 if len(there) else 0]
    return np.asarray(truth) if len(truth) else None


# --- what came of it --------------------------------------------------------------------------------


def decoder_run(plan: DecoderPlan, run: Run) -> DecoderRun | FreeRun | str:
    """What came of both, or what failed."""
    if failed := failure_in(run):
        return f"{failed}{_lengths_differ(plan)}"
    made = [outcome.outputs for outcome in run.outcomes if outcome.outputs]
    said = next(iter(made[0].values()))[plan.row]
    forced = plan.prefix
    if len(made) > 1:
        forced = next(iter(made[1].values()))[plan.row, (plan.call.keep or 1) - 1 :][: plan.steps]
    if plan.form == "numbers":
        return _of_numbers(plan, said, forced)
    tokens, told = made[0]["written"][plan.row], None if forced is None else probabilities(forced)
    return DecoderRun(plan, tokens, probabilities(said), told, logits=not are_probabilities(said))


def _lengths_differ(plan: DecoderPlan) -> str:
    """A hint where other sequences are as long as the one that grows."""
    into, steps = plan.call.into, plan.given.shape[0]
    others = [name for name, x in plan.inputs.items() if name != into and steps_of(x) == steps]
    return f" While {into} grows, {', '.join(others)} stays {steps} steps long." if others else ""


def _of_numbers(plan: DecoderPlan, said: Array, forced: Array | None) -> FreeRun:
    """The first number of each step as curves."""
    keep = plan.call.keep or 1
    whole = plan.given.astype(np.float64)
    truth = None if plan.truth is None or len(plan.truth) < plan.steps else plan.truth[: plan.steps, 0]
    free = said[:, 0].astype(np.float64)
    told = None if forced is None or len(forced) < plan.steps else forced[:, 0].astype(np.float64)
    curves = FreePlan(plan.call.into, plan.given[None, :keep], plan.steps, 0, truth=truth)
    spread = float(whole[:, 0].std())
    rate = rate_of_contraction(free, spread)
    return FreeRun(curves, free, told, whole[:keep, 0], rate, spread, whole=True)
