"""What is asked of the engine where no exact split says why: the gradient of one value, moved inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import Inputs, fingerprint
from lstm_tui.recurrent.first_order import FirstOrderPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.why import Made, Question
from lstm_tui.recurrent.why_asking import timesteps_of
from lstm_tui.recurrent.why_first_order import sources_behind
from lstm_tui.session.reach import gradient_plan
from lstm_tui.session.state import Reach, Session
from lstm_tui.session.targets import model_target
from lstm_tui.session.view import target_row

#: What the engine can be asked about.
KINDS = frozenset({"output", "layer", "inputs"})


def first_order_key(session: Session, question: Question) -> str:
    """Of the run, the sample and the value; and of what it should have been."""
    goal = goal_of(session, question) if question.kind == "inputs" else None
    return f"{session.key} {session.cursor.sample} {fingerprint((question, goal))}"


def first_order_plan(session: Session, question: Question, made: Made) -> FirstOrderPlan | str:
    """What to ask of the engine, or why it is not asked."""
    if session.long is not None:
        return "of a recording in stretches only exact splits are told"
    call = gradient_plan(replace(session, cursor=replace(session.cursor, reach=Reach())))
    if isinstance(call, str):
        return call
    is_layer = question.kind == "layer"
    begin = question.path if is_layer else _end_of(made, question.path)
    sources = sources_behind(made, begin, to_inputs=question.kind == "inputs")
    if isinstance(sources, str):
        return sources
    return FirstOrderPlan(
        call=call,
        row=session.cursor.sample - call.first_sample,
        output="" if is_layer else question.path,
        path=question.path if is_layer else "",
        step=question.step,
        unit=question.unit,
        steps=_steps(made, question),
        cut=sources[0],
        inputs=sources[1],
        goal=goal_of(session, question) if question.kind == "inputs" and sources[1] else None,
        deviations=deviations_of(call.inputs),
    )


def _end_of(made: Made, output: str) -> str:
    names = list(made.recording.outputs)
    known = output in names and len(made.insides.ends) == len(names)
    return made.insides.ends[names.index(output)] if known else output


def _steps(made: Made, question: Question) -> int | None:
    """How many steps are run: up to this one, where the value is known at the end of the sequence alone."""
    recording, last = made.recording, timesteps_of(made.recording) - 1
    if question.kind == "layer":
        shapes = [
            each.shapes[0] for each in recording.layer_outputs if each.path == question.path and each.shapes
        ]
        is_sequence = not shapes or (len(shapes[0]) > 2 and shapes[0][1] == last + 1)
    else:
        values = recording.outputs.get(question.path)
        is_sequence = values is not None and values.ndim > 2 and values.shape[1] == last + 1
    return None if is_sequence or question.step >= last else question.step + 1


def goal_of(session: Session, question: Question) -> float | None:
    """What the output should have been at this step, in the model's own units; None where nobody says."""
    if session.plan is None:
        return None
    try:
        target = model_target(session.material, session.plan)
    except LstmTuiError:
        return None
    recording = session.run.recording if session.run is not None else None
    if target is None or recording is None or question.path != next(iter(recording.outputs), ""):
        return None
    row = target_row(target, session.cursor.sample, timesteps_of(recording))
    if row is not None and row.ndim == 2:
        row = row[min(question.step, len(row) - 1)]
    if row is None or question.unit >= row.size or row.dtype.kind not in "fiub":
        return None
    goal = float(row[question.unit])
    return goal if np.isfinite(goal) else None


def deviations_of(inputs: Inputs) -> Mapping[str, Array]:
    """The standard deviation of each feature over all that went in; of inputs that are numbers."""
    with np.errstate(all="ignore"):
        return {
            name: np.nan_to_num(values.reshape(-1, values.shape[-1]).std(axis=0, dtype=np.float64))
            for name, values in inputs.items()
            if values.dtype.kind == "f" and values.ndim > 1 and values.size
        }


def deviations_here(session: Session) -> Mapping[str, Array]:
    """Those of the inputs that gradients are taken of now."""
    call = gradient_plan(replace(session, cursor=replace(session.cursor, reach=Reach())))
    return {} if isinstance(call, str) else deviations_of(call.inputs)
