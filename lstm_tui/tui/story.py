"""The story of a session as text to read: what the scenario says, the edits, every call, every layer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import numpy as np
from rich.text import Text

from lstm_tui.checks.call_failure import explain
from lstm_tui.plain_text import one_line, paragraphs
from lstm_tui.recurrent.calls import CallOutcome
from lstm_tui.recurrent.recording import Array, Recording, Shape
from lstm_tui.session.edits import describe
from lstm_tui.session.offers import range_words, shape_words
from lstm_tui.session.state import Session
from lstm_tui.session.view import shown_recording

_MOST_VALUES = 8


def story_text(session: Session, width: int) -> Text:
    """Everything there is to say about `session`, in sections of lines of `width` cells at most."""
    text = Text()
    for title, lines in _sections(session):
        body = list(lines)
        if body:
            text.append(f"{title}\n", "bold")
            for line in body:
                text.append(hanging(line, width, 2))
            text.append("\n")
    return text


def hanging(line: str, width: int, indent: int) -> str:
    """`line` indented, and indented further where it goes on; white space within it stays."""
    lines = textwrap.wrap(
        line,
        max(width, 20),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        replace_whitespace=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _sections(session: Session) -> Iterator[tuple[str, Iterator[str]]]:
    yield (
        one_line(session.story.name) or one_line(session.model.name),
        iter(paragraphs(session.story.description)),
    )
    if session.refusal is not None:
        yield "Not run", iter(session.refusal.reason.splitlines())
        yield "Traceback", iter(session.refusal.details.splitlines())
    yield "Model", _model_lines(session)
    yield "Input", _input_lines(session)
    yield (
        "Changes made",
        (f"{number}. {describe(edit)}" for number, edit in enumerate(session.history.done, 1)),
    )
    yield "Calls", _call_lines(session)
    recording = shown_recording(session)
    if recording is not None:
        yield "Layers on this input", _layer_lines(recording)
        yield (
            "Not recorded",
            (f"{one_line(path)}: {one_line(why)}" for path, why in recording.unrecorded.items()),
        )
        yield "Recording", _recording_lines(recording)
    if session.run is not None and session.run.recording_note:
        yield "No recording", iter([one_line(session.run.recording_note)])
    yield "Warnings", (one_line(warning) for warning in session.model.warnings)
    yield (
        "Obstacles in the file",
        (f"{one_line(o.where)}: {one_line(o.what)} → {one_line(o.todo)}" for o in session.model.obstacles),
    )


def _model_lines(session: Session) -> Iterator[str]:
    model = session.model
    yield f"{one_line(model.path)} · {model.format} · Keras {one_line(model.keras_version)}"
    yield f"{model.parameters:,} parameters"
    for tensor in model.inputs:
        yield f"input  {one_line(tensor.name)} {shape_words(tensor.shape)} {tensor.dtype}"
    for tensor in model.outputs:
        yield f"output {one_line(tensor.name)} {shape_words(tensor.shape)} {tensor.dtype}"
    if model.stateful_batch:
        yield f"stateful: bound to batch size {model.stateful_batch}"


def _input_lines(session: Session) -> Iterator[str]:
    if session.story.input_source:
        yield f"from {one_line(session.story.input_source)}"
    now = session.plan.run.inputs if session.plan else {}
    for name, array in session.material.inputs.items():
        yield f"{one_line(name)} as read {shape_words(array.shape)} {array.dtype}  {range_words(array)}"
        after = now.get(name)
        if after is not None and after is not array:
            yield f"{one_line(name)} as edited {shape_words(after.shape)} {after.dtype}  {range_words(after)}"
    for name, array in session.material.reference.items():
        yield f"reference {one_line(name)} {shape_words(array.shape)}  {range_words(array)}"
    if session.material.target is not None:
        yield f"target {shape_words(session.material.target.shape)}  {range_words(session.material.target)}"


def _call_lines(session: Session) -> Iterator[str]:
    if session.run is None:
        return
    inputs = session.plan.run.inputs if session.plan else {}
    for number, outcome in enumerate(session.run.outcomes, 1):
        yield f"{number}. {outcome.call}  {outcome_words(outcome)}"
        if outcome.note:
            yield f"   {one_line(outcome.note)}"
        if outcome.failure is not None:
            explanation = explain(outcome.failure, session.model, inputs)
            yield f"   in {one_line(outcome.failure.layer) or 'the model'}: {explanation.sentence}"
            yield f"   Keras: {one_line(outcome.failure.message, 600)}"


def outcome_words(outcome: CallOutcome) -> str:
    """`(1, 1) 0.532` or `failed: ValueError`."""
    if outcome.failure is not None:
        return f"failed: {one_line(outcome.failure.error_type)}"
    return "  ".join(f"{shape_words(array.shape)} {value_words(array)}" for array in outcome.outputs.values())


def value_words(array: Array) -> str:
    """The first few values of `array`."""
    flat = np.asarray(array).reshape(-1)
    shown = " ".join(f"{value:.6g}" for value in flat[:_MOST_VALUES])
    return shown + (" …" if flat.size > _MOST_VALUES else "")


def _layer_lines(recording: Recording) -> Iterator[str]:
    for output in recording.layer_outputs:
        shapes = " ".join(axes_words(shape) for shape in output.shapes)
        yield f"{one_line(output.path):<28} {shapes}  {output.dtype}{'  masked' if output.masked else ''}"


def axes_words(shape: Shape) -> str:
    """`(batch 1, timesteps 60, units 5)` for the ranks that recurrent layers use."""
    names = {2: ("batch", "units"), 3: ("batch", "timesteps", "units")}.get(len(shape))
    if names is None:
        return shape_words(shape)
    return "(" + ", ".join(f"{name} {size}" for name, size in zip(names, shape, strict=True)) + ")"


def _recording_lines(recording: Recording) -> Iterator[str]:
    if recording.tried:
        yield f"made by the recorder, with {one_line('; '.join(recording.tried), 400)}"
        yield "model.predict knows nothing of that: its output is another one, and is not compared"
    elif recording.disagreement is None:
        yield "not compared with model.predict"
    elif recording.disagreement == 0.0:
        yield "output equal to model.predict to the bit"
    else:
        yield f"output differs from model.predict by at most {recording.disagreement:.3g}"
    for name, why in recording.prefix_missing.items():
        yield f"no prediction at each step for {one_line(name)}: {one_line(why)}"
