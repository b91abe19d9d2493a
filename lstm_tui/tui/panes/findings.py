"""What the checks found, the most probable cause first; the chosen one with its measurement and remedy."""

from __future__ import annotations

import textwrap

from lstm_tui.checks.check import apart
from lstm_tui.checks.finding import Finding, Severity
from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.session.diagnosing import fix_edits, shown_checkup, tried_finding
from lstm_tui.session.edits import describe
from lstm_tui.session.inquiry import Checkup
from lstm_tui.session.state import Session
from lstm_tui.tui.ink import Ink
from lstm_tui.tui.panes import Canvas, Line
from lstm_tui.tui.panes.writing import Piece, heading, line, two_ends, wrapped

_MARKS: dict[Severity, str] = {"error": "✗", "warning": "!", "info": "·"}


def findings_section(session: Session, canvas: Canvas) -> list[Line]:
    """Nothing before the checks were ever run; then what they say of the present question."""
    checkup = shown_checkup(session)
    if checkup is None:
        return _unchecked(session, canvas)
    ink, width = canvas.ink, canvas.width
    lines = [heading("Findings", _asides(session, checkup), width, ink.title, ink.dim)]
    for index, finding in enumerate(checkup.findings):
        chosen = index == session.cursor.finding
        lines += _chosen(finding, canvas) if chosen else _listed(finding, canvas)
    return [*lines, *_shrinking(session, canvas), *_verdict(checkup, canvas)]


def _shrinking(session: Session, canvas: Canvas) -> list[Line]:
    """How far the search for the smallest case is."""
    if not session.inquiry.shrinking:
        return []
    return wrapped(
        f"making it small (M stops): {session.inquiry.shrunk_so_far}", canvas.ink.here, canvas.width, 4
    )


def _unchecked(session: Session, canvas: Canvas) -> list[Line]:
    """After a change the findings of before say nothing; they come back with undo."""
    if not session.inquiry.checkups:
        return []
    ink, width = canvas.ink, canvas.width
    lines = [heading("Findings", "", width, ink.title, ink.dim)]
    tried = tried_finding(session)
    if tried is not None:
        lines.append(line([(f" tried {tried.code}", ink.good)], width))
        lines += [line([(f"   {_proof(tried)}", ink.good)], width)] if tried.proof is not None else []
    return [*lines, *wrapped("Changed since the checks ran: d runs them again.", ink.dim, width, 2)]


def _asides(session: Session, checkup: Checkup) -> tuple[str, ...]:
    if checkup.running:
        share = session.engine.fraction
        return ("checking …" if share is None else f"checking {share:.0%}",)
    return (". next  T try  L learn", ". T L") if checkup.findings else ("",)


def _listed(finding: Finding, canvas: Canvas) -> list[Line]:
    """`✗ state-carryover  lstm_1`, and the proof below it."""
    ink, width = canvas.ink, canvas.width
    lines = [two_ends([_name(finding, ink, " ")], [(_where(finding), ink.dim)], width, ink.plain)]
    if finding.proof is not None and finding.severity != "info":
        lines.append(line([(f"   {_proof(finding)}", ink.dim)], width))
    return lines


def _chosen(finding: Finding, canvas: Canvas) -> list[Line]:
    """The finding under the cursor: its sentence, what the remedy did, and what t would do."""
    ink, width = canvas.ink, canvas.width
    lines = [two_ends([_name(finding, ink, "▸")], [(_where(finding), ink.here)], width, ink.plain)]
    lines += [line([(f"  {part}", ink.plain)], width) for part in _parts(finding.summary, width, 5)]
    if finding.proof is not None:
        lines.append(line([("  tried: ", ink.dim), (_proof(finding), ink.good)], width))
        lines += [line([(f"  {part}", ink.dim)], width) for part in _parts(finding.proof.metric, width, 2)]
    edits = fix_edits(finding)
    if edits:
        doing = "; ".join(describe(edit) for edit in edits)
        lines += [line([(f"  {part}", ink.here)], width) for part in _parts(f"T: {doing}", width, 2)]
    elif finding.fix is not None:
        lines += [line([(f"  {part}", ink.here)], width) for part in _parts(finding.fix.text, width, 3)]
    return lines


def _parts(text: str, width: int, most: int) -> list[str]:
    plain = " ".join(many_lines(text).split())
    return textwrap.wrap(plain, max(width - 2, 8), max_lines=most, placeholder=" …")


def _name(finding: Finding, ink: Ink, mark: str) -> Piece:
    style = {"error": ink.bad, "warning": ink.warn, "info": ink.dim}[finding.severity]
    return f"{mark}{_MARKS[finding.severity]} {finding.code}", style


def _where(finding: Finding) -> str:
    return one_line(finding.layer.rpartition("/")[2], 16)


def _proof(finding: Finding) -> str:
    proof = finding.proof
    return f"{proof.before:.4g} → {proof.after:.4g}" if proof is not None else ""


def _verdict(checkup: Checkup, canvas: Canvas) -> list[Line]:
    """Why the answer is not whole, or that nothing was found, and what could not be checked."""
    ink, width = canvas.ink, canvas.width
    if checkup.stopped:
        return wrapped(checkup.stopped, ink.warn, width, 4)
    diagnosis = checkup.diagnosis
    if diagnosis is None:
        return []
    lines: list[Line] = []
    if not diagnosis.codes:
        lines.append(line([(" ✓ ", ink.good), ("nothing found above info", ink.plain)], width))
    if diagnosis.partial:
        lines += wrapped("Not all checks had time: this answer is partial.", ink.warn, width, 2)
    for code, why in list(diagnosis.failed.items())[:2]:
        lines += wrapped(f"{code} could not be checked: {why}", ink.warn, width, 2)
    missing = (need for needs in diagnosis.not_checked.values() for need in needs)
    needs = sorted({each for need in missing for each in apart(need)})
    if needs:
        many = len(diagnosis.not_checked)
        lack = f"{many} checks lack" if many > 1 else "1 check lacks"
        lines += wrapped(f"{lack}: {', '.join(needs)}", ink.dim, width, 2)
    return lines
