"""Writes a session as a scenario that opens again to the same screen."""

from __future__ import annotations

import itertools
from pathlib import Path

from lstm_tui.scenario.gallery import gallery_folder
from lstm_tui.session.edits import with_call_edits
from lstm_tui.session.state import Session


def default_path(session: Session) -> Path:
    """Its own file; for a bundled scenario a copy in the current folder; else one beside the model."""
    own = session.story.path
    bundled = gallery_folder()
    if own is not None and (bundled is None or not own.resolve().is_relative_to(bundled.resolve())):
        return own
    model = session.model.path
    start = model if own is None else Path(own.name)
    names = (start.with_name(f"{start.stem}-{number}.yaml") for number in itertools.count(1))
    return next(path for path in names if not path.exists())


def save_session(session: Session, path: Path, *, copy_model: bool = True) -> None:
    """Write YAML and arrays to `path`, whole or not at all.

    Raises: ScenarioError where something cannot be written; then nothing has changed.
    """
    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.schema import View
    from lstm_tui.scenario.wording import Wording
    from lstm_tui.scenario.writing import write_scenario

    opened = session.story.opened
    wording = Wording(opened)
    material, cursor = session.material, session.cursor
    calls = with_call_edits(material.calls, session.history.done)
    shown = session.plan.run.record if session.plan is not None and len(calls) > 1 else None
    scenario = Scenario(
        path=opened.scenario.path if opened is not None else path,
        name=session.story.name or path.stem,
        description=session.story.description,
        model=opened.scenario.model if opened is not None else str(session.model.path.absolute()),
        inputs=wording.sources(material.inputs, "input"),
        reference=wording.sources(material.reference, "reference"),
        reference_target=wording.source(material.reference_target, "reference-target"),
        target=wording.source(material.target, "target"),
        actions=tuple(wording.action(action) for action in session.history.actions),
        calls=wording.calls(calls),
        expect=opened.scenario.expect if opened is not None else None,
        view=View(
            step=cursor.step,
            layer=cursor.layer or None,
            unit=cursor.unit,
            sample=cursor.sample,
            series=cursor.series,
            call=shown,
        ),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_scenario(scenario, wording.arrays, path, copy_model=copy_model)
