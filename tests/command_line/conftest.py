"""The sessions of `tests/session`."""

from __future__ import annotations

from tests.session.conftest import facts, session, session_of_two, x

__all__ = ["facts", "session", "session_of_two", "x"]
