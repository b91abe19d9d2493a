"""What was watched, as the files of a scenario: YAML, arrays, states, and the model that they belong to."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from lstm_tui.flight_recorder.call import Manner, WatchedCall
from lstm_tui.flight_recorder.folder import CaptureFolder, Write
from lstm_tui.flight_recorder.model_copy import NamedModel
from lstm_tui.flight_recorder.reasons import Reason
from lstm_tui.flight_recorder.scenario_text import Words, input_keys, scenario_text
from lstm_tui.flight_recorder.taken import Taken, fingerprint
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.live_layers import layer_name

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True, eq=False)
class Case:
    """What a capture holds: a call of a server, or a batch of a training.

    earlier: calls that led to this one; then `states` are those before the first of them.
    why: the reasons, the gravest first. told: further lines of the description. expect: the name of the first
    output where the model has several. expect_output: whether a replay must give the outputs again.
    """

    why: Sequence[Reason]
    told: Sequence[str]
    model: NamedModel
    inputs: Taken
    states: Mapping[str, Array] = field(default_factory=dict)
    outputs: Taken | None = None
    earlier: Sequence[WatchedCall] = ()
    target: Array | None = None
    manner: Manner = field(default_factory=Manner)
    expect: str | None = None
    expect_output: bool = False


def write_case(folder: CaptureFolder, case: Case) -> Path:
    """Write `case`, whole or not at all; the path of its YAML. Raises OSError."""
    base = folder.new_base(case.why[0].code)
    arrays, states = f"{base}.npz", f"{base}.states.npz" if case.states else ""
    words = Words(
        name=one_line(f"{case.why[0].code}: {case.why[0].sentence}", 120),
        description=[*(_sentence(reason) for reason in case.why), *case.told, case.model.note, versions()],
        model=case.model.name,
        model_sha256=case.model.sha256,
        inputs=case.inputs,
        arrays=arrays,
        states=states,
        manner=case.manner,
        earlier=[(_said(each), *own) for each, own in zip(case.earlier, _own_inputs(case), strict=True)],
        expect_output=case.expect_output,
        expect=case.expect,
        target=case.target is not None,
    )
    files: dict[str, Write] = {arrays: lambda file: save_arrays(file, _arrays(case))}
    if states:
        files[states] = lambda file: save_arrays(file, case.states)
    text = scenario_text(words).encode()
    files[f"{base}.yaml"] = lambda file: file.write(text)
    return folder.write(files)


def case_of(
    call: WatchedCall,
    why: Sequence[Reason],
    named: NamedModel,
    model: Any,
    earlier: Sequence[WatchedCall] = (),
) -> Case:
    """A watched call as a case, with the `earlier` ones that led to it."""
    return Case(
        why=why,
        told=_told(call, earlier),
        model=named,
        inputs=call.inputs,
        states=(earlier[0] if earlier else call).states,
        outputs=call.outputs,
        earlier=earlier,
        manner=_said(call),
        expect=_first_output(model, call.outputs),
        expect_output=call.outputs is not None and not call.redacted,
    )


def _said(call: WatchedCall) -> Manner:
    """How the call was made, with Keras' default where that matters."""
    manner = call.manner
    if manner.how == "predict" and manner.batch_size is None and _rows(call.inputs) > 32:
        return replace(manner, batch_size=32)
    return manner


def _own_inputs(case: Case) -> list[tuple[Taken | None, str]]:
    """The inputs of the earlier calls, and the prefix of their keys; None for those of the case itself."""
    mine = fingerprint(case.inputs.arrays)
    return [
        (None if fingerprint(each.inputs.arrays) == mine else each.inputs, f"call_{index}")
        for index, each in enumerate(case.earlier)
    ]


def _rows(inputs: Taken) -> int:
    first = next(iter(inputs.arrays.values()))
    return first.size and len(np.atleast_1d(first))


def _arrays(case: Case) -> dict[str, Array]:
    found = dict(zip(input_keys(case.inputs), case.inputs.arrays.values(), strict=True))
    for inputs, prefix in _own_inputs(case):
        if inputs is not None:
            found |= dict(zip(input_keys(inputs, prefix), inputs.arrays.values(), strict=True))
    outputs = _in_order(case.outputs) if case.outputs is not None else []
    found |= {f"output_{index}": array for index, array in enumerate(outputs)}
    return found | ({"target": case.target} if case.target is not None else {})


def _in_order(outputs: Taken) -> list[Array]:
    """As Keras orders them: a dictionary by its keys."""
    names = sorted(outputs.arrays) if outputs.form == "named" else list(outputs.arrays)
    return [outputs.arrays[name] for name in names]


def _first_output(model: Any, outputs: Taken | None) -> str | None:
    """The name of the first output as the engine names it; None where there is only one."""
    if outputs is None or len(outputs.arrays) < 2:
        return None
    if outputs.form == "named":
        return one_line(min(outputs.arrays)).replace("/", "_")
    functional = getattr(model, "_functional", None) or model
    tensors: Any = getattr(functional, "outputs", None) or ()
    if len(tensors) != len(outputs.arrays):
        return "output"
    return layer_name(tensors[0]._keras_history.operation)


def _told(call: WatchedCall, earlier: Sequence[WatchedCall]) -> list[str]:
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(call.began))
    lines = [f"Call {call.number} of {one_line(call.caller, 120)}, {moment}, {1000 * call.seconds:.1f} ms."]
    if earlier:
        lines.append(f"Here are all calls from {earlier[0].number} on, and the states before that one.")
    elif call.states:
        lines.append("The states are those before the call.")
    if call.overlapped:
        lines.append(
            "Another call ran on this model at the same time: the states may be of two moments, "
            "and a replay may give another output."
        )
    if call.redacted:
        lines.append("Features were redacted (zeros): a replay cannot give the output that was given.")
    return lines


def _sentence(reason: Reason) -> str:
    return f"{reason.sentence[:1].upper()}{reason.sentence[1:]}."


def versions() -> str:
    """The versions of what ran, as far as it has been imported."""
    names = ("keras", "tensorflow", "numpy")
    known = [(name, getattr(sys.modules.get(name), "__version__", None)) for name in names]
    listed = ", ".join(f"{name} {version}" for name, version in known if version)
    return f"Python {sys.version.split()[0]}, {listed}."


def save_arrays(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """A `.npz` under any names, `file` among them, which numpy.savez takes for its own."""
    import zipfile

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
