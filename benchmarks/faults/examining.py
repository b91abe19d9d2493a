"""One specimen diagnosed as `lstm-tui diagnose` would, in this process; what came out against its label."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults.specimen import Specimen
from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis
from lstm_tui.recurrent.calls import Predict, RunPlan
from lstm_tui.scenario.plan import name_inputs, named_call, recordable_calls


@dataclass(frozen=True)
class Examined:
    """A label and what was found: codes above info, in order, and the label's own where it is an info.

    failed: codes of checks that crashed. seconds: of the whole diagnosis, loading left out.
    """

    name: str
    code: str
    found: tuple[str, ...]
    tolerated: tuple[str, ...]
    failed: tuple[str, ...] = ()
    seconds: float = 0.0
    #: By tool, what its rules raise on the same specimen; empty where it was not asked.
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def recalled(self) -> bool:
        """A fault that was found, wherever in the list."""
        return self.code in self.found

    @property
    def first(self) -> bool:
        """A fault that was found in the first place."""
        return self.found[:1] == (self.code,)

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """What was found and is not there."""
        return tuple(code for code in self.found if code != self.code and code not in self.tolerated)


def examined(name: str, specimen: Specimen, *, peers: bool = False) -> tuple[Examined, Diagnosis]:
    """Save the model, load it as any file, diagnose it; `peers` runs the rules of other tools as well."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "specimen.keras"
        if isinstance(specimen.model, Path):
            path = specimen.model
        else:
            specimen.model.save(path)
        began, diagnosis = time.perf_counter(), _diagnosed(path, specimen)
        taken = time.perf_counter() - began
        alarms = _alarms(path, specimen) if peers else {}
    codes = (*diagnosis.codes, *_told_as_info(specimen.code, diagnosis))
    found = Examined(name, specimen.code, codes, specimen.tolerated, tuple(diagnosis.failed), taken, alarms)
    return found, diagnosis


def _told_as_info(code: str, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The label itself, where it is a code that is only told for information."""
    infos = {finding.code for finding in diagnosis.findings if finding.severity == "info"}
    return (code,) if code in infos else ()


def _diagnosed(path: Path, specimen: Specimen) -> Diagnosis:
    from lstm_tui.checks.loading.from_file import loading_diagnosis, with_loading_findings
    from lstm_tui.errors import ModelFileError
    from lstm_tui.keras_adapter import load_model

    try:
        loaded = load_model(path, custom_objects=specimen.custom_objects)
    except ModelFileError as error:
        found = loading_diagnosis(path, error, custom_objects=bool(specimen.custom_objects))
        assert found is not None
        return found
    answer = loaded.diagnose(_subject(specimen, loaded.facts), None, _ignore, _ignore)
    return with_loading_findings(answer, loaded.facts)


def _alarms(path: Path, specimen: Specimen) -> dict[str, tuple[str, ...]]:
    """What other tools' rules say; nothing of a file that does not load."""
    from benchmarks.faults.peers import PEERS, observe
    from lstm_tui.errors import ModelFileError
    from lstm_tui.keras_adapter import load_model

    try:
        loaded = load_model(path, custom_objects=specimen.custom_objects)
    except ModelFileError:
        return {}
    seen = observe(loaded, name_inputs(specimen.inputs, loaded.facts), specimen.target)
    return {tool: rules(seen) for tool, rules in PEERS.items()}


def _subject(specimen: Specimen, facts: Any) -> Subject:
    inputs = name_inputs(specimen.inputs, facts)
    default = (Predict(),) if inputs else ()
    calls = tuple(named_call(call, facts) for call in specimen.calls) or default
    record = next(iter(reversed(recordable_calls(calls))), 0)
    plan = RunPlan(inputs, calls=calls, record=record, target=specimen.target)
    return Subject(
        plan=plan,
        reference=name_inputs(specimen.reference, facts),
        reference_target=specimen.reference_target,
        expected_shape=specimen.expected_shape,
        output_rescales=specimen.output_rescales,
        calls_given=bool(specimen.calls),
    )


def _ignore(*_: object) -> None:
    return None
