"""Tried otherwise in a session: offers where the cursor is, an edit like every other, where the two part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.arrays.nudge import Nudge
from lstm_tui.errors import EditError
from lstm_tui.performing.typed import typed_edits
from lstm_tui.recurrent.calls import Stream
from lstm_tui.recurrent.interventions import Clamp, Poke, Silence, clamp, dropout, poke, silence
from lstm_tui.session import commands as c
from lstm_tui.session.diagnosing import JUDGED_ALONE
from lstm_tui.session.edits import Material, ReplaceCalls
from lstm_tui.session.effects import Announce, Effect, StartDiagnosis, StartRun
from lstm_tui.session.generating import plan_ahead
from lstm_tui.session.keeping import keeping
from lstm_tui.session.parting import parting, parting_words
from lstm_tui.session.reach import gradient_plan
from lstm_tui.session.state import Session
from lstm_tui.session.trying import TRYING, defaults, trying_offers
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived, gold, parted, run_of


def at(session: Session, **place: object) -> Session:
    return replace(session, cursor=replace(session.cursor, **place))  # type: ignore[arg-type]


def after(session: Session, *edits: object) -> tuple[Session, tuple[Effect, ...]]:
    return update(session, c.MakeEdits(edits))  # type: ignore[arg-type]


def first_edit(session: Session) -> object:
    return trying_offers(session)[0].edits[0]


def test_at_a_state_a_poke_comes_first_and_at_a_gate_a_clamp(session: Session) -> None:
    there = at(session, layer="lstm_1", series="c", unit=2, step=6)
    assert first_edit(there) == Poke("lstm_1", "c", 0.0, 6, (2,))
    assert first_edit(at(there, series="o")) == Clamp("lstm_1", "o", 1.0, (2,))
    assert first_edit(at(there, layer="gru_1", series="h")) == Poke("gru_1", "h", 0.0, 6, (2,))


def test_every_offer_fits_and_each_kind_is_there(session_of_two: Session) -> None:
    there = at(session_of_two, layer="lstm_1", series="h", unit=None, step=4, sample=1)
    offers = trying_offers(there)
    kinds = {type(offer.edits[0]) for offer in offers}
    assert {Poke, Clamp, Silence, Nudge} < kinds
    assert len(kinds) == len(TRYING)
    for offer in offers:
        changed, _ = after(there, *offer.edits)
        assert changed.history.done == offer.edits, offer.label


def test_what_a_typed_line_leaves_out_is_where_the_cursor_is(session_of_two: Session) -> None:
    there = at(session_of_two, layer="lstm_1", series="f", unit=3, step=4, sample=1)
    assert defaults(there, "clamp") == {"layer": "lstm_1", "unit": 3, "sample": 1, "gate": "f", "to": 1.0}
    assert defaults(there, "poke") == (
        {"layer": "lstm_1", "unit": 3, "sample": 1, "state": "c", "step": 4, "to": 0.0}
    )
    assert defaults(there, "last") == {"steps": 6}
    assert defaults(at(there, series="c"), "clamp")["gate"] == "f"


def test_where_a_layer_is_named_all_of_its_units_are_meant(session_of_two: Session) -> None:
    there = at(session_of_two, layer="lstm_1", series="f", unit=3, step=4, sample=1)
    for line, unit in (("", 3), ("layer: lstm_2", None), ("layer: lstm_2, unit: 1", 1), ("unit: all", None)):
        (edit,) = typed_edits(line, "silence", (Path(),), defaults=defaults(there, "silence"))
        assert isinstance(edit, Silence)
        assert edit.units == (() if unit is None else (unit,)), line


def test_it_is_asked_of_the_engine_undone_and_done_again(session: Session) -> None:
    tried = poke("lstm_1", "c", 0, 3, unit=1)
    changed, effects = after(session, tried)
    (asked,) = [effect for effect in effects if isinstance(effect, StartRun)]
    assert asked.plan.interventions == (tried,)
    undone, _ = update(changed, c.Undo())
    assert undone.key == session.key
    assert undone.run is session.run
    redone, _ = update(undone, c.Redo())
    assert redone.key == changed.key


@pytest.mark.parametrize("wrong", [poke("lstm_1", "c", 0, 10), silence("lstm_2"), clamp("gru_1", "f", 1)])
def test_what_does_not_fit_changes_nothing_and_says_why(session: Session, wrong: object) -> None:
    same, effects = after(session, wrong)
    assert same.history == session.history
    (said,) = effects
    assert isinstance(said, Announce)
    assert said.severity == "error"


def test_a_stream_is_not_made_with_what_is_tried(session: Session) -> None:
    streamed, _ = after(session, ReplaceCalls((Stream(),)))
    same, (said,) = after(streamed, silence("gru_1"))
    assert same.history == streamed.history
    assert isinstance(said, Announce)
    assert "stream knows nothing" in said.text


def test_where_the_two_first_part_is_said(session: Session) -> None:
    assert parting_words(session) == ""
    changed, _ = after(session, poke("gru_1", "h", 0, 4, unit=2))
    assert changed.plan is not None
    assert parting_words(changed) == "", "it has not arrived yet"
    run = parted(run_of(changed.plan.run), "gru_1", 4, 2)
    changed, _ = update(changed, c.RunArrived(run))
    found = parting(changed)
    assert found is not None
    assert (found.layer, found.timestep, found.unit) == ("gru_1", 4, 2)
    assert parting_words(changed).startswith("gru_1 step 4 z[2]: ")
    assert parting_words(arrived(after(session, dropout())[0], value=0.75)) == "", "in the output alone"


def test_the_checks_judge_the_model_without_it(session: Session) -> None:
    changed = arrived(after(session, silence("gru_1"))[0])
    _, effects = update(changed, c.RunChecks())
    assert Announce(JUDGED_ALONE) in effects
    (asked,) = [effect for effect in effects if isinstance(effect, StartDiagnosis)]
    assert asked.subject.plan.interventions == ()


def test_gradients_are_of_the_changed_call_and_not_of_other_draws(session_of_two: Session) -> None:
    tried = poke("lstm_1", "c", 0, 3, sample=1)
    plan = gradient_plan(arrived(after(session_of_two, tried)[0]))
    assert not isinstance(plan, str)
    assert plan.interventions == (tried,)
    assert "dropout" in str(gradient_plan(arrived(after(session_of_two, dropout())[0])))


def test_the_loop_ahead_is_not_run_with_what_is_tried(session_of_two: Session) -> None:
    changed = arrived(after(session_of_two, silence("gru_1"))[0])
    changed = replace(changed, model=replace(changed.model, layers=changed.model.layers[1:]))
    assert "u takes it back" in str(plan_ahead(changed))


def test_the_error_of_a_batch_is_held_against_the_target_of_every_row() -> None:
    x, target = np.zeros((2, 10, 2), np.float32), np.ones((2, 1), np.float32)
    session = arrived(open_session(gold(), Material(inputs={"x": x}, target=target))[0])
    session, _ = update(session, c.SwitchGoal())
    plan = gradient_plan(session)
    assert not isinstance(plan, str)
    assert plan.target is not None
    assert plan.target.shape == (2, 1)


def test_what_can_only_be_recorded_in_stretches_is_refused() -> None:
    x = np.zeros((1, 5000, 2), np.float32)
    session, _ = open_session(gold(), Material(inputs={"x": x}), memory=100_000)
    assert session.keeping is not None
    assert session.keeping.what == "stretches"
    same, (said,) = after(session, silence("gru_1"))
    assert same.history == session.history
    assert isinstance(said, Announce)
    assert "all steps at once" in said.text
    assert session.plan is not None
    with pytest.raises(EditError):
        keeping(replace(session.plan.run, interventions=(silence("gru_1"),)), gold(), 100_000, 0)
