"""Writes a scenario and its arrays, whole or not at all.

Beside `bug.yaml` stand `bug.arrays/`, with every array and file that cannot be reached from its folder, and
`lstm-tui.schema.json`. The first line points editors that have a YAML language server at that schema; the
path is relative, so completion works without a network and after the folder has moved.

Arrays are named by their content and never change: until the new YAML takes the place of the old one, in a
single step at the very end, the old scenario is intact. Only then are arrays removed that it alone named.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lstm_tui.errors import LstmTuiError, ScenarioError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.files import within
from lstm_tui.scenario.json_schema import scenario_json_schema
from lstm_tui.scenario.orphans import arrays_folder, own_name, remove_orphans
from lstm_tui.scenario.reading import checked_document, scenario_of
from lstm_tui.scenario.rewriting import lost_comments, rewritten, same
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.schema import VERSION, ScenarioFile
from lstm_tui.scenario.staging import Staging
from lstm_tui.scenario.words import Words
from lstm_tui.scenario.yaml_writing import yaml_text

SCHEMA_NAME = "lstm-tui.schema.json"
_HEADER = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"

#: Arrays by the file name that a scenario gives them; several under one name make a `.npz`.
NewArrays = Mapping[str, Array | Mapping[str, Array]]


def write_scenario(
    scenario: Scenario,
    arrays: NewArrays,
    path: Path,
    *,
    copy_model: bool = True,
    text: str = "",
    needed: Scenario | None = None,
) -> Scenario:
    """Write `scenario` to `path`, its arrays beside it. Returns the scenario that now stands there.

    arrays: new ones, by the names that stand for them in the sources of `scenario`. Every other file that it
        names is referred to where `path` can reach it, and copied where not.
    copy_model: copy the model too; else one out of reach is only named, and must be given when opening.
    text: what stood there, where that was this scenario: its comments and layout are kept where they can be.
    needed: a scenario whose arrays must stay, also where `scenario` no longer names them.

    Raises: ScenarioError where something cannot be written; then nothing has changed.
    """
    with Staging(path) as staging:
        files = _Files(scenario, arrays, path, staging, copy_model)
        words = ScenarioFile.model_validate(_plain(scenario), context={"file": files.placed})
        new_text = _text(words, path, text)
        staging.add(path.with_name(SCHEMA_NAME), lambda file: file.write(_schema_text()))
        staging.add(path, lambda file: file.write(new_text.encode()))
        staging.commit()
    remove_orphans(path, [*files.names, *(_named(needed) if needed is not None else ())])
    return scenario_of(words, path)


def comments_that_would_go(scenario: Scenario, path: Path, text: str) -> tuple[str, ...]:
    """The comments of `text` that would be lost if `scenario` were written over it; nothing is written."""
    words = ScenarioFile.model_validate(_plain(scenario), context={"file": lambda name: name})
    return lost_comments(text, _text(words, path, text))


def _named(scenario: Scenario) -> list[str]:
    """The files that a scenario names."""
    names: list[str] = []

    def note(name: str) -> str:
        names.append(name)
        return name

    ScenarioFile.model_validate(_plain(scenario), context={"file": note})
    return names


def _text(words: ScenarioFile, path: Path, old: str) -> str:
    """The YAML that says `words`: the `old` one changed where that can be done, else a new one."""
    if old:
        with contextlib.suppress(ValueError, LstmTuiError):
            kept = old if "yaml-language-server:" in old else _HEADER + old
            text = rewritten(kept, _said(kept, path).words(), words.words())
            if same(_said(text, path).words(), words.words()):
                return text
    text = _HEADER + yaml_text(words.words())
    # What cannot be read back must not take the place of what can.
    if _said(text, path) != words:
        raise RuntimeError(f"the YAML written for {path} says something else than the scenario")
    return text


def _said(text: str, path: Path) -> ScenarioFile:
    """What a text says, whether or not its files are there. Raises: ScenarioError, ValueError."""
    return ScenarioFile.model_validate(checked_document(text, path).plain())


def _plain(scenario: Scenario) -> dict[str, Any]:
    """The scenario under the keys of the file."""
    several = isinstance(scenario.inputs, tuple | Mapping)
    fields = {
        "version": VERSION,
        "name": scenario.name,
        "description": scenario.description,
        "model": scenario.model,
        "model_sha256": scenario.model_sha256,
        "inputs" if several else "input": scenario.inputs,
        "reference": scenario.reference,
        "reference_target": scenario.reference_target,
        "target": scenario.target,
        "actions": scenario.actions,
        "calls": scenario.calls,
        "expect": scenario.expect,
        "breakpoints": scenario.breakpoints,
        "watches": scenario.watches,
        "view": scenario.view,
    }
    return {key: _dumped(value) for key, value in fields.items() if value is not None}


def _dumped(value: Any) -> Any:
    if isinstance(value, Words):
        return value.words()
    if isinstance(value, Mapping):
        return {key: _dumped(item) for key, item in value.items()}
    return [_dumped(item) for item in value] if isinstance(value, tuple) else value


def _schema_text() -> bytes:
    return json.dumps(scenario_json_schema(), indent=1).encode()


class _Files:
    """Where each file that a scenario names stands as seen from `path`; stages what has to be there."""

    def __init__(
        self, scenario: Scenario, arrays: NewArrays, path: Path, staging: Staging, copy_model: bool
    ) -> None:
        self._scenario = scenario
        self._arrays = arrays
        self._folder = path.parent
        self._own = arrays_folder(path)
        self._staging = staging
        self._copy_model = copy_model
        self._placed: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every file that the written scenario names, as it names it."""
        return tuple(self._placed.values())

    def placed(self, name: str) -> str:
        """The name by which the written scenario finds the file that the given one calls `name`."""
        if name not in self._placed:
            self._placed[name] = self._place(name)
        return self._placed[name]

    def _place(self, name: str) -> str:
        if name in self._arrays:
            return self._stage_array(name, self._arrays[name])
        source = self._scenario.folder / name
        if within(self._folder, source):
            same = self._folder.resolve() == self._scenario.folder.resolve() and not Path(name).is_absolute()
            return name if same else source.resolve().relative_to(self._folder.resolve()).as_posix()
        if name == self._scenario.model and not self._copy_model:
            return source.name
        return self._stage_copy(source)

    def _stage_array(self, name: str, array: Array | Mapping[str, Array]) -> str:
        several = isinstance(array, Mapping)
        suffix = ".npz" if several else ".npy"
        target = self._own / own_name(Path(name).stem, fingerprint(array), suffix)
        self._staging.add(target, lambda file: _save(file, array))
        return target.relative_to(self._folder).as_posix()

    def _stage_copy(self, source: Path) -> str:
        if not source.is_file():
            raise ScenarioError(
                f"{one_line(source)} cannot be copied beside the scenario: there is no such file.",
                todo="save the scenario where its files are, or put the file back",
            )
        with source.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            target = self._own / own_name(source.stem, digest, source.suffix)
            self._staging.add(target, lambda file: shutil.copyfileobj(content, file))
        return target.relative_to(self._folder).as_posix()


def _save(file: BinaryIO, array: Array | Mapping[str, Array]) -> None:
    if not isinstance(array, Mapping):
        np.save(file, array, allow_pickle=False)
        return
    with zipfile.ZipFile(file, "w") as archive:
        for name, each in array.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(each), allow_pickle=False)
