"""A finding to read: what was measured, what the remedy did, and the lesson of its check."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from rich.text import Text

from lstm_tui.checks.check import Lesson
from lstm_tui.checks.finding import Finding
from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.session.diagnosing import fix_edits
from lstm_tui.session.edits import describe


def finding_text(finding: Finding, lesson: Lesson | None, width: int) -> Text:
    """Everything there is to say about one finding, in sections, in lines of at most `width` cells."""
    text = Text()
    text.append(lesson.title if lesson is not None else finding.code, "bold")
    where = f" · {one_line(finding.layer)}" if finding.layer else ""
    text.append(f"\n{finding.severity} · {finding.code}{where}        (Escape closes, y copies)\n", "dim")
    _paragraph(text, "Measured", finding.summary, width)
    for name, value in finding.evidence.items():
        told = textwrap.wrap(f"{one_line(name)}: {_plain(value)}", width - 4, subsequent_indent="  ")
        text.append("".join(f"  {line}\n" for line in told), "dim")
    _remedy(text, finding, width)
    if lesson is not None:
        _lesson(text, lesson, width)
    return text


def _remedy(text: Text, finding: Finding, width: int) -> None:
    if finding.proof is not None:
        proof = finding.proof
        _paragraph(text, "Tried on a copy", f"{proof.metric}: {proof.before:.6g} → {proof.after:.6g}", width)
    if finding.fix is None:
        return
    _paragraph(text, "To do", finding.fix.text, width)
    for edit in fix_edits(finding):
        text.append("  T  ", "bold")
        text.append(f"{one_line(describe(edit), 200)}\n")
    _code(text, finding.fix.code)


def _lesson(text: Text, lesson: Lesson, width: int) -> None:
    _paragraph(text, "What it is", lesson.what, width)
    _paragraph(text, "Why it matters", lesson.why, width)
    _paragraph(text, "How Keras behaves", lesson.keras, width)
    _paragraph(text, "How to keep it from happening", lesson.prevent, width)
    _paragraph(text, "In your own code", "", width)
    _code(text, lesson.code)


def _paragraph(text: Text, title: str, words: str, width: int) -> None:
    text.append(f"\n{title}\n", "bold")
    plain = " ".join(many_lines(words).split())
    for line in textwrap.wrap(plain, max(width - 2, 8)):
        text.append(f"  {line}\n")


def _code(text: Text, code: str) -> None:
    for line in code.splitlines():
        text.append(f"    {line}\n", "cyan")


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray | tuple | list):
        listed = ", ".join(_plain(each) for each in list(value)[:12])
        return f"({listed}{', …' if len(value) > 12 else ''})"
    if isinstance(value, dict):
        return ", ".join(f"{one_line(key, 40)} {_plain(each)}" for key, each in list(value.items())[:12])
    return one_line(value, 400)
