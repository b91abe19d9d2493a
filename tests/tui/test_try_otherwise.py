"""The dialogue on E, on sessions made by hand: no engine."""

from __future__ import annotations

import pytest

from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.interventions import Clamp, Poke, Silence
from lstm_tui.session import commands as c
from lstm_tui.session.state import Session
from lstm_tui.session.update import update
from lstm_tui.tui.dialogues.try_otherwise import tried_edits
from tests.session.hand_made import parted, run_of
from tests.tui.conftest import Screen
from tests.tui.test_snapshots import StillBench, recorded


@pytest.fixture(scope="module")
def session() -> Session:
    return recorded()


def test_a_typed_line_takes_from_the_cursor_what_it_leaves_out(session: Session) -> None:
    (poked,) = tried_edits("poke to: 0.5", session)
    assert isinstance(poked, Poke)
    assert (poked.layer, poked.state, poked.step, poked.to) == ("lstm_1", "h", 17, 0.5)
    assert len(poked.units) == 1
    (clamped,) = tried_edits("clamp gate: o, unit: all, from: 3, until: 9", session)
    assert clamped == Clamp("lstm_1", "o", 1.0, (), 3, 9)
    assert tried_edits("silence: layer: gru_1, unit: [0, 2]", session) == (Silence("gru_1", (0, 2)),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pok to: 1", "did you mean poke"),
        ("poke to: x", "number"),
        ("poke stp: 3", "did you mean step"),
        ("nudge step: 3", "exactly one of to, by"),
        ("clamp from: 9, until: 3", "ends before it begins"),
        ("poke to: [", "not complete"),
    ],
)
def test_a_line_that_says_nothing_is_refused(session: Session, line: str, said: str) -> None:
    with pytest.raises(LstmTuiError, match=said):
        tried_edits(line, session)


async def test_two_keys_try_what_is_likeliest_and_show_where_the_two_part(session: Session) -> None:
    app = StillBench(session)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(app, pilot)
        await screen.press("E")
        assert "Try it otherwise" in screen.text
        assert "inside the loops" in screen.text
        await screen.press("enter")
        changed = app.session
        assert changed is not None
        assert isinstance(changed.history.done[-1], Poke)
        assert changed.plan is not None
        run = parted(run_of(changed.plan.run, value=0.75), "gru_1", 4, 2)
        app.dispatch(c.RunArrived(run))
        await screen.drawn()
        assert "first apart: gru_1" in screen.pane("left")
        await screen.press("u")
        assert app.session is not None
        assert app.session.key == session.key


def test_a_series_that_is_a_gate_is_clamped_first(session: Session) -> None:
    there, _ = update(session, c.MoveSeries(2))
    assert there.cursor.series == "i"
    assert tried_edits("clamp", there)[0].describe().startswith("clamp lstm_1 i[")  # type: ignore[union-attr]
