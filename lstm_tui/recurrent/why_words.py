"""Answers to why as lines of text: which value, what it is a sum of, and what else is to be known."""

from __future__ import annotations

import math

from lstm_tui.plain_text import ending, one_line
from lstm_tui.recurrent.why import Question, Share, Why

#: Of a layer's path the end is kept: `forward_lstm` and `backward_lstm` of one layer differ there alone.
_LONGEST_NAME = 40
#: Gradient × activation that explains less or more of a value than this is no guide to it.
_EXPLAINS = (0.5, 1.5)


def place_words(question: Question, near: Question | None = None) -> str:
    """`lstm_1 h[17] t 12`, `x[2] t 12`, `dense[3]`; without the layer where it is that of `near`."""
    name = ending(one_line(question.path, 1000), _LONGEST_NAME)
    unit = f"[{question.unit}]"
    when = f"t {question.step}" if question.step >= 0 else "before t 0"
    if question.kind == "inputs":
        return f"{name}{unit} {when} by its inputs"
    if question.kind in {"output", "layer", "input"}:
        return f"{name}{unit} {when}"
    where = "" if near is not None and near.path == question.path else f"{name} "
    if question.kind == "written":
        return f"{where}{question.series}{unit} written {when}"
    return f"{where}{question.series or 'state'}{unit} {when}"


def share_words(share: Share, question: Question) -> str:
    """The cause of a share, as it is asked for; its own name where it has no cause."""
    return place_words(share.of, question) if share.of is not None else share.name


def percent_words(share: float, total: float) -> str:
    """The share as a part of the total, `52%`; nothing where that is no number."""
    if not (math.isfinite(share) and math.isfinite(total) and total):
        return "--"
    part = share / total
    return f"{part:.0%}" if abs(part) < 9.995 else ">999%" if part > 0 else "<-999%"


def head_words(answer: Why) -> str:
    """`lstm_1 c[17] written t 12 = 0.6012`."""
    return f"{place_words(answer.question)} = {answer.value:.4g}"


def link_words(answer: Why) -> str:
    """How the value follows from the sum that is split: `= i 0.91 × tanh(0.7993)`; nothing where it is it."""
    return f"= {answer.link}({answer.total:.4g})" if answer.link else ""


def note_words(answer: Why) -> tuple[tuple[str, bool], ...]:
    """Whether the split is exact, what it leaves open, what else there is; and whether that is wrong."""
    notes = [(note, False) for note in answer.notes]
    if not answer.exact:
        words = "approximate (gradient × activation)"
        explained = answer.explained
        known = f": explains {explained:.0%}" if math.isfinite(explained) else ""
        return ((words + known, False), *_advice(answer), *notes)
    if math.isnan(answer.residual):
        return (("it cannot be told whether this adds up to what was recorded", True), *notes)
    if not answer.adds_up:
        said = f"{answer.residual:+.3g} is left open; rounding explains {answer.tolerance:.2g}"
        return ((said, True), *notes)
    return tuple(notes)


def _advice(answer: Why) -> tuple[tuple[str, bool], ...]:
    """What to do where the gradient explains little, or more than there is."""
    low, high = _EXPLAINS
    if low <= answer.explained <= high:
        return ()
    todo = (
        "Y goes back to the exact split" if answer.question.kind == "inputs" else "digits follow the causes"
    )
    return ((f"far from linear here: {todo}", False),)


def rest_words(answer: Why) -> str:
    """`and 12 more: -0.0031`; nothing where all are listed."""
    return f"and {answer.others:,} more: {answer.rest:+.4g}" if answer.others else ""


def why_lines(answer: Why | str, most: int = 9) -> tuple[str, ...]:
    """The answer as it is printed, numbered as it is followed; a refusal as it is."""
    if isinstance(answer, str):
        return (answer,)
    shown = answer.shares[:most]
    left = answer.shares[most:]
    if left:
        more = answer.others + len(left)
        rest = answer.rest + sum(each.share for each in left)
        others = f"and {more:,} more: {rest:+.4g}"
    else:
        others = rest_words(answer)
    names = [share_words(each, answer.question) for each in shown]
    width = max((len(name) for name in names), default=0)
    rows = [
        f"{number}  {name:<{width}}  {each.share:+.4g}  {percent_words(each.share, answer.total)}"
        + (f"  (is {each.value:.4g})" if each.value is not None else "")
        for number, (name, each) in enumerate(zip(names, shown, strict=True), 1)
    ]
    notes = [text for text, _ in note_words(answer)]
    head = f"{head_words(answer)} {link_words(answer)}".rstrip()
    return tuple(line for line in (head, *rows, others, *notes) if line)
