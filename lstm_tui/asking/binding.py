"""A question laid on a recording: every name found, every shape fitted, or the place that does not fit.

Numbers have as many units as their series; a single number fits any. What has units of different number does
not fit together. `and` and `or` join unit by unit within one layer; what has other units holds where any of
them does. `not` turns round what is said of all units: `not (c > 5)` holds where no unit is above 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import NoReturn

from lstm_tui.asking.ground import Ground, Key, Source, channel_key
from lstm_tui.asking.tree import COMPARISONS, Node, Question, Span
from lstm_tui.asking.words import FUNCTIONS, STATE, STEP
from lstm_tui.errors import QuestionError
from lstm_tui.plain_text import one_line


@dataclass(frozen=True)
class Part:
    """An operation of a question that fits.

    condition: whether it holds or not, rather than being a number. units: how those of its values are
    numbered. whose: the layer or channel that they are of; empty where a value is of all units. key: of a
    source. picked: which of its units are taken.
    """

    word: str
    condition: bool
    units: range
    whose: str = ""
    parts: tuple[Part, ...] = ()
    number: float = 0.0
    key: Key | None = None
    picked: range = range(0)

    def walk(self) -> Iterator[Part]:
        """This part and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Bound:
    """A question that can be answered by this kind of recording.

    timesteps: of the sequences that it is about. samples, first_sample: of those that are kept.
    back: how many steps before the present one it looks at.
    layer, series: of the first series that it names, where somebody who follows an answer would look.
    """

    question: Question
    root: Part
    timesteps: int
    samples: int
    first_sample: int
    back: int
    layer: str
    series: str

    @property
    def keys(self) -> tuple[Key, ...]:
        """The sources that it is about."""
        return tuple(dict.fromkeys(part.key for part in self.root.walk() if part.key is not None))


def bind(question: Question, ground: Ground, here: str = "") -> Bound:
    """`question` about what is in `ground`; `here` is the layer of series without one.

    Raises: QuestionError with the place of what is not there or does not fit.
    """
    return _Binding(question, ground, here).bound()


def bind_condition(question: Question, ground: Ground, here: str = "") -> Bound:
    """The same for something to break on. Raises: QuestionError, also where it is a number."""
    bound = bind(question, ground, here)
    if not bound.root.condition:
        raise QuestionError(
            "this is a number, not a condition",
            expected=f"a comparison, for instance {question.text} > 1",
            text=question.text,
            at=question.tree.at,
        )
    return bound


