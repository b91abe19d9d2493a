"""Words that ask the recording: breakpoints, watches, values, where something holds."""

from __future__ import annotations

from collections.abc import Iterable

from lstm_tui.asking.binding import Bound, bind
from lstm_tui.asking.completing import completions
from lstm_tui.asking.ground import Ground
from lstm_tui.asking.hits import Hits, values
from lstm_tui.asking.tree import compared
from lstm_tui.charts.numbers import short_number
from lstm_tui.command_line.moving import where
from lstm_tui.command_line.word import Said, Word, no_more, whole
from lstm_tui.errors import CommandLineError
from lstm_tui.recurrent.why_words import why_lines
from lstm_tui.session import commands as c
from lstm_tui.session import question_commands as q
from lstm_tui.session.asked_ground import asked_ground
from lstm_tui.session.asked_rows import Standing, Watched, places_of, standings, watched
from lstm_tui.session.questions import all_hits, bound_in, checked, told_of
from lstm_tui.session.state import Session
from lstm_tui.session.why_commands import AskWhy, FollowShare
from lstm_tui.session.whys import answer_here, output_question

#: Steps, and numbers of a vector, that are listed one by one.
_MOST_LISTED = 12


def _break(session: Session, text: str) -> Said:
    if not text:
        return Said(show=_standings)
    checked(session, text)
    return Said((q.AddBreakpoint(text),), show=lambda after: told_of(after, text))


def _standings(session: Session) -> str:
    """Every breakpoint with its hits."""
    lines = [f"{index}  {_standing(each)}" for index, each in enumerate(standings(session), start=1)]
    return "\n".join(lines) or "no breakpoints"


def _standing(each: Standing) -> str:
    if each.wrong:
        return f"{each.breakpoint.text}  cannot be asked here: {each.wrong}"
    off = "" if each.breakpoint.enabled else ", off"
    here = "" if each.here is None else ", holds here" + (f" (unit {each.here})" if each.here >= 0 else "")
    some = f", {each.samples[0]} of {each.samples[1]} samples" if each.samples[1] > 1 else ""
    return f"{each.breakpoint.text}  {each.hits:,} hit{'s' * (each.hits != 1)}{some}{here}{off}"


def _delete(session: Session, text: str) -> Said:
    index = _numbered(text, len(session.questions.breakpoints), "breakpoint", "delete 1")
    return Said((q.DropBreakpoint(index),), show=_standings)


def _watch(session: Session, text: str) -> Said:
    if not text:
        return Said(show=_watched)
    checked(session, text, condition=False)
    return Said((q.AddWatch(text),), show=_watched)


def _unwatch(session: Session, text: str) -> Said:
    index = _numbered(text, len(session.questions.watches), "watch", "unwatch 1")
    return Said((q.DropWatch(index),), show=_watched)


def _watched(session: Session) -> str:
    """Every watch at the cursor."""
    lines = [f"{index}  {_watch_line(each)}" for index, each in enumerate(watched(session), start=1)]
    return "\n".join(lines) or "no watches"


def _watch_line(each: Watched) -> str:
    if each.wrong:
        return f"{each.text}  cannot be asked here: {each.wrong}"
    low, high = short_number(each.low, 6), short_number(each.high, 6)
    value = low if each.low == each.high or each.low != each.low else f"{low} to {high}"
    return f"{each.text} = {value}  change {short_number(each.change, 3, signed=True)}"


def _numbered(text: str, count: int, what: str, usage: str) -> int:
    """The index that is meant by a number from 1. Raises: CommandLineError."""
    number = whole(text, f"a {what}'s number", usage)
    if not 1 <= number <= count:
        raise CommandLineError(f"there is no {what} {number}", expected=f"1 to {count}" if count else usage)
    return number - 1


def _continue(by: int, session: Session, text: str) -> Said:
    no_more(text, "continue" if by > 0 else "reverse")
    if not any(each.enabled for each in session.questions.breakpoints):
        raise CommandLineError("no breakpoint is set", todo="break abs(c) > 5")
    return Said((q.ToHit(by),), show=where)


def _hits(session: Session, text: str) -> Said:
    found = _all(session, text, "hits c changed sign")
    return Said(show=lambda _after: _listed(found, session.cursor.sample))


def _all(session: Session, text: str, usage: str) -> Hits:
    """All hits of a condition. Raises: LstmTuiError."""
    if not text:
        raise CommandLineError("no condition is given", expected=usage)
    ground = asked_ground(session)
    if ground is None:
        raise CommandLineError("nothing is recorded yet")
    if session.long is not None:
        raise CommandLineError(
            "the recording is kept in stretches: its hits are found one by one", todo="break, then continue"
        )
    return all_hits(session, ground, text)


def _listed(found: Hits, sample: int) -> str:
    lines: list[str] = []
    step = -1
    while len(lines) < _MOST_LISTED and (hit := found.after(sample, step)) is not None:
        lines.append(f"step {hit.step}" + (f", unit {hit.unit}" if hit.unit is not None else ""))
        step = hit.step
    count = found.count(sample)
    more = f"… {count - len(lines):,} more" if count > len(lines) else ""
    others = len(found.samples) - (1 if count else 0)
    told = f"{count:,} hit{'s' * (count != 1)} in sample {sample}"
    told += f", and some in {others} other{'s' * (others != 1)}" if others > 0 else ""
    return "\n".join([told, *lines, *([more] if more else [])])


def _print(session: Session, text: str) -> Said:
    if not text:
        raise CommandLineError("no expression is given", expected="print mean(h)")
    told = _value(session, text)
    return Said(show=lambda _after: told)


