"""What the panes show of a recording in stretches; drawn from values made by hand, without a screen."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.lines import Line
from lstm_tui.charts.palette import palette_for
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.state import EngineState, Session
from lstm_tui.session.update import open_session
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.panes import Canvas, Pane
from lstm_tui.tui.panes.edges import title_pane
from lstm_tui.tui.panes.gates import gates_pane
from lstm_tui.tui.panes.notes import notes_pane
from lstm_tui.tui.panes.origins import origins_pane
from lstm_tui.tui.panes.output import output_pane
from lstm_tui.tui.panes.states import states_pane
from lstm_tui.tui.panes.units import units_pane
from tests.session.hand_made import arrived, gold
from tests.session.long_made import STEPS, Engine, opened

PALETTE = palette_for("dark", Capabilities("truecolor", unicode=True))


def drawn(pane: Pane, session: Session, width: int = 60, height: int = 12) -> list[str]:
    lines = pane(session, Canvas(width, height, PALETTE, ink_for(PALETTE)))
    return ["".join(segment.text for segment in line) for line in lines]


def lines_of(pane: Pane, session: Session) -> list[Line]:
    return pane(session, Canvas(60, 12, PALETTE, ink_for(PALETTE)))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def begun(engine: Engine) -> Session:
    """A third is recorded, the window under the cursor is there."""
    session = engine.answer(opened(engine))
    while session.long is not None and session.long.recorded < STEPS // 3:
        session = engine.answer(session)
    return engine.does(session, c.EngineSaid(EngineState("ready")))


def test_the_title_tells_how_far_it_is(engine: Engine, begun: Session) -> None:
    (title,) = drawn(title_pane, begun, 100)
    assert "recording 43%" in title and "steps/s" in title and "s left" in title
    stopped = engine.does(begun, c.ToggleRecording())
    assert "x goes on" in drawn(title_pane, stopped)[0]
    whole = engine.answer_all(begun)
    assert "engine ready" in drawn(title_pane, whole)[0]


def test_what_is_not_recorded_yet_is_drawn_as_such(engine: Engine, begun: Session) -> None:
    columns = 50
    far = begun
    for _ in range(8):
        far = engine.does(far, c.Zoom(1, columns))
    rows = drawn(states_pane, far, 56)
    assert "steps a column" in rows[0]
    assert rows[1].rstrip().endswith("·"), "the rest is missing"
    assert not rows[1][4:20].strip(), "the beginning is there, in colours"
    assert rows[-2].rstrip().endswith("╵"), "the ruler spans the whole"
    assert "5999╵" in rows[-2]


def test_the_whole_timeline_has_no_holes(engine: Engine, begun: Session) -> None:
    session = engine.answer_all(begun)
    for _ in range(8):
        session = engine.does(session, c.Zoom(1, 50))
    assert not any("·" in row for row in drawn(states_pane, session, 56)[1:-2])


def test_a_page_is_drawn_once_while_nothing_arrives(engine: Engine, begun: Session) -> None:
    session = engine.answer_all(begun)
    for zoom in range(2):
        if zoom:
            session = engine.does(session, c.Zoom(1, 50))
        first = lines_of(states_pane, session)
        second = lines_of(states_pane, engine.does(session, c.MoveStep(1)))
        assert first[1] is second[1]


def test_steps_without_their_window_are_dots(engine: Engine, begun: Session) -> None:
    session = engine.does(engine.answer_all(begun), c.GoToStep(3333))
    assert set(drawn(states_pane, session)[2][4:50]) == {"·"}
    assert "Fetching" in drawn(units_pane, session)[1]
    assert drawn(gates_pane, session) == []
    session = engine.answer_all(session)
    assert not any("·" in row for row in drawn(states_pane, session)[1:5])
    assert "t 3333 of 6000" in drawn(units_pane, session)[0]


def test_the_gates_are_summed_up_over_the_window(engine: Engine, begun: Session) -> None:
    head = drawn(gates_pane, begun, 80)[0]
    assert "window" in head and "all" not in head


def test_origins_go_back_to_where_the_window_begins(engine: Engine, begun: Session) -> None:
    session = engine.answer_all(engine.does(engine.answer_all(begun), c.GoToStep(4000)))
    text = "\n".join(drawn(origins_pane, session, 70))
    assert "at t 4000" in text
    assert "before" in text
    assert "what the state was when step" in text


def test_the_curve_runs_along_the_whole_sequence(engine: Engine, begun: Session) -> None:
    session = engine.answer_all(begun)
    rows = drawn(output_pane, session, 60, 8)
    assert "had the sequence ended here" in rows[0]
    assert "5999╵" in rows[-1]
    ends = [row.rstrip()[-1] for row in rows[1:-1] if len(row.rstrip()) > 50]
    assert any("⠀" < mark <= "⣿" for mark in ends), "up to the last column"


def test_the_notes_say_what_is_kept_and_what_was_compared(begun: Session) -> None:
    text = " ".join(row.strip() for row in drawn(notes_pane, begun, 40, 20))
    assert "In stretches" in text
    assert "Equal to predict on the first 512 steps" in text
    assert "x stops" in text


def short(steps: int) -> Session:
    x = np.zeros((1, steps, 2), np.float32)
    return arrived(open_session(gold(), Material(inputs={"x": x}))[0])


@pytest.mark.parametrize("steps", [400, 40_000])
def test_a_recording_that_is_whole_can_be_seen_from_afar_as_well(engine: Engine, steps: int) -> None:
    session = engine.does(short(steps), c.GoToStep(steps - 1))
    seen = set()
    for _ in range(9):
        rows = drawn(states_pane, session, 56)
        assert not any("·" in row for row in rows[1:5])
        assert f"{steps - 1}" in rows[-2]
        seen.add(tuple(rows[-2]))
        session = engine.does(session, c.Zoom(1, 53))
    assert "╵0" in drawn(states_pane, session, 56)[-2]
    assert len(seen) > 1


def test_where_every_step_has_its_column_there_is_nothing_to_zoom(engine: Engine) -> None:
    session = short(20)
    assert engine.does(session, c.Zoom(1, 53)).cursor.zoom == 1
