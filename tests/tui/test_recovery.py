"""Unsaved work: kept once, offered while it is fresh, and saved where people look for it."""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lstm_tui.performing.saving import default_path
from lstm_tui.session import commands as c
from lstm_tui.session.edits import PredictAgain
from lstm_tui.session.state import Session
from lstm_tui.session.update import update
from lstm_tui.tui import recovery
from lstm_tui.tui.settings import unsaved_folder
from tests.session.conftest import facts, session, x

__all__ = ["facts", "session", "x"]


@pytest.fixture
def edited(session: Session) -> Session:
    return update(session, c.MakeEdits((PredictAgain(),)))[0]


def opened_from(session: Session, path: Path) -> Session:
    return replace(session, story=replace(session.story, path=path))


def test_what_was_kept_is_offered_with_the_words_that_open_it(edited: Session) -> None:
    assert recovery.newest() is None
    kept = recovery.keep(edited)
    assert recovery.newest() == kept
    model, path = shlex.split(kept.arguments)
    assert Path(model) == edited.model.path.resolve()
    assert Path(path) == kept.path
    assert "predict" in kept.path.read_text(encoding="utf-8")


def test_the_same_second_keeps_two(edited: Session) -> None:
    assert recovery.keep(edited).path != recovery.keep(edited).path


def test_after_a_week_it_stays_but_is_not_offered(edited: Session) -> None:
    kept = recovery.keep(edited)
    old = time.time() - 8 * 24 * 3600
    os.utime(kept.path.with_suffix(".model"), (old, old))
    assert recovery.newest() is None
    assert kept.path.exists()


def test_what_is_changed_further_takes_the_place_of_what_was_kept(edited: Session) -> None:
    first = recovery.keep(edited)
    second = recovery.keep(opened_from(edited, first.path))
    assert recovery.newest() == second
    recovery.forget(second.path)
    assert recovery.newest() is None


def test_what_was_kept_is_saved_beside_its_model(edited: Session) -> None:
    kept = recovery.keep(edited)
    assert default_path(opened_from(edited, kept.path), unsaved_folder()) == edited.model.path.with_name(
        "gold-1.yaml"
    )
    own = Path("elsewhere") / "case.yaml"
    assert default_path(opened_from(edited, own), unsaved_folder()) == own