def _value(session: Session, text: str) -> str:
    """What an expression is at the cursor. Raises: LstmTuiError."""
    ground = asked_ground(session)
    if ground is None:
        raise CommandLineError("nothing is recorded yet")
    bound = bound_in(checked(session, text, condition=False), ground, session.cursor.layer, condition=False)
    numbers = _numbers(session, bound, ground)
    if not numbers:
        raise CommandLineError(f"it has no value at step {session.cursor.step}")
    if len(numbers) == 1:
        return numbers[0]
    return f"[{', '.join(numbers[:_MOST_LISTED])}{', …' if len(numbers) > _MOST_LISTED else ''}]"


def _numbers(session: Session, bound: Bound, ground: Ground) -> list[str]:
    """Of each unit at the cursor; none where it has no value there."""
    found = values(bound, ground).values
    row = session.cursor.sample - bound.first_sample if len(found) > 1 else 0
    place = session.cursor.step - ground.kept.start
    is_there = 0 <= row < len(found) and 0 <= place < found.shape[1]
    return [f"{value:.7g}" for value in found[row, place]] if is_there else []


def _assert(session: Session, text: str) -> Said:
    found = _all(session, text, "assert abs(output) < 1")
    holds = found.at(session.cursor.sample, session.cursor.step) is not None
    said = "holds" if holds else f"does not hold at step {session.cursor.step}{_compared(session, found)}"
    return Said(show=lambda _after: said, holds=lambda _after: holds)


def _compared(session: Session, found: Hits) -> str:
    """`: output is -1.62`, of a comparison the side that is no constant, where it is one number."""
    ground, side = asked_ground(session), compared(found.bound.question)
    if ground is None or side is None:
        return ""
    numbers = _numbers(session, bind(side, ground, session.cursor.layer), ground)
    return f": {side.text[slice(*side.tree.at)]} is {numbers[0]}" if len(numbers) == 1 else ""


def _never(session: Session, text: str) -> Said:
    found = _all(session, text, "never isnan(output)")
    holds = not found.total
    sample = found.samples[0] if found.samples else session.cursor.sample
    said = "never" if holds else _listed(found, sample)
    return Said(show=lambda _after: said, holds=lambda _after: holds)


def _places(session: Session, text: str) -> Said:
    no_more(text, "places")
    return Said(show=lambda after: "\n".join(told for told, _ in places_of(after)) or "nothing is recorded")


def _moved(session: Session, text: str) -> Said:
    """Back to the step that last moved an expression by more than so much."""
    usage = "moved c[3] 0.1"
    expression, _, by = text.rpartition(" ")
    try:
        amount = abs(float(by))
    except ValueError:
        raise CommandLineError("no amount is given", expected=usage) from None
    if not expression.strip():
        raise CommandLineError("no expression is given", expected=usage)
    checked(session, expression, condition=False)  # a mistake is pointed at in what was typed
    found = _all(session, f"abs(delta({expression})) > {amount!r}", usage)
    at = found.before(session.cursor.sample, session.cursor.step + 1)
    if at is None:
        return Said(show=lambda _after: f"no step up to {session.cursor.step} moved it by more than {by}")
    unit = f", unit {at.unit}" if at.unit is not None else ""
    return Said((c.GoToStep(at.step),), show=lambda after: f"step {at.step}{unit}\n{where(after)}")


def _why(session: Session, text: str) -> Said:
    name, _, unit = text.partition("[")
    question = output_question(session, name.strip(), _unit_of(unit) if unit else None)
    if isinstance(question, str):
        raise CommandLineError(question, expected="why, or why NAME[UNIT] of an output")
    return Said((AskWhy(question),), show=lambda after: "\n".join(why_lines(answer_here(after))))


def _unit_of(text: str) -> int:
    return whole(text.rstrip("] "), "a unit", "why head[0]")


def _follow(session: Session, text: str) -> Said:
    number = whole(text, "a cause's number", "cause 1")
    if session.cursor.asked is None:
        raise CommandLineError("nothing is asked that could be followed", todo="why")
    return Said((FollowShare(number),), show=lambda after: "\n".join(why_lines(answer_here(after))))


def _expressions(session: Session, typed: str) -> Iterable[str]:
    return completions(typed, asked_ground(session), session.cursor.layer)


WORDS = (
    Word("break", "break [CONDITION]", "Stop where this holds; else list where to stop", _break,
         typing=_expressions),
    Word("delete", "delete N", "Forget a breakpoint, by its number", _delete),
    Word("continue", "continue", "To the next hit of any breakpoint", lambda *said: _continue(1, *said)),
    Word("reverse", "reverse", "To the last hit before this step", lambda *said: _continue(-1, *said)),
    Word("hits", "hits CONDITION", "Where this holds, over all steps", _hits, typing=_expressions),
    Word("print", "print EXPRESSION", "What this is at the cursor", _print, typing=_expressions),
    Word("watch", "watch [EXPRESSION]", "Show this at every step; else list what is watched", _watch,
         typing=_expressions),
    Word("unwatch", "unwatch N", "Forget a watch, by its number", _unwatch),
    Word("why", "why [OUTPUT[UNIT]]", "Why the output here is what it is, largest causes first", _why),
    Word("cause", "cause N", "Ask the same of the N-th cause", _follow),
    Word("places", "places", "Where this unit and series peaks, saturates, dies, changes sign", _places),
    Word("moved", "moved EXPRESSION BY", "To the step that last moved this by more than so much", _moved,
         typing=_expressions),
    Word("assert", "assert CONDITION", "In a script: exit status 1 unless it holds here", _assert,
         typing=_expressions),
    Word("never", "never CONDITION", "In a script: exit status 1 if it holds anywhere", _never,
         typing=_expressions),
)  # fmt: skip
