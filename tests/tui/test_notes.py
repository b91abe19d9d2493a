"""The notes below the layers, of sessions made by hand."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.palette import palette_for
from lstm_tui.session import commands as c
from lstm_tui.session.edits import PredictAgain
from lstm_tui.session.state import Session
from lstm_tui.session.update import update
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.notes import notes_pane
from tests.session.hand_made import arrived
from tests.tui.test_snapshots import recorded

PALETTE = palette_for("dark", Capabilities("truecolor", unicode=True))


def notes(session: Session, height: int) -> list[str]:
    lines = notes_pane(session, Canvas(28, height, PALETTE, ink_for(PALETTE)))
    return ["".join(segment.text for segment in line) for line in lines]


def asked_again(times: int) -> Session:
    session, _ = update(recorded(), c.MakeEdits((PredictAgain(),) * times))
    return arrived(session)


def test_of_many_calls_those_around_the_one_that_is_shown_have_a_line() -> None:
    session = asked_again(7)
    rows = notes(session, 22)
    assert any("Calls" in row and "5–9 of 9" in row for row in rows)
    assert any(row.startswith("▸9 predict") for row in rows)
    assert not any(row.startswith(" 4 predict") for row in rows)
    assert any(row.startswith(" spread") for row in rows)
    moved, _ = update(session, c.MoveCall(1))
    assert any(row.startswith("▸1 predict") for row in notes(arrived(moved), 22))


def test_few_calls_are_all_there() -> None:
    rows = notes(asked_again(1), 22)
    assert [row[1:10] for row in rows if "predict" in row and row[1].isdigit()] == [
        "1 predict", "2 predict", "3 predict",
    ]  # fmt: skip


def test_outputs_of_calls_of_two_kinds_have_no_spread() -> None:
    session = asked_again(1)
    assert session.run is not None
    outcomes = (*session.run.outcomes[:-1], replace(session.run.outcomes[-1], call="generate"))
    run = replace(session.run, outcomes=outcomes)
    mixed = replace(session, runs={session.key: run})
    assert any(row.startswith(" spread") for row in notes(session, 22))
    assert not any(row.startswith(" spread") for row in notes(mixed, 22))
