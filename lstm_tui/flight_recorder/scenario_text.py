"""A capture as the text of a scenario: YAML without a YAML library, which a server need not have.

The text is made of a few fixed forms. Every word that is not ours stands in double quotes as JSON writes it,
with what YAML does not take replaced, or on a line of a literal block that holds nothing but printable text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lstm_tui.flight_recorder.call import Manner
from lstm_tui.flight_recorder.taken import Taken
from lstm_tui.plain_text import one_line


@dataclass(frozen=True)
class Words:
    """What a captured scenario says.

    arrays, states: names of the files beside it; empty where there are none.
    earlier: calls that are made before the last one, each with its own inputs, under these keys; None where
        it has the scenario's own.
    expect: the name of the first output, None where the model has one alone; `expect_output` False: no
        expectation. target: whether the array file has one.
    """

    name: str
    description: Sequence[str]
    model: str
    model_sha256: str | None
    inputs: Taken
    arrays: str
    states: str = ""
    manner: Manner = field(default_factory=Manner)
    earlier: Sequence[tuple[Manner, Taken | None, str]] = ()
    expect_output: bool = False
    expect: str | None = None
    target: bool = False


def scenario_text(words: Words) -> str:
    """The YAML. Nothing is checked: what was captured is said as it is."""
    lines = ["version: 1", f"name: {quoted(words.name)}", "description: |"]
    lines += [f"  {printable(line)}" for line in words.description if line.strip()]
    lines.append(f"model: {quoted(words.model)}")
    if words.model_sha256 is not None:
        lines.append(f'model_sha256: "{words.model_sha256}"')
    lines += _inputs(words.inputs, words.arrays)
    if words.target:
        lines.append(f"target: {_source(words.arrays, 'target')}")
    if words.states:
        lines += ["actions:", f"  - reset: {{to: {{file: {quoted(words.states)}}}}}"]
    earlier = [
        _call(manner, _given(inputs, prefix, words.arrays)) for manner, inputs, prefix in words.earlier
    ]
    lines += ["calls:", *(f"  - {call}" for call in (*earlier, _call(words.manner)))]
    if words.expect_output:
        lines += ["expect:", "  output:", f"    file: {quoted(words.arrays)}", "    key: output_0"]
        lines += [f"    name: {quoted(words.expect)}"] if words.expect is not None else []
    return "\n".join(lines) + "\n"


def _inputs(inputs: Taken, file: str) -> list[str]:
    sources = [_source(file, key) for key in input_keys(inputs)]
    if inputs.form == "bare":
        return [f"input: {sources[0]}"]
    if inputs.form == "list":
        return ["inputs:", *(f"  - {source}" for source in sources)]
    named = zip(inputs.arrays, sources, strict=True)
    return ["inputs:", *(f"  {quoted(name)}: {source}" for name, source in named)]


def input_keys(inputs: Taken, prefix: str = "input") -> list[str]:
    """Keys of the inputs in the array file: names of their own, since theirs may be anything."""
    return [f"{prefix}_{index}" for index in range(len(inputs.arrays))]


def _given(inputs: Taken | None, prefix: str, file: str) -> str:
    """The inputs of one call on one line; empty where it has the scenario's own."""
    if inputs is None:
        return ""
    sources = [_source(file, key) for key in input_keys(inputs, prefix)]
    if inputs.form == "bare":
        return f"input: {sources[0]}"
    if inputs.form == "list":
        return f"input: [{', '.join(sources)}]"
    named = zip(inputs.arrays, sources, strict=True)
    return f"input: {{{', '.join(f'{quoted(name)}: {source}' for name, source in named)}}}"


def _source(file: str, key: str) -> str:
    return f"{{file: {quoted(file)}, key: {key}}}"


def _call(manner: Manner, inputs: str = "") -> str:
    given: Mapping[str, int | bool | None] = (
        {"batch_size": manner.batch_size} if manner.how == "predict" else {"training": manner.training}
    )
    said = [f"{word}: {json.dumps(value)}" for word, value in given.items() if value is not None]
    return f"{manner.how}: {{{', '.join([inputs, *said] if inputs else said)}}}"


def quoted(text: str) -> str:
    """`text` as a double-quoted scalar on one line."""
    return json.dumps(printable(text), ensure_ascii=False)


def printable(text: str) -> str:
    """`text` on one line, with a dot for whatever YAML or a terminal does not take."""
    safe = one_line(text, 4000)
    return "".join(character if character.isprintable() else "·" for character in safe)
