"""The variance test of the call that is shown: asked for by who looks at it, kept by the plan's key. Pure."""

from __future__ import annotations

from dataclasses import replace

from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.session.effects import Effect, StartVariance
from lstm_tui.session.state import Session


def shown_variance(session: Session) -> VarianceTest | str | None:
    """What identical calls gave, why that is not known, or nothing yet."""
    return session.inquiry.variances.get(session.key)


def ask_if_unknown(session: Session) -> tuple[Effect, ...]:
    """The call is repeated only for who looks."""
    if session.cursor.lens != "variance" or session.plan is None or not session.model.from_keras:
        return ()
    if session.key in session.inquiry.variances:
        return ()
    return (StartVariance(session.key, session.plan.run),)


def arrived(session: Session, key: str, test: VarianceTest | str) -> Session:
    """The test, or why there is none."""
    return replace(session, inquiry=session.inquiry.with_variance(key, test))
