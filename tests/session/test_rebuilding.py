"""The model in another form: what is asked of the engine, and what is said of its answer."""

from __future__ import annotations

from pathlib import Path

from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.forms import Comparison, Form, Rebuilt
from lstm_tui.session import commands as c
from lstm_tui.session.effects import Announce, StartRebuild
from lstm_tui.session.form_commands import ModelRebuilt, RebuildModel
from lstm_tui.session.state import Session
from lstm_tui.session.update import update

FREE = RebuildModel(Form(stateless=True), Path("free.keras"))


def test_it_is_compared_on_the_input_that_is_shown(session: Session) -> None:
    after, (said, asked) = update(session, FREE)
    assert after is session
    assert isinstance(said, Announce) and "free.keras" in said.text
    assert isinstance(asked, StartRebuild)
    assert (asked.form, asked.out) == (FREE.form, FREE.out)
    assert asked.inputs == session.plan.run.inputs  # type: ignore[union-attr]


def test_what_was_altered_here_is_said_to_stay_behind(session: Session) -> None:
    altered, _ = update(session, c.MakeEdits((Alteration("lstm_1", (("return_sequences", True),)),)))
    warnings = [each.text for each in update(altered, FREE)[1] if isinstance(each, Announce)]
    assert any("not those that were changed here" in text for text in warnings)


def test_what_was_written_is_told_with_its_proof_and_a_refusal_with_its_reason(session: Session) -> None:
    rebuilt = Rebuilt(("stateful → stateless",), (Comparison("your input", 0.0, 0.0),))
    (told,) = update(session, ModelRebuilt(FREE.out, rebuilt))[1]
    assert isinstance(told, Announce)
    assert "changed: stateful → stateless" in told.text
    assert "your input: equal to the bit" in told.text
    (refused,) = update(session, ModelRebuilt(FREE.out, "outputs differ by up to 0.188"))[1]
    assert refused == Announce("outputs differ by up to 0.188", "warning")
