"""The model in another form: asked of the engine, which compares outputs and writes it; then told. Pure.

The form is that of the model's file: what was altered in the session is not taken along, and is said.
"""

from __future__ import annotations

from lstm_tui.recurrent.forms import told
from lstm_tui.session.effects import Announce, Effect, StartRebuild
from lstm_tui.session.form_commands import AboutForms, ModelRebuilt, RebuildModel
from lstm_tui.session.state import Session


def updated(session: Session, command: AboutForms) -> tuple[Session, tuple[Effect, ...]]:
    """`session`, which stays as it is, and what is asked or said."""
    match command:
        case RebuildModel(form, out):
            inputs = session.plan.run.inputs if session.plan is not None else {}
            start = StartRebuild(str(out), form, inputs, out)
            return session, (Announce(f"{out.name}: being written and compared …"), *_altered(session), start)
        case ModelRebuilt(_, str() as why):
            return session, (Announce(why, "warning"),)
        case ModelRebuilt(out, rebuilt) if not isinstance(rebuilt, str):
            told_of = "\n".join(told(session.model.path, out, rebuilt))
            return session, (Announce(f"{told_of}\nD lays it beside this one."),)
    raise TypeError(f"{command!r} is not about forms")


def _altered(session: Session) -> tuple[Announce, ...]:
    """Settings that were changed here are not in the file."""
    if session.plan is None or not session.plan.run.alterations:
        return ()
    return (Announce("The file's settings are taken, not those that were changed here.", "warning"),)
