"""What stands on the terminal, cell by cell, so that of a frame only the cells that changed are sent.

Bytes are lag over SSH. Textual sends every region that may have changed, whole, and each piece of text with
its whole style. Here a frame is laid on what is known to be there; what is the same is left out, and a style
is sent as its difference from the one before. What it refuses: to guess. A sequence that it does not know is
passed on, and from then on nothing is known until it is drawn anew.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<style>[0-9;]*)m"
    r"|\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|(?P<line>\n)"
    r"|(?P<harmless>\x1b\[\?(?:2026|25)[hl])"  # brackets of a frame; the cursor, seen or not
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
#: A move to the right of so many bytes; fewer between two changes are sent once more.
_MOVE = 4
_NOTHING_KNOWN = "\x00"


class TerminalPicture:
    """The terminal as it is after all that was written; nothing is known at the beginning."""

    def __init__(self) -> None:
        self._characters: dict[int, list[str]] = {}
        self._styles: dict[int, list[str]] = {}

    def forget(self) -> None:
        """The terminal may show anything: its size has changed, or someone else has written to it."""
        self._characters.clear()
        self._styles.clear()

    def changes(self, data: str) -> str:
        """What has to be sent for the terminal to look as after `data`. It has no style before and after."""
        frame = _Frame(self)
        if frame.take(data):
            return frame.sent()
        self.forget()
        return data

    def lay(self, row: int, column: int, text: str, style: str) -> list[tuple[int, str]]:
        """Put `text`, one cell a character, there; the parts that differ, each with its column."""
        characters, styles = self._row(row, column + len(text))
        end = column + len(text)
        before, dressed = characters[column:end], styles[column:end]
        looks = [_behind(style) if each == " " else style for each in text]
        fresh = list(text)
        if before == fresh and dressed == looks:
            return []
        characters[column:end], styles[column:end] = fresh, looks
        changed = [
            at for at in range(len(fresh)) if before[at] != fresh[at] or dressed[at] != looks[at]
        ]  # fmt: skip
        return [(column + first, text[first:last]) for first, last in _pieces(changed, text)]

    def lose(self, row: int) -> None:
        """What stands in this row is not known."""
        self._characters.pop(row, None)
        self._styles.pop(row, None)

    def _row(self, row: int, width: int) -> tuple[list[str], list[str]]:
        characters = self._characters.setdefault(row, [])
        styles = self._styles.setdefault(row, [])
        if (short := width - len(characters)) > 0:
            characters.extend([_NOTHING_KNOWN] * short)
            styles.extend([""] * short)
        return characters, styles


class _Frame:
    """One text for the terminal on its way: where the cursor is meant to be, and where it is."""

    def __init__(self, picture: TerminalPicture) -> None:
        self._picture = picture
        self._written: list[str] = []
        self._meant: tuple[int, int] | None = None
        self._at: tuple[int, int] | None = None
        self._style = self._dressed = ""
        self._moved_last = False

    def take(self, data: str) -> bool:
        """Whether all of it was understood."""
        place = 0
        while place < len(data):
            token = _TOKEN.match(data, place)
            if token is None or not self._taken(token):
                return False
            place = token.end()
        return True

    def sent(self) -> str:
        """What is to be written for it: with the cursor where a last move put it, and no style."""
        if self._moved_last and self._meant is not None:
            self._move(self._meant)
        self._dress("")
        return "".join(self._written)

    def _taken(self, token: re.Match[str]) -> bool:
        kind, text = token.lastgroup, token.group()
        if kind == "text":
            self._moved_last = False
            return self._text(text)
        if kind == "style":
            part = token["style"]
            self._style = "" if part in {"", "0"} else f"{self._style};{part}" if self._style else part
        elif kind == "column":
            self._meant, self._moved_last = (int(token["row"]), int(token["column"])), True
        elif kind == "line":
            self._meant = None  # Textual says where it goes on
        else:
            self._written.append(text)
        return True

    def _text(self, text: str) -> bool:
        if self._meant is None:
            return False
        row, column = self._meant
        if text.isascii() or all(_is_one_cell(each) for each in text):
            for start, part in self._picture.lay(row, column, text, self._style):
                self._put((row, start), part)
                self._at = (row, start + len(part))
            self._meant = (row, column + len(text))
            return True
        self._picture.lose(row)
        self._put(self._meant, text)
        self._at = self._meant = (row, column + cell_len(text))
        return True

    def _put(self, place: tuple[int, int], text: str) -> None:
        self._move(place)
        self._dress(self._style)
        self._written.append(text)

    def _move(self, place: tuple[int, int]) -> None:
        """The short way where the cursor stands in the same row, to the left of where it is to be."""
        if self._at == place:
            return
        row, column = place
        if self._at is not None and self._at[0] == row and self._at[1] < column:
            steps = column - self._at[1]
            self._written.append(f"\x1b[{steps if steps > 1 else ''}C")
        else:
            self._written.append(f"\x1b[{row};{column}H")
        self._at = place

    def _dress(self, style: str) -> None:
        if style != self._dressed:
            self._written.append(_change(self._dressed, style))
            self._dressed = style


def _pieces(changed: list[int], text: str) -> list[tuple[int, int]]:
    """Changed places put together where what lies between them is shorter than a move."""
    pieces = [(changed[0], changed[0] + 1)]
    for at in changed[1:]:
        first, last = pieces[-1]
        if at - last <= _MOVE and len(text[last:at].encode()) <= _MOVE:
            pieces[-1] = (first, at + 1)
        else:
            pieces.append((at, at + 1))
    return pieces


@lru_cache(maxsize=4096)
def _is_one_cell(character: str) -> bool:
    return cell_len(character) == 1


@lru_cache(maxsize=1024)
def _looks(style: str) -> tuple[frozenset[str], str, str]:
    """Attributes, colour of the text, colour behind it; each as the terminal is told."""
    attributes: set[str] = set()
    text = behind = ""
    numbers = style.split(";") if style else []
    while numbers:
        number, *numbers = numbers
        if number in {"38", "48"}:
            many = 4 if numbers and numbers[0] == "2" else 2
            colour, numbers = ";".join([number, *numbers[:many]]), numbers[many:]
            text, behind = (colour, behind) if number == "38" else (text, colour)
        elif number in {"39", "49"}:
            text, behind = ("", behind) if number == "39" else (text, "")
        elif number.isdigit() and (30 <= int(number) < 38 or 90 <= int(number) < 98):
            text = number
        elif number.isdigit() and (40 <= int(number) < 48 or 100 <= int(number) < 108):
            behind = number
        else:
            attributes.add(number)
    return frozenset(attributes), text, behind


@lru_cache(maxsize=1024)
def _behind(style: str) -> str:
    """What of a style is seen where there is nothing but a space."""
    attributes, _, behind = _looks(style)
    return style if attributes - {"1", "2", "3"} else behind


@lru_cache(maxsize=4096)
def _change(there: str, wanted: str) -> str:
    """From one style to another in the fewest bytes; `0;` resets within the same sequence."""
    anew = f"\x1b[{wanted or 0}m" if not (there and wanted) else f"\x1b[0;{wanted}m"
    attributes, text, behind = _looks(wanted)
    attributes_there, text_there, behind_there = _looks(there)
    if not attributes >= attributes_there:
        return anew
    parts = sorted(attributes - attributes_there)
    parts += [text or "39"] if text != text_there else []
    parts += [behind or "49"] if behind != behind_there else []
    return min(f"\x1b[{';'.join(parts)}m", anew, key=len) if parts else ""
