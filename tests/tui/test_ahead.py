"""The view of a model on its own predictions, drawn from sessions made by hand."""

from __future__ import annotations

import numpy as np

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.palette import palette_for
from lstm_tui.recurrent.calls import CallOutcome, Run
from lstm_tui.session.commands import ChooseLens, GoToStep
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import StartFreeRun
from lstm_tui.session.free_run_commands import FreeRunArrived, LookAhead
from lstm_tui.session.state import Ahead, Session
from lstm_tui.session.update import open_session, update
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.ahead import ahead_pane
from tests.session.hand_made import arrived, gold, translator, wrote


def shown(session: Session, width: int = 53, height: int = 21) -> list[str]:
    palette = palette_for("dark", Capabilities("256", unicode=True))
    lines = ahead_pane(session, Canvas(width, height, palette, ink_for(palette)))
    assert len(lines) <= height
    return [plain_text(line).rstrip() for line in lines]


def asked(session: Session, wanted: LookAhead | ChooseLens) -> tuple[Session, StartFreeRun]:
    session, effects = update(session, wanted)
    (start,) = (each for each in effects if isinstance(each, StartFreeRun))
    return session, start


def test_a_decoder_is_shown_token_by_token_with_its_loop() -> None:
    session, start = asked(translator(), ChooseLens("ahead"))
    assert shown(session)[1] == "Running ahead …"
    session, _ = update(session, wrote(start, 2, 6, 0))
    lines = shown(session)
    assert "↑ ↓ step · A closes" in lines[0]
    assert lines[2].startswith("    1      2        2       2  0.40 ")
    assert lines[3].startswith("▸   2")
    assert lines[3].endswith("≠ parts")
    assert "They part at step 2" in " ".join(lines)
    assert "written = words[:, :1]" in lines
    session, _ = update(session, GoToStep(-1))
    assert shown(session)[4].startswith("▸   3")


def test_the_loop_gives_way_to_the_table_and_the_table_to_what_is_said() -> None:
    session, start = asked(translator(), LookAhead(Ahead(temperature=1.0)))
    session, _ = update(session, wrote(start, 2, 3, 4))
    low = shown(session, height=8)
    assert "written = words[:, :1]" not in low
    assert "Drawn with temperature 1 from seed 0." in low
    assert any(each.startswith("    3") for each in low)


def test_numbers_are_curves() -> None:
    x = np.arange(20, dtype=np.float32).reshape(1, 10, 2)
    session = arrived(open_session(gold(), Material(inputs={"x": x}))[0])
    session, start = asked(session, ChooseLens("ahead"))
    made = {"y": np.zeros((1, 5, 1), np.float32)}, {"y": np.zeros((1, 10, 1), np.float32)}
    outcomes = (CallOutcome("generate", made[0]), CallOutcome("stream", made[1]))
    session, _ = update(session, FreeRunArrived(start.key, Run("", outcomes)))
    lines = shown(session, 80, 40)
    assert "run on the truth, free run" in lines[0]
    assert "After 5 steps the free run is 0 from the run on the truth" in " ".join(lines)
    assert "y, made = model.predict(x[:, :5]), []  # from reset states" in lines
