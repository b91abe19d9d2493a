"""A scenario's text made to say something else: what did not change stays as it was written, comments too.

Line by line, by the places that the reader notes: a key whose value is the same keeps its lines, and so does
an entry of a list; comments between keys stay where they are. Nothing here decides whether the new text says
what it should: the writer reads it back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_tui.scenario.yaml_text import Node, compose
from lstm_tui.scenario.yaml_writing import yaml_text

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


@dataclass
class _Part:
    """The lines of a key or an entry; `after` are the blank lines and comments that follow it."""

    name: str
    body: list[str]
    after: list[str]


def rewritten(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """`text`, which says `old`, changed so as to say `new`, both under the keys of the file.

    Raises: ValueError where its keys do not begin lines of their own.
    """
    root = compose(text).root
    lines = text.splitlines()
    if root.place.column != 1:
        raise ValueError("all of it is indented")
    starts = _starts(list(root.keys.values()), lines)
    parts = [_Part("", lines[: starts[0]], [])]
    for start, (name, node), part in zip(starts, root.value.items(), _split(lines, starts), strict=True):
        if name not in new:
            parts[-1].after += part.after
            continue
        if not same(old.get(name), new[name]):
            part.body = _changed(part.body, start, name, node, old.get(name), new[name])
        parts.append(_Part(name, part.body, part.after))
    _add_missing(parts, new)
    return "\n".join(_lines(parts)) + "\n"


def lost_comments(text: str, later: str) -> tuple[str, ...]:
    """Comments of `text` that are not in `later`."""
    return tuple((Counter(_comments(text)) - Counter(_comments(later))).elements())


def _comments(text: str) -> list[str]:
    return [found[0] for found in map(_COMMENT.search, text.splitlines()) if found]


def same(one: Any, other: Any) -> bool:
    """Whether both say the same; a file's name alone says what `{file: name}` says."""
    return bool(_plainest(one) == _plainest(other))


def _plainest(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        if list(value) == ["file"] and key != "to":  # a reset goes `to: zeros`, and to the states in a file
            return value["file"]
        return {name: _plainest(each, name) for name, each in value.items()}
    return [_plainest(each) for each in value] if isinstance(value, list | tuple) else value


def _starts(places: Sequence[Any], lines: Sequence[str]) -> list[int]:
    """The line of each place, from 0. Raises: ValueError where they do not begin lines of their own."""
    starts = [place.line - 1 for place in places]
    if not starts or len(set(starts)) < len(starts):
        raise ValueError("several in one line")
    for start, place in zip(starts, places, strict=True):
        if lines[start][: place.column - 1].strip() not in ("", "-"):
            raise ValueError("something stands before it")
    return starts


def _split(lines: Sequence[str], starts: Sequence[int]) -> list[_Part]:
    """From each start to the next: what says something, and the blank lines and comments after it."""
    parts = []
    for start, end in zip(starts, (*starts[1:], len(lines)), strict=True):
        last = end
        while last > start + 1 and lines[last - 1].strip()[:1] in ("", "#"):
            last -= 1
        parts.append(_Part("", list(lines[start:last]), list(lines[last:end])))
    return parts


def _changed(body: list[str], offset: int, name: str, node: Node, old: Any, new: Any) -> list[str]:
    """The lines of a key with another value; entries of a list that are the same at both ends keep theirs."""
    starts = _entries(body, offset, node) if isinstance(old, list | tuple) and _are_mappings(new) else []
    if not starts:
        return _said(name, new)
    front = _same_at_the_start(old, new)
    back = _same_at_the_start(old[front:][::-1], new[front:][::-1])
    parts = _split(body, starts)
    kept = [_Part("", body[: starts[0]], []), *parts[:front]]
    indent = body[starts[0]][: -len(body[starts[0]].lstrip())]
    said = _said(name, new[front : len(new) - back])[1:] if front + back < len(new) else []
    kept[-1].body += [indent + line[2:] for line in said]
    kept[-1].after += [line for gone in parts[front : len(parts) - back] for line in gone.after]
    return _lines([*kept, *parts[len(parts) - back :]])


def _entries(body: list[str], offset: int, node: Node) -> list[int]:
    """Where in `body` the entries of a list begin, if each begins a line below the key."""
    if not node.value:
        return []
    try:
        starts = _starts([each.place for each in node.value], [""] * offset + body)
    except ValueError:
        return []
    return [start - offset for start in starts] if starts[0] > offset else []


def _are_mappings(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)
    )


def _lines(parts: Sequence[_Part]) -> list[str]:
    return [line for part in parts for line in (*part.body, *part.after)]


def _same_at_the_start(old: Sequence[Any], new: Sequence[Any]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, pair in pairs if not same(*pair)), min(len(old), len(new)))


def _said(name: str, value: Any) -> list[str]:
    return yaml_text({name: value}).splitlines()


def _add_missing(parts: list[_Part], new: Mapping[str, Any]) -> None:
    """Keys that were not there, each behind the one that comes before it in the format."""
    names = list(new)
    for index, name in enumerate(names):
        if any(part.name == name for part in parts):
            continue
        place = max((i for i, part in enumerate(parts) if part.name in names[:index]), default=0)
        parts.insert(place + 1, _Part(name, _said(name, new[name]), parts[place].after))
        parts[place].after = []
