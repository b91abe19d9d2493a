"""Reads a scenario file: all its mistakes at once, each as `file:line:column: path: what is wrong`.

The files that it names are looked for, not opened. Nothing in a scenario runs code.
"""

from __future__ import annotations

import stat
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lstm_tui.errors import ScenarioError
from lstm_tui.plain_text import one_line
from lstm_tui.scenario.files import OUTSIDE, file_problem
from lstm_tui.scenario.mistakes import mistakes_of
from lstm_tui.scenario.scenario import Scenario, dotted
from lstm_tui.scenario.schema import VERSION, ScenarioFile
from lstm_tui.scenario.words import mistake as word_mistake
from lstm_tui.scenario.yaml_text import MAX_BYTES, Document, Mistake, YamlPath, YamlRefused, compose

#: What is shown of many mistakes: an error has room for 4000 characters.
_MOST_LINES, _MOST_CHARACTERS = 20, 3800


def read_scenario(path: Path, *, model: Path | None = None) -> Scenario:
    """The scenario in this file. `model` takes the place of the one it names, which then need not be there.

    Raises: ScenarioError with every mistake.
    """
    return parse_scenario(_text(path), path, model=model)


def parse_scenario(text: str, path: Path, *, model: Path | None = None) -> Scenario:
    """The scenario that `text` says, as if it stood in the file `path`.

    Raises: ScenarioError with every mistake.
    """
    document = checked_document(text, path)
    plain = document.plain()
    if model is not None and isinstance(plain, dict):
        plain = {**plain, "model": str(model.absolute())}
    wrong = _shape_or_version(plain, document)
    if wrong:
        raise _refusal(path, wrong)
    return scenario_of(_validated(plain, document, path, model), path, document)


def checked_document(text: str, path: Path) -> Document:
    """The YAML of a scenario, composed within its bounds.

    Raises: ScenarioError.
    """
    try:
        return compose(text)
    except YamlRefused as refused:
        raise _refusal(path, [refused.mistake]) from None


def _text(path: Path) -> str:
    where = one_line(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no ordinary file"
            raise ScenarioError(f"{where} is {what}.", expected="a scenario: a YAML file")
        if status.st_size > MAX_BYTES:
            raise ScenarioError(
                f"{where} is too large for a scenario: {status.st_size:,} bytes.",
                expected=f"at most {MAX_BYTES:,} bytes",
                todo="keep arrays in .npy files beside the scenario",
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise ScenarioError(
            f"{where} cannot be read: {_why(problem)}.", expected="a scenario: a YAML file"
        ) from None


def _why(problem: OSError | ValueError) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return one_line(getattr(problem, "strerror", None) or problem)


def _shape_or_version(plain: Any, document: Document) -> list[Mistake]:
    """What makes all further reading pointless: another kind of file, or another version of the format."""
    if not isinstance(plain, dict):
        return [Mistake(document.root.place, (), "a scenario is a mapping that begins with `version: 1`")]
    version = plain.get("version", VERSION)
    if type(version) is int and version == VERSION:
        return []
    if type(version) is int and version > VERSION:
        what = f"version {version} is newer than what this lstm-tui reads ({VERSION}); update lstm-tui"
    else:
        what = f"there is no such version; write `version: {VERSION}`"
    return [Mistake(document.place(("version",)), ("version",), what)]


def _validated(plain: dict[str, Any], document: Document, path: Path, model: Path | None) -> ScenarioFile:
    trusted = str(model.absolute()) if model is not None else None
    named = partial(_beside, path.parent, trusted)
    wrong = list(document.mistakes)
    told = [mistake.path for mistake in wrong]
    try:
        file = ScenarioFile.model_validate(plain, context={"file": named})
    except ValidationError as error:
        found = mistakes_of(error, plain, document)
        wrong += [_advised(each) for each in found if not any(_same_branch(each.path, at) for at in told)]
    if wrong:
        raise _refusal(path, wrong)
    return file


def _same_branch(one: YamlPath, other: YamlPath) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _beside(folder: Path, trusted: str | None, name: str) -> str:
    """`name`, unless no scenario in `folder` may name it; what the user named himself is `trusted`."""
    problem = "" if name == trusted else file_problem(folder, name)
    if problem:
        raise word_mistake(problem)
    return name


def _advised(mistake: Mistake) -> Mistake:
    """A model that lies elsewhere is taken where the user himself names it: how that is done."""
    if mistake.path != ("model",) or not mistake.what.startswith(OUTSIDE):
        return mistake
    named = "or name it on the command line: replay --model FILE, lstm-tui FILE SCENARIO"
    return replace(mistake, what=f"{mistake.what}; {named}")


def _refusal(path: Path, mistakes: list[Mistake]) -> ScenarioError:
    where = one_line(path)
    lines: list[str] = []
    for mistake in sorted(mistakes):
        at = f"{dotted(mistake.path)}: " if mistake.path else ""
        line = f"{where}:{mistake.place.line}:{mistake.place.column}: {at}{one_line(mistake.what, 400)}"
        if len(lines) == _MOST_LINES or sum(map(len, lines)) + len(line) > _MOST_CHARACTERS:
            lines.append(f"{where}: and {len(mistakes) - len(lines)} more")
            break
        lines.append(line)
    return ScenarioError("\n".join(lines))


def scenario_of(file: ScenarioFile, path: Path, document: Document | None = None) -> Scenario:
    """The scenario that the words of a file say."""
    return Scenario(
        path=path,
        name=file.name or path.stem,
        model=file.model,
        model_sha256=file.model_sha256,
        description=file.description,
        inputs=file.input if file.input is not None else file.inputs,
        reference=file.reference,
        reference_target=file.reference_target,
        target=file.target,
        actions=file.actions,
        calls=file.calls,
        expect=file.expect,
        breakpoints=file.breakpoints,
        watches=file.watches,
        view=file.view,
        document=document,
    )
