"""Writes a session as a scenario that opens again to the same screen."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.errors import LstmTuiError
from lstm_tui.plain_text import one_line
from lstm_tui.scenario.gallery import gallery_folder
from lstm_tui.session.edits import with_call_edits
from lstm_tui.session.state import Session

if TYPE_CHECKING:  # pydantic and ruamel.yaml are for those who save
    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.schema import Expect
    from lstm_tui.scenario.writing import NewArrays


def default_path(session: Session, unsaved: Path) -> Path:
    """Its own file; for a bundled scenario a copy in the current folder; else one beside the model.

    unsaved: the folder of what was kept for the next start. That has no file of its own yet: nobody looks for
    it where it lies.
    """
    own = session.story.path
    if own is not None and _lies_in(own, unsaved):
        own = None
    bundled = gallery_folder()
    if own is not None and (bundled is None or not _lies_in(own, bundled)):
        return own
    model = session.model.path
    start = model if own is None else Path(own.name)
    names = (start.with_name(f"{start.stem}-{number}.yaml") for number in itertools.count(1))
    return next(path for path in names if not path.exists())


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def save_session(session: Session, path: Path, *, copy_model: bool = True) -> None:
    """Write YAML and arrays to `path`, whole or not at all. Over its own file, comments and layout are kept.

    Raises: ScenarioError where something cannot be written; then nothing has changed.
    """
    from lstm_tui.scenario.writing import write_scenario

    scenario, arrays = _in_words(session, path)
    opened = session.story.opened
    path.parent.mkdir(parents=True, exist_ok=True)
    write_scenario(
        scenario,
        arrays,
        path,
        copy_model=copy_model,
        text=_own_text(session, path),
        needed=opened.scenario if opened is not None else None,
    )


def _expected(session: Session) -> Expect | None:
    """What was expected when the scenario was opened, with the shape that is wanted now."""
    from lstm_tui.scenario.schema import Expect

    opened, wanted = session.story.opened, session.material.expected_shape
    expect = opened.scenario.expect if opened is not None else None
    if wanted == (expect.shape if expect is not None else None):
        return expect
    return expect.model_copy(update={"shape": wanted}) if expect is not None else Expect(shape=wanted)


def _recorded_with(scenario: Scenario) -> str | None:
    """The SHA-256 that the scenario names, unless another model has taken the place of its own."""
    return None if Path(scenario.model).is_absolute() else scenario.model_sha256


def what_saving_costs(session: Session, path: Path) -> str:
    """What would be lost of this session's own file at `path`: what others changed in it, comments."""
    from lstm_tui.scenario.writing import comments_that_would_go

    text = _own_text(session, path)
    if not text:
        return ""
    said = []
    if session.story.stamp not in (None, stamp_of(path)):
        said.append("Somebody has changed it since it was opened here: that will be lost.")
    with contextlib.suppress(LstmTuiError):
        lost = comments_that_would_go(_in_words(session, path)[0], path, text)
        if lost:
            said.append(f"These comments go with what was changed: {one_line('  '.join(lost), 400)}")
    return "\n".join(said)


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Time and size by which one sees that a file has been written since; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _own_text(session: Session, path: Path) -> str:
    """What stands at `path`, if that is where this session was opened from or saved to; else nothing."""
    own = session.story.path
    if own is None or own.resolve() != path.resolve():
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _in_words(session: Session, path: Path) -> tuple[Scenario, NewArrays]:
    """The session as a scenario, and the arrays that are new in it."""
    from lstm_tui.scenario.scenario import Scenario
    from lstm_tui.scenario.schema import View
    from lstm_tui.scenario.wording import Wording

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
        model_sha256=_recorded_with(opened.scenario) if opened is not None else None,
        inputs=wording.sources(material.inputs, "input"),
        reference=wording.sources(material.reference, "reference"),
        reference_target=wording.source(material.reference_target, "reference-target"),
        target=wording.source(material.target, "target"),
        actions=tuple(wording.action(action) for action in session.history.actions),
        calls=wording.calls(calls),
        expect=_expected(session),
        breakpoints=session.questions.texts[0],
        watches=session.questions.texts[1],
        view=View(
            step=cursor.step,
            layer=cursor.layer or None,
            unit=cursor.unit,
            sample=cursor.sample,
            series=cursor.series,
            call=shown,
        ),
    )
    return scenario, wording.arrays
