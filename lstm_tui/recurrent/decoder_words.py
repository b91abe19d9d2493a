"""What a decoder wrote on its own, in sentences, and its loop as lines of Keras 3."""

from __future__ import annotations

import numpy as np

from lstm_tui.recurrent.decoder_runs import DecoderPlan, DecoderRun
from lstm_tui.recurrent.free_runs import as_variable, fed_as_code


def decoder_words(run: DecoderRun) -> tuple[str, ...]:
    """How it fares on its own and on the truth, and what to know of how it was run."""
    said = [_fares(run), *_doubts(run)]
    if run.looks_ahead:
        said.append(
            f"Told the truth it has seen what comes: with {run.plan.call.keep} of {len(run.plan.given)} "
            f"steps of {run.plan.call.into} its first answer is another. Something looks ahead in that input."
        )
    if run.plan.call.temperature is not None:
        drawn, seed = run.plan.call.temperature, run.plan.call.seed
        said.append(f"Drawn with temperature {drawn:g} from seed {seed}.")
    return tuple(said)


def _doubts(run: DecoderRun) -> tuple[str, ...]:
    """Where it is wrong more often than right even on the truth, the two runs say little."""
    truth, told = run.plan.truth, run.told
    if truth is None or told is None:
        return ()
    seen = min(len(told), len(truth))
    if 2 * int(np.sum(told[:seen] == truth[:seen])) >= seen:
        return ()
    return (f"What it says is hardly what follows in {run.plan.call.into}: not learnt, or something else.",)


def _fares(run: DecoderRun) -> str:
    many, parts = run.held_against, run.parts
    if not many:
        return f"{len(run.tokens)} steps on its own; what should have come is not known."
    right = sum(not run.is_wrong(step) for step in range(many))
    truth, told = run.plan.truth, run.told
    on_truth = ""
    if told is not None and truth is not None:
        seen = min(len(told), many)
        on_truth = f", told the truth {int(np.sum(told[:seen] == truth[:seen]))} of {seen}"
    fares = f"On its own {right} of {many} are right{on_truth}."
    if parts is None or truth is None:
        return f"{fares} The two never part."
    p = float(run.said[parts, run.tokens[parts]])
    return (
        f"{fares} They part at step {parts + 1}: it writes {run.tokens[parts]} ({p:.2f}) "
        f"where {truth[parts]} was to come."
    )


def decoder_code(plan: DecoderPlan, *, logits: bool = False) -> tuple[str, ...]:
    """The loop for one row, as lines of Keras 3."""
    call = plan.call
    step = {"tokens": "token", "one-hot": "step", "numbers": "y"}[plan.form]
    drawn = call.temperature is not None
    return (
        *([f"rng = np.random.default_rng({call.seed})"] if drawn else []),
        f"written = {as_variable(call.into)}[:, :{call.keep}]",
        *(["fed = written"] if call.carry else []),
        f"for _ in range({plan.steps}):",
        *(f"    {line}" for line in _asking(plan)),
        *(f"    {line}" for line in _choosing(plan, logits=logits)),
        f"    written = np.append(written, {step}[:, None], axis=1)",
        *([f"    fed = {step}[:, None]"] if call.carry else []),
        *([f"    if token[0] == {call.stop}:", "        break"] if call.stop is not None else []),
    )


def _asking(plan: DecoderPlan) -> tuple[str, ...]:
    """The line that asks the model, with what fills its input up before."""
    declared, last = plan.declared, ":, -1" if plan.each_step else ""
    before: tuple[str, ...] = ()
    fed = "fed" if plan.call.carry else "written"
    if declared is not None and not plan.call.carry:
        rest = ", (0, 0)" if plan.form != "tokens" else ""
        if plan.each_step and len(plan.inputs) > 1:
            before = ("n = written.shape[1]", f"fed = np.pad(written, [(0, 0), (0, {declared} - n){rest}])")
            fed, last = "fed", ":, n - 1"
        elif plan.given.shape[0] == (plan.call.keep or 1):
            fed = f"written[:, -{declared}:]"
        else:
            at = "0, gap" if plan.each_step else "gap, 0"
            before = (
                f"gap = max({declared} - written.shape[1], 0)",
                f"fed = np.pad(written[:, -{declared}:], [(0, 0), ({at}){rest}])",
            )
            fed, last = "fed", f":, {declared - 1} - gap" if plan.each_step else ""
    given = fed_as_code(plan.inputs, plan.call.into, fed)
    return (*before, f"y = model.predict({given}, verbose=0)" + (f"[{last}]" if last else ""))


def _choosing(plan: DecoderPlan, *, logits: bool) -> tuple[str, ...]:
    """What is appended, from the newest output `y`."""
    if plan.form == "numbers":
        return ()
    if plan.call.temperature is None:
        token: tuple[str, ...] = ("token = np.argmax(y, axis=-1)",)
    else:
        scores = "(y[0] - y[0].max())" if logits else "np.log(y[0])"
        token = (
            f"p = np.exp({scores}.astype('float64') / {plan.call.temperature:g})",
            "token = rng.choice(len(p), size=1, p=p / p.sum())",
        )
    return (*token, "step = np.eye(y.shape[-1])[token]") if plan.form == "one-hot" else token
