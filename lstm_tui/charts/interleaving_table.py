"""Interleavings of sessions: what keeps them apart, what helps, and the shortest one, step by step.

The words are those of `lstm-tui interleave`. Below the table the steps of an interleaving are listed; of the
chosen one stands what it reads, whose that is, and whose states each layer has before and after it. In a low
window the steps come first, then the table, then what helps.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace

from rich.style import Style

from lstm_tui.charts.lines import Line, fitted, styled
from lstm_tui.charts.palette import Palette
from lstm_tui.plain_text import in_ascii, one_line
from lstm_tui.recurrent.interleaving_words import (
    COLUMNS,
    ROW,
    SHORTEST,
    TORN,
    about_words,
    guard_words,
    session_name,
    step_words,
    verdict_words,
    whose_words,
    writer_words,
    written_by,
)
from lstm_tui.recurrent.interleavings import Interleaved, Ledger, LedgerLine

#: Longer lines are hard to read.
_WIDEST = 116
#: Layers whose states are told one by one.
_LAYERS = 8


def interleaving_table(
    answer: Interleaved, ledger: Ledger, step: int, *, width: int, height: int, palette: Palette
) -> list[Line]:
    """At most `height` lines; `step` is the chosen one of the `ledger`, which may be empty."""
    view = _View(answer, width, palette)
    top = view.top(max(height - view.most_lines(ledger), height // 3))
    walk = view.walk(ledger, step, max(height - len(top), 0)) if ledger else []
    return [*top, *walk][:height]


class _View:
    """One drawing."""

    def __init__(self, answer: Interleaved, width: int, palette: Palette) -> None:
        self._answer, self._palette = answer, palette
        self._width, self._text_width = width, max(min(width, _WIDEST), 8)

    def top(self, room: int) -> list[Line]:
        """The table and what is said of it, without what there is no room for."""
        answer, palette = self._answer, self._palette
        about = self._told(["; ".join(about_words(answer))], palette.faint)
        verdict = self._told(verdict_words(answer), palette.strong)
        whose = self._told([whose_words(answer)] if answer.changes else [], palette.faint)
        notes = [f"note: {one_line(note)}" for note in answer.notes]
        notes.append(f"{answer.runs:,} calls of the model were made")
        parts = [about, self._table(), verdict, whose, self._told(notes, palette.faint)]
        for least in (4, 3, 0, 2):
            if sum(map(len, parts)) > room:
                parts[least] = []
        parts = [part for part in parts if part]
        airy = sum(map(len, parts)) + len(parts) <= room
        gap = [self._line("", palette.text)] if airy else []
        return [line for part in parts for line in (*part, *gap)][:room]

    def _table(self) -> list[Line]:
        palette = self._palette
        lines = [self._line(ROW.format(*COLUMNS), palette.faint)]
        for each in self._answer.guards:
            words = guard_words(each)
            row = ROW.format(words.name, words.orders, words.changed, words.largest)
            lines.append(self._line(row, palette.cursor if each.changed else palette.text))
            lines += self._told([words.note] if words.note else [], palette.faint, "    ")
        return lines

    def most_lines(self, ledger: Ledger) -> int:
        """Of the walk at its longest step: what stands above it stays where it is."""
        spelled = [len(self._spelled(ledger, step)) for step in range(len(ledger))]
        return 1 + len(ledger) + max(spelled) if spelled else 0

    def walk(self, ledger: Ledger, step: int, room: int) -> list[Line]:
        """The steps, and what the chosen one does; of more steps than there is room for those around it."""
        palette = self._palette
        name = TORN if ledger is self._answer.torn else SHORTEST
        head = self._line(f"{name}:", palette.strong)
        spelled = self._spelled(ledger, step)
        steps = [self._step(number, each, chosen=number == step) for number, each in enumerate(ledger)]
        listed = max(room - 1 - len(spelled), 1)
        first = step // listed * listed
        steps = steps[first : first + listed]
        return [head, *steps, *spelled][:room]

    def _step(self, number: int, step: LedgerLine, *, chosen: bool) -> Line:
        palette = self._palette
        mark = palette.glyphs.selected if chosen else " "
        torn = f" {step.part + 1}/{step.parts}" if step.parts > 1 else ""
        who = f"{mark}{number + 1:>3}  {session_name(step.session):<3}{step.name + torn:<12}"
        told = "; ".join(step_words(self._answer, replace(step, change=0.0)))
        off = f"; {step.change:.4g} off" if step.change else ""
        room = self._width - len(who) - len(off)
        cut = told if len(told) <= room else told[: max(room - 1, 0)] + palette.glyphs.ellipsis
        mine = palette.cursor if chosen else palette.text
        return self._pieces((who, mine), (cut, palette.text), (off, palette.warning))

    def _spelled(self, ledger: Ledger, step: int) -> list[Line]:
        """The chosen step in full, then layer by layer whose states there are before it and after it."""
        here, palette = ledger[step], self._palette
        told = f"{session_name(here.session)} {here.name}: {'; '.join(step_words(self._answer, here))}"
        lines = self._told([told], palette.warning if here.change else palette.text)
        layers = self._answer.layers
        if not layers:
            return lines
        before, after = (written_by(self._answer, ledger, steps) for steps in (step, step + 1))
        column = min(max(*map(len, layers), 12), 30) + 2
        row = "{:<" + str(column) + "}{:<24}{}"
        lines.append(self._line(row.format("whose states", "before this step", "after it"), palette.faint))
        for layer in layers[:_LAYERS]:
            words = [writer_words(self._answer, writers[layer]) for writers in (before, after)]
            style = palette.text if layer in here.written or layer in here.read else palette.faint
            lines.append(self._line(row.format(one_line(layer, column - 2), *words), style))
        if len(layers) > _LAYERS:
            lines.append(self._line(f"and {len(layers) - _LAYERS} more layers", palette.faint))
        return lines

    def _told(self, texts: Iterable[str], style: Style, indent: str = "") -> list[Line]:
        return [
            self._line(part, style)
            for text in texts
            for part in textwrap.wrap(
                text, self._text_width, initial_indent=indent, subsequent_indent=indent or "  "
            )
        ]

    def _line(self, text: str, style: Style) -> Line:
        return self._pieces((text, style))

    def _pieces(self, *pieces: tuple[str, Style]) -> Line:
        unicode = self._palette.capabilities.unicode
        segments = [styled(text if unicode else in_ascii(text), style) for text, style in pieces]
        return fitted(segments, self._width, self._palette.text)
