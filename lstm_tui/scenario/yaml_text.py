"""YAML from strangers as plain values, each with its line and column.

YAML 1.2: `1e-6` is a number, `on` and `yes` are words, a key given twice is a mistake. The text is composed
once, from the parser's events, and counted while it grows, so a file that unfolds to billions of values by
aliases, or is nested a thousand deep, is refused as soon as it passes a bound. Refused altogether: tags,
directives, keys that are not text, values left empty, control characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 1 << 20
MAX_NODES = 20_000  # about two seconds of ruamel.yaml; more numbers than that belong in a .npy file
MAX_DEPTH = 24

#: Keys and indices from the root to a value: `("actions", 0, "reshape")`.
YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Place:
    """Line and column, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing wrong in the text, where it stands and at which path."""

    place: Place
    path: YamlPath
    what: str


@dataclass(slots=True)
class Node:
    """A value as written: a scalar, a list of nodes, or nodes by key. `keys` says where each key stands."""

    place: Place
    value: Any
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True)
class Document:
    """A composed text: its root, and the mistakes that did not keep it from being composed."""

    root: Node
    mistakes: tuple[Mistake, ...]

    def plain(self) -> Any:
        """The text as dict, list, str, int, float and bool."""
        return _plain(self.root)

    def place(self, path: Sequence[str | int], *, of_key: bool = False) -> Place:
        """Where the value at `path` stands (or its key), or the nearest thing around it that is there."""
        node, place = self.root, self.root.place
        for part in path:
            if isinstance(node.value, dict) and part in node.value:
                place, node = node.keys[str(part)], node.value[part]
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                place = node.place
            else:
                return place
        return place if of_key else node.place


class YamlRefused(Exception):  # noqa: N818 - it is a refusal, not a bug
    """The text is no YAML, or more than this reader takes; the one mistake says where and why."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.mistake = Mistake(place, (), what)


def compose(text: str) -> Document:
    """The nodes of a YAML text with one document. An empty text is an empty mapping.

    Raises: YamlRefused.
    """
    composer = _Composer(_events(text))
    root = composer.document()
    return Document(root, tuple(sorted(composer.mistakes)))


def _events(text: str) -> Iterator[Any]:
    """The parser's events, with everything that it can raise turned into YamlRefused."""
    last = Place()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = _place(event)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else last
        raise YamlRefused(place, f"not YAML: {_words(error)}") from None
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise YamlRefused(place, f"character U+{ord(text[error.position]):04X} is not allowed") from None
    except YAMLError as error:
        raise YamlRefused(last, f"not YAML: {' '.join(str(error).split())}") from None
    except (ValueError, OverflowError):
        # "\\UFFFFFFFF" and its like: ruamel.yaml hands any number to chr() and int().
        raise YamlRefused(
            last, "not YAML: an escape or a version with an impossible number after this"
        ) from None


def _words(error: MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return ", ".join(" ".join(str(part).split()) for part in parts)


class _Composer:
    """One pass over the events; counts what it builds."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._open_anchors: set[str] = set()
        self.mistakes: list[Mistake] = []

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._check_start(event, first=root is None)
            elif isinstance(event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent):
                root = self._node(event, ())
            elif isinstance(event, StreamEndEvent):
                break
        if root is None or root.value is None:
            return Node(Place(), {})
        return root

    def _check_start(self, event: DocumentStartEvent, *, first: bool) -> None:
        if not first:
            raise YamlRefused(_place(event), "a second document begins; a scenario is one document")
        if event.version not in {None, (1, 2)} or event.tags:
            raise YamlRefused(_place(event), "%-directives are not allowed")

    def _node(self, event: Any, path: YamlPath, near: Place | None = None) -> Node:
        """The node that `event` begins. `near` is where to point at if nothing was written there."""
        place = _place(event)
        if near is not None and isinstance(event, ScalarEvent) and not event.value:
            place = near
        if isinstance(event, AliasEvent):
            return self._alias(event, place)
        if event.ctag is not None:
            raise YamlRefused(place, f"tags are not allowed: {event.ctag}")
        if len(path) >= MAX_DEPTH:
            raise YamlRefused(place, f"nested deeper than {MAX_DEPTH} levels")
        anchor = str(event.anchor or "")
        self._open_anchors.add(anchor)
        node = self._collection(event, place, path)
        self._open_anchors.discard(anchor)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _collection(self, event: Any, place: Place, path: YamlPath) -> Node:
        if isinstance(event, MappingStartEvent):
            return self._mapping(place, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(place, path)
        return Node(place, self._scalar(event, place, path))

    def _alias(self, event: AliasEvent, place: Place) -> Node:
        name = str(event.anchor)
        if name in self._open_anchors:
            raise YamlRefused(place, f"*{name} stands inside &{name} itself")
        if name not in self._anchors:
            raise YamlRefused(place, f"*{name} has no &{name} before it")
        return self._anchors[name]

    def _sequence(self, place: Place, path: YamlPath) -> Node:
        node = Node(place, [])
        while not isinstance(event := next(self._events), SequenceEndEvent):
            item = self._node(event, (*path, len(node.value)))
            node.value.append(item)
            _grow(node, item.size)
        return node

    def _mapping(self, place: Place, path: YamlPath) -> Node:
        node = Node(place, {})
        while not isinstance(key_event := next(self._events), MappingEndEvent):
            key_place = _place(key_event)
            key = self._key(key_event, key_place)
            value = self._node(next(self._events), (*path, key), key_place)
            _grow(node, value.size)
            if key in node.value:
                first = node.keys[key]
                self._note(key_place, (*path, key), f"key given twice; the first stands in line {first.line}")
            else:
                node.value[key] = value
                node.keys[key] = key_place
        return node

    def _key(self, event: Any, place: Place) -> str:
        if not isinstance(event, ScalarEvent) or event.ctag is not None or not event.value:
            raise YamlRefused(place, "a key must be plain text")
        if _has_control(event.value):
            raise YamlRefused(place, "a key with control characters")
        return str(event.value)

    def _scalar(self, event: ScalarEvent, place: Place, path: YamlPath) -> Any:
        if event.style is not None or not event.implicit[0]:
            value: Any = str(event.value)
        else:
            value = plain_scalar(event.value)
        if value is None and path:
            self._note(place, path, "has no value; leave the key out, or write {} for an empty mapping")
        if isinstance(value, str) and _has_control(value):
            self._note(place, path, "control characters are not allowed in text")
        return value

    def _note(self, place: Place, path: YamlPath, what: str) -> None:
        self.mistakes.append(Mistake(place, path, what))


def _grow(node: Node, by: int) -> None:
    node.size += by
    if node.size > MAX_NODES:
        what = (
            f"more than {MAX_NODES:,} values, aliases unfolded; keep numbers in a .npy file beside this one"
        )
        raise YamlRefused(node.place, what)


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _has_control(text: str) -> bool:
    return any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t" for character in text
    )


# --- YAML 1.2.2, section 10.3: the core schema -----------------------------------------------------

_CORE: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"(?:~|null|Null|NULL|)\Z"), lambda _text: None),
    (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}\Z"), int),
    (re.compile(r"0o[0-7]{1,20}\Z"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,15}\Z"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(?:nan|NaN|NAN)\Z"), lambda _text: float("nan")),
)


def plain_scalar(text: str) -> Any:
    """What an unquoted scalar means: None, bool, int, float or text. Integers past 18 digits are floats."""
    for pattern, convert in _CORE:
        if pattern.match(text):
            return convert(text)
    return text
