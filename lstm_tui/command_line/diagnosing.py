"""Words that ask what is wrong: the checks, their findings, a finding's fix, the views."""

from __future__ import annotations

from typing import get_args

from lstm_tui.checks.finding import Finding
from lstm_tui.command_line.changing import changed
from lstm_tui.command_line.word import Said, Word, nearest, no_more
from lstm_tui.errors import CommandLineError
from lstm_tui.session import commands as c
from lstm_tui.session.diagnosing import shown_checkup
from lstm_tui.session.state import Lens, Session


def found(session: Session) -> str:
    """The findings with their proofs, the most probable cause first."""
    checkup = shown_checkup(session)
    if checkup is None:
        return "nothing was checked yet: check"
    if checkup.stopped:
        return checkup.stopped
    lines = [line for each in checkup.findings for line in _told(each)]
    if checkup.running:
        return "\n".join([*lines, "the checks are running"])
    return "\n".join(lines) or "no findings"


def _told(finding: Finding) -> list[str]:
    told = [f"{finding.severity} {finding.code}: {finding.summary}"]
    if finding.fix is not None:
        told.append(f"  to do: {finding.fix.text}")
    if (proof := finding.proof) is not None:
        told.append(f"  {proof.metric}: {proof.before:.4g} -> {proof.after:.4g}")
    return told


def _check(session: Session, text: str) -> Said:
    no_more(text, "check")
    checkup = shown_checkup(session)
    known = checkup is not None and not checkup.stopped
    return Said(() if known else (c.RunChecks(),), show=found)


def codes(session: Session) -> tuple[str, ...]:
    """Codes of the findings so far."""
    checkup = shown_checkup(session)
    return tuple(each.code for each in checkup.findings) if checkup is not None else ()


def _finding(session: Session, text: str) -> Said:
    return Said(_to_finding(session, text), show=found)


def _to_finding(session: Session, text: str) -> tuple[c.MoveFinding, ...]:
    known = codes(session)
    if not known:
        raise CommandLineError("there is no finding", todo="check")
    if text and text not in known:
        raise nearest(text, known, "finding")
    here = session.cursor.finding if session.cursor.finding is not None else -1
    return (c.MoveFinding(known.index(text) - here if text else 1),)


def _try(session: Session, text: str) -> Said:
    if not text and session.cursor.finding is not None:
        return Said((c.TryFix(),), show=changed)
    return Said((*_to_finding(session, text), c.TryFix()), show=changed)


def _view(session: Session, text: str) -> Said:
    lenses: tuple[Lens, ...] = get_args(Lens)
    lens = next((each for each in lenses if each == text), None)
    if lens is None:
        raise nearest(text, lenses, "view")
    return Said(() if session.cursor.lens == lens else (c.ChooseLens(lens),))


WORDS = (
    Word("check", "check", "Run all checks", _check),
    Word(
        "finding", "finding [CODE]", "To this finding and where it shows, else to the next", _finding, codes
    ),
    Word("try", "try [CODE]", "Try the fix of this finding", _try, codes),
    Word("view", "view states|origins|gradients|…", "Another view", _view, lambda _session: get_args(Lens)),
)