class _Binding:
    """One question, one ground."""

    def __init__(self, question: Question, ground: Ground, here: str) -> None:
        self._question, self._ground = question, ground
        self._here = here if here in ground.cells else next(iter(ground.cells), "")
        #: The first source with timesteps, and the first with several samples: what the others must fit.
        self._timed: tuple[str, Source] | None = None
        self._many: tuple[str, Source] | None = None
        self._first: Key | None = None

    def bound(self) -> Bound:
        """The whole question."""
        root = self._part(self._question.tree)
        layer, series = self._first or (self._here, "")
        timed, many = self._timed, self._many
        return Bound(
            self._question,
            root,
            (timed[1].timesteps if timed else None) or self._ground.timesteps,
            many[1].samples if many else 1,
            many[1].first_sample if many else 0,
            _back(root),
            layer,
            series,
        )

    def _part(self, node: Node) -> Part:
        match node.word:
            case "number":
                return Part("number", False, range(1), number=node.number)
            case "t":
                return Part(STEP, False, range(1))
            case "series":
                return self._series(node)
            case "channel":
                return self._channel(node)
            case "units":
                return self._picked(node)
            case "and" | "or" | "not":
                return self._logic(node)
            case word if word in FUNCTIONS:
                return self._function(node)
            case _:
                return self._elementwise(node)

    # --- names ------------------------------------------------------------------------------------

    def _series(self, node: Node) -> Part:
        path = self._layer(node)
        cell = self._ground.cells[path]
        name = cell.states[-1] if node.name == STATE else node.name
        key = (path, name)
        if key not in self._ground.sources:
            has = ", ".join(cell.series)
            self._wrong(f"{one_line(path)} has no {name}", node.at, f"one of {has}")
        self._first = self._first or key
        return self._source(key, one_line(path), node.at)

    def _layer(self, node: Node) -> str:
        """The path that was meant: written out, or its last name where only one layer has it."""
        if node.layer:
            return self._named_layer(node)
        if not self._here:
            self._wrong("no recurrent layer is recorded", node.at, "output, input, target or t")
        return self._here

    def _named_layer(self, node: Node) -> str:
        cells = self._ground.cells
        if node.layer in cells:
            return node.layer
        ends = [path for path in cells if path.endswith(f"/{node.layer}")]
        if len(ends) > 1:
            paths = ", ".join(map(one_line, ends))
            self._wrong(f"several layers are called {one_line(node.layer)}", node.layer_at, f"one of {paths}")
        if not ends:
            near = [
                f"; did you mean {one_line(path)}?" for path in get_close_matches(node.layer, cells, 1, 0.5)
            ]
            known = ", ".join(map(one_line, list(cells)[:8]))
            self._wrong(
                "".join([f"there is no layer {one_line(node.layer)}", *near]),
                node.layer_at,
                f"one of {known}",
            )
        return ends[0]

    def _channel(self, node: Node) -> Part:
        names = self._ground.names(node.name)
        if not names:
            why = self._ground.missing.get(node.name, f"there is no {node.name} here")
            self._wrong(why, node.at, "a series of a layer, or t")
        if not node.one and len(names) > 1:
            several = ", ".join(_written(node.name, one) for one in names)
            self._wrong(f"there are {len(names)} {node.name}s", node.at, f"one of {several}")
        one = node.one or names[0]
        if one not in names:
            near = get_close_matches(one, names, 1, 0.5)
            said = f"there is no {node.name} {one_line(one)}" + (f"; did you mean {near[0]}?" if near else "")
            self._wrong(said, node.at, f"one of {', '.join(_written(node.name, one) for one in names)}")
        return self._source(channel_key(node.name, one), f"{node.name} {one_line(one)}", node.at)

    def _source(self, key: Key, said: str, at: Span) -> Part:
        source = self._ground.sources[key]
        if source.timesteps is not None:
            if self._timed is None:
                self._timed = (said, source)
            elif self._timed[1].timesteps != source.timesteps:
                other, steps = self._timed[0], self._timed[1].timesteps
                self._wrong(
                    f"{said} has {source.timesteps} timesteps, {other} has {steps}",
                    at,
                    "one question for each",
                )
        if source.samples != 1 or self._many is None:
            if self._many is not None and self._many[1].samples not in (1, source.samples):
                other, samples = self._many[0], self._many[1].samples
                self._wrong(
                    f"{said} has {source.samples} samples, {other} has {samples}", at, "one question for each"
                )
            self._many = (said, source)
        whose = key[0] if source.layer else said
        return Part("source", False, range(source.width), whose, key=key)

    def _picked(self, node: Node) -> Part:
        of = self._part(node.parts[0])
        count = len(of.units)
        if not of.whose:
            self._wrong("this is one number a step, without units", node.at, "h[17] or abs(h)[17]")
        what = "units" if of.whose in self._ground.cells else "numbers"
        if isinstance(node.units, int):
            if not -count <= node.units < count:
                self._wrong(
                    f"{one_line(of.whose)} has {count} {what}, no {node.units}", node.at, f"0 to {count - 1}"
                )
            picked = range(node.units % count, node.units % count + 1)
        else:
            picked = range(count)[slice(*node.units)]
        if not picked:
            self._wrong(f"no {what} are left: there are {count}", node.at, f"a range within 0:{count}")
        units = of.units[picked.start : picked.stop : picked.step]
        return Part("units", of.condition, units, of.whose, (of,), picked=picked)

    # --- operations -------------------------------------------------------------------------------

    def _function(self, node: Node) -> Part:
        function = FUNCTIONS[node.word]
        parts = [self._part(each) for each in node.parts]
        of = parts[0]
        if function.takes == "condition" and not of.condition:
            self._wrong(f"{node.word} is of a condition", node.parts[0].at, f"{node.word}(h > 0)")
        if function.takes == "numbers":
            for part, written in zip(parts, node.parts, strict=True):
                self._must_be_number(part, written)
        if node.word == "saturated" and not self._is_gate(of):
            self._wrong("saturated is of a gate", node.parts[0].at, "i, f, o, z or r")
        if node.word == "crosses":
            difference = self._joined("-", node, parts[0], parts[1])
            return replace(difference, word="changed_sign", condition=True, parts=(difference,))
        gives = function.gives == "condition"
        if function.over_units:
            return Part(node.word, gives, range(1), parts=(of,))
        return Part(node.word, gives, of.units, of.whose, (of,))

    def _is_gate(self, part: Part) -> bool:
        if part.word in ("units", "prev"):
            return self._is_gate(part.parts[0])
        return part.key is not None and self._ground.sources[part.key].gate

    def _elementwise(self, node: Node) -> Part:
        parts = [self._part(each) for each in node.parts]
        for part, written in zip(parts, node.parts, strict=True):
            self._must_be_number(part, written)
        if len(parts) == 1:
            return Part(node.word, False, parts[0].units, parts[0].whose, tuple(parts))
        joined = self._joined(node.word, node, parts[0], parts[1])
        return replace(joined, condition=node.word in COMPARISONS)

    def _joined(self, word: str, node: Node, one: Part, other: Part) -> Part:
        """Unit by unit, a single number with each."""
        counts = len(one.units), len(other.units)
        if counts[0] != counts[1] and 1 not in counts:
            self._wrong(
                f"{counts[0]} units and {counts[1]} do not fit together",
                node.at,
                "the same number on both sides, or one: mean(h), h[17]",
            )
        like = one if counts[0] > 1 or (counts[1] == 1 and one.whose) else other
        return Part(word, False, like.units, like.whose, (one, other))

    def _logic(self, node: Node) -> Part:
        parts = [self._part(each) for each in node.parts]
        for part, written in zip(parts, node.parts, strict=True):
            if not part.condition:
                self._wrong("this is a number, not a condition", written.at, f"{self._text(written)} > 0")
        if node.word == "not":
            of = _any(parts[0])
            return Part("not", True, of.units, of.whose, (of,))
        if len({(part.whose, part.units) for part in parts if len(part.units) > 1}) > 1:
            parts = [_any(part) for part in parts]
        like = max(parts, key=lambda part: (len(part.units) > 1, bool(part.whose)))
        return Part(node.word, True, like.units, like.whose, tuple(parts))

    def _must_be_number(self, part: Part, node: Node) -> None:
        if part.condition:
            self._wrong(
                "this is a condition, not a number", node.at, "mean(…) is the share of units that fulfil it"
            )

    def _text(self, node: Node) -> str:
        return self._question.text[slice(*node.at)]

    def _wrong(self, happened: str, at: Span, expected: str) -> NoReturn:
        raise QuestionError(happened, expected=expected, text=self._question.text, at=at)


def _any(part: Part) -> Part:
    """Whether any unit fulfils it; of one unit, whether it does."""
    return part if len(part.units) == 1 else Part("any", True, range(1), parts=(part,))


def _back(part: Part) -> int:
    own = FUNCTIONS[part.word].back if part.word in FUNCTIONS else 0
    return own + max((_back(each) for each in part.parts), default=0)


def _written(kind: str, one: str) -> str:
    """How a channel is named in a text."""
    return f"{kind}.{one}" if one.isidentifier() else f'{kind}["{one_line(one)}"]'
