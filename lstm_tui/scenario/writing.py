"""Writes a scenario and its arrays, whole or not at all.

Beside `bug.yaml` stand `bug.arrays/`, with every array and file that cannot be reached from its folder, and
`lstm-tui.schema.json`. The first line points editors that have a YAML language server at that schema; the
path is relative, so completion works without a network and after the folder has moved.

Arrays are named by their content and never change: until the new YAML takes the place of the old one, in a
single step at the very end, the old scenario is intact.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lstm_tui.errors import ScenarioError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.files import within
from lstm_tui.scenario.reading import checked_document, scenario_of
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.schema import VERSION, ScenarioFile, scenario_json_schema
from lstm_tui.scenario.staging import Staging
from lstm_tui.scenario.words import Words
from lstm_tui.scenario.yaml_writing import yaml_text

SCHEMA_NAME = "lstm-tui.schema.json"
_HEADER = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")

#: Arrays by the file name that a scenario gives them; several under one name make a `.npz`.
NewArrays = Mapping[str, Array | Mapping[str, Array]]


def write_scenario(scenario: Scenario, arrays: NewArrays, path: Path, *, copy_model: bool = True) -> Scenario:
    """Write `scenario` to `path`, its arrays beside it. Returns the scenario that now stands there.

    arrays: new ones, by the names that stand for them in the sources of `scenario`. Every other file that it
        names is referred to where `path` can reach it, and copied where not.
    copy_model: copy the model too; else one out of reach is only named, and must be given when opening.

    Raises: ScenarioError where something cannot be written; then nothing has changed.
    """
    with Staging(path) as staging:
        files = _Files(scenario, arrays, path, staging, copy_model)
        words = ScenarioFile.model_validate(_plain(scenario), context={"file": files.placed})
        text = _HEADER + yaml_text(words.words())
        _check_readable(text, words, path)
        staging.add(path.with_name(SCHEMA_NAME), lambda file: file.write(_schema_text()))
        staging.add(path, lambda file: file.write(text.encode()))
        staging.commit()
    return scenario_of(words, path)


def _plain(scenario: Scenario) -> dict[str, Any]:
    """The scenario under the keys of the file."""
    several = isinstance(scenario.inputs, tuple | Mapping)
    fields = {
        "version": VERSION,
        "name": scenario.name,
        "description": scenario.description,
        "model": scenario.model,
        "inputs" if several else "input": scenario.inputs,
        "reference": scenario.reference,
        "reference_target": scenario.reference_target,
        "target": scenario.target,
        "actions": scenario.actions,
        "calls": scenario.calls,
        "expect": scenario.expect,
        "view": scenario.view,
    }
    return {key: _dumped(value) for key, value in fields.items() if value is not None}


def _dumped(value: Any) -> Any:
    if isinstance(value, Words):
        return value.words()
    if isinstance(value, Mapping):
        return {key: _dumped(item) for key, item in value.items()}
    return [_dumped(item) for item in value] if isinstance(value, tuple) else value


def _check_readable(text: str, words: ScenarioFile, path: Path) -> None:
    """What cannot be read back must not take the place of what can."""
    plain = checked_document(text, path).plain()
    if ScenarioFile.model_validate(plain) != words:
        raise RuntimeError(f"the YAML written for {path} says something else than the scenario")


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
        self._own = path.with_name(f"{path.stem}.arrays")
        self._staging = staging
        self._copy_model = copy_model
        self._placed: dict[str, str] = {}

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
        target = self._target(Path(name).stem, fingerprint(array), ".npz" if several else ".npy")
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
            target = self._target(source.stem, digest, source.suffix)
            self._staging.add(target, lambda file: shutil.copyfileobj(content, file))
        return target.relative_to(self._folder).as_posix()

    def _target(self, stem: str, digest: str, suffix: str) -> Path:
        return self._own / f"{_NO_NAME.sub('-', stem)[:60]}-{digest[:8]}{suffix}"


def _save(file: BinaryIO, array: Array | Mapping[str, Array]) -> None:
    if not isinstance(array, Mapping):
        np.save(file, array, allow_pickle=False)
        return
    with zipfile.ZipFile(file, "w") as archive:
        for name, each in array.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(each), allow_pickle=False)
