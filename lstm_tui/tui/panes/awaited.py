"""What stands in a view of calls until the engine has answered: what is in the way, or how far it is."""

from __future__ import annotations

from lstm_tui.session.state import Session


def awaited(session: Session, later: str, now: str) -> str:
    """One sentence. later: what happens once the model is loaded. now: what the engine is asked to do."""
    if session.model_refusal is not None:
        return session.model_refusal.reason
    if session.plan is None:
        return "There is no input yet: o opens one, or takes a random sequence."
    if not session.model.from_keras:
        return later
    engine = session.engine
    if engine.stage != "running" or not engine.text:
        return f"{now} …"
    done = "" if engine.fraction is None else f" {engine.fraction:.0%}"
    return f"{now}: {engine.text}{done} …"
