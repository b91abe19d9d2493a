"""A text read as a question: Python's own grammar, of which a short list of forms is allowed. Nothing is run.

Two forms are not Python's: `in LAYER`, which binds the series before it, and `x changed sign`. Both are taken
out of the text, in place, before Python's parser sees it, so that every position stays that of the text.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

from lstm_tui.asking.tree import Node, Question, Span, Units
from lstm_tui.asking.words import CHANNELS, FUNCTIONS, NAMES, STEP, WORDS, is_series
from lstm_tui.errors import QuestionError

#: Bounds of what is read: a question is one line.
LONGEST_TEXT, DEEPEST, MOST_NODES, LARGEST_POWER = 400, 30, 150, 16
#: Steps that `prev` and its like may look back together.
FURTHEST_BACK = 8

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_IN = re.compile(r"\bin\b[ ]*(\"[^\"]+\"|'[^']+'|[^\s()\[\],<>=!\"']+)?")
_CHANGED_SIGN = re.compile(r"[ ]changed +sign\b")
#: What people write who come from other languages, and how it is written here.
_SLIPS = {
    r"&&?": "`and`", r"\|\|?": "`or`", r"(?<![<>=!])=(?!=)": "`==` compares", r"!(?!=)": "`not`",
    r"\^": "`**`", r"[;\\{}$?`@#]": "names, numbers, comparisons, `and`, `or`, `not`",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


@dataclass(frozen=True)
class _Bound:
    """`in LAYER`: the layer as it was typed, and the part of the text whose series it binds."""

    layer: str
    at: Span
    reach: Span


@lru_cache(maxsize=256)
def read(text: str) -> Question:
    """`text` as a question, whatever it will be asked of. Raises: QuestionError."""
    text = text.strip()
    _check_characters(text)
    plain, bound = _without_layers(text)
    return _Reader(text, plain, bound).question()


def _check_characters(text: str) -> None:
    def wrong(happened: str, expected: str, at: Span) -> QuestionError:
        return QuestionError(happened, expected=expected, text=text[:LONGEST_TEXT], at=at)

    if not text:
        raise wrong("nothing is asked", "a condition such as abs(c) > 5", (0, 0))
    if len(text) > LONGEST_TEXT:
        raise wrong(
            "the text is too long", f"at most {LONGEST_TEXT} characters", (LONGEST_TEXT, LONGEST_TEXT)
        )
    for place, character in enumerate(text):
        if not character.isprintable():
            raise wrong("a character that cannot be printed", "one line of text", (place, place + 1))
    bare = _IN.sub(_blank, _QUOTED.sub(_blank, text))
    for slip, meant in _SLIPS.items():
        found = re.search(slip, bare)
        if found:
            raise wrong(f"{found.group()} means nothing here", meant, found.span())


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _without_layers(text: str) -> tuple[str, tuple[_Bound, ...]]:
    """The text with every `in LAYER` blanked and `changed sign` made an attribute, and what was taken out."""
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    layers = [found for found in _IN.finditer(text) if not any(a < found.start() < b for a, b in quoted)]
    plain, bound = text, []
    for found in layers:
        if found.group(1) is None:
            raise QuestionError(
                "the name of a layer is missing",
                expected="a layer behind it, as in abs(c) > 5 in LAYER",
                text=text,
                at=found.span(),
            )
        plain = plain[: found.start()] + _blank(found) + plain[found.end() :]
    hidden = _QUOTED.sub(_blank, plain)
    for found in layers:
        reach = (_opening(hidden, found.start()), found.start())
        bound.append(_Bound(found.group(1).strip("\"'"), found.span(1), reach))
    for sign in reversed(list(_CHANGED_SIGN.finditer(hidden))):
        words = ".changed_sign".ljust(sign.end() - sign.start())
        plain = plain[: sign.start()] + words + plain[sign.end() :]
    return plain, tuple(bound)


def _opening(text: str, place: int) -> int:
    """Where the bracket opens that `place` is in, or the start."""
    depth = 0
    for index in range(place - 1, -1, -1):
        if text[index] in ")]":
            depth += 1
        elif text[index] in "([":
            if not depth:
                return index
            depth -= 1
    return 0


class _Reader:
    """One reading of one text: from Python's tree to ours."""

    def __init__(self, text: str, plain: str, bound: tuple[_Bound, ...]) -> None:
        self._text, self._plain, self._bound = text, plain, bound
        self._nodes = 0

    def question(self) -> Question:
        """The whole text."""
        tree = self._node(self._parsed(), 0)
        if _back(tree) > FURTHEST_BACK:
            raise self._wrong(
                "it looks too far back", tree.at, f"at most {FURTHEST_BACK} prev in one another"
            )
        return Question(self._text, tree)

    def _parsed(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self._plain, mode="eval").body
        except SyntaxError as error:
            place = (error.offset or 0) - 1  # 0 is what Python says of the end
            raise self._unreadable(place if 0 <= place < len(self._plain) else len(self._plain)) from None
        except (ValueError, MemoryError, RecursionError):
            raise self._wrong("this cannot be read", (0, 1), "a shorter, simpler text") from None

    def _unreadable(self, place: int) -> QuestionError:
        """Python points at the token that it could not take; at an open bracket where one is not closed."""
        open_brackets = _never_closed(self._plain)
        if open_brackets:
            return self._wrong("this bracket is never closed", (open_brackets[0], open_brackets[0] + 1), "")
        if not self._plain[place:].strip():
            return self._wrong("the text ends too early", (len(self._text),) * 2, "a value")
        found = re.match(r"\w+", self._plain[place:])
        expected = "changed sign" if found and found.group() == "changed" else "an operator, or the end"
        return self._wrong(
            "this is not expected here", (place, place + len(found.group() if found else " ")), expected
        )

    def _node(self, node: ast.expr, depth: int) -> Node:
        self._nodes += 1
        if depth > DEEPEST or self._nodes > MOST_NODES:
            raise self._wrong("this says too much at once", self._at(node), "fewer brackets and operators")
        for kind, build in self._forms():
            if isinstance(node, kind):
                return build(node, depth + 1)
        raise self._wrong("this form is not known", self._at(node), "names, numbers, functions, comparisons")

    def _forms(self) -> tuple[tuple[type[ast.expr], Callable[..., Node]], ...]:
        """The allow-list."""
        return (
            (ast.Constant, self._constant), (ast.Name, self._name), (ast.Attribute, self._attribute),
            (ast.Call, self._call), (ast.Subscript, self._subscript), (ast.UnaryOp, self._unary),
            (ast.BinOp, self._arithmetic), (ast.Compare, self._comparison), (ast.BoolOp, self._logic),
        )  # fmt: skip

    def _constant(self, node: ast.Constant, depth: int) -> Node:
        at = self._at(node)
        if isinstance(node.value, str):
            raise self._wrong("a text cannot be compared or counted", at, "a number")
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._wrong(f"{self._text[slice(*at)]} is not a number", at, "a number")
        try:
            number = float(node.value)
        except OverflowError:
            number = math.inf
        if math.isinf(number):
            raise self._wrong("this number is too large", at, "isinf(x) asks for infinity")
        return Node("number", at, number=number)

    def _name(self, node: ast.Name, depth: int) -> Node:
        at, name = self._at(node), node.id
        if name == STEP:
            return Node(STEP, at)
        if name in CHANNELS:
            return Node("channel", at, name=name)
        if is_series(name):
            return self._with_layer(Node("series", at, name=name))
        if name in FUNCTIONS:
            raise self._wrong(f"{name} is a function", at, f"{name}({', '.join(FUNCTIONS[name].arguments)})")
        raise self._unknown(name, at, WORDS, f"one of {', '.join(NAMES)}")

    def _attribute(self, node: ast.Attribute, depth: int) -> Node:
        if node.attr == "changed_sign":
            return self._applied("changed_sign", (node.value,), node, depth)
        if isinstance(node.value, ast.Name) and node.value.id in CHANNELS:
            return Node("channel", self._at(node), name=node.value.id, one=node.attr)
        at = self._name_after_dot(node)
        if node.attr in FUNCTIONS:
            raise self._wrong(f"{node.attr} is a function", at, f".{node.attr}()")
        raise self._unknown(node.attr, at, FUNCTIONS, f".mean() or another of {', '.join(FUNCTIONS)}")

    def _call(self, node: ast.Call, depth: int) -> Node:
        if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
            raise self._wrong("a function takes values alone", self._at(node), "mean(h)")
        match node.func:
            case ast.Name(id=name):
                known, arguments, at = name in FUNCTIONS, tuple(node.args), self._at(node.func)
            case ast.Attribute(attr=name, value=value):
                known, arguments = name in FUNCTIONS, (value, *node.args)
                at = self._name_after_dot(node.func)
            case _:
                raise self._wrong("this is not a function", self._at(node.func), "mean(h)")
        if not known:
            raise self._unknown(name, at, FUNCTIONS, f"one of {', '.join(FUNCTIONS)}")
        return self._applied(name, arguments, node, depth)

    def _applied(self, name: str, arguments: tuple[ast.expr, ...], node: ast.expr, depth: int) -> Node:
        wanted = FUNCTIONS[name].arguments
        if len(arguments) != len(wanted):
            form = f"{name}({', '.join(wanted)})"
            raise self._wrong(f"{name} takes {len(wanted)}, not {len(arguments)}", self._at(node), form)
        return Node(name, self._at(node), tuple(self._node(each, depth) for each in arguments))

    def _subscript(self, node: ast.Subscript, depth: int) -> Node:
        key = node.slice
        if isinstance(node.value, ast.Name) and isinstance(key, ast.Constant) and isinstance(key.value, str):
            of = self._node(node.value, depth)
            if of.word == "channel":
                return replace(of, at=self._at(node), one=key.value)
        units: Units
        if isinstance(key, ast.Slice):
            units = tuple(self._whole(each) for each in (key.lower, key.upper, key.step))  # type: ignore[assignment]
            if isinstance(units, tuple) and units[2] is not None and units[2] < 1:
                raise self._wrong("units are counted upwards", self._at(key), "h[3:8] or h[::2]")
        else:
            whole = self._whole(key)
            assert whole is not None
            units = whole
        return Node("units", self._at(node), (self._node(node.value, depth),), units=units)

    def _whole(self, node: ast.expr | None) -> int | None:
        """A whole number as it is written, None where it is left out."""
        match node:
            case None:
                return None
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return -value
        raise self._wrong("a unit is a whole number", self._at(node), "h[17] or h[3:8]")

    def _unary(self, node: ast.UnaryOp, depth: int) -> Node:
        if isinstance(node.op, ast.Invert):
            raise self._wrong("~ means nothing here", self._at(node), "`not`")
        of = self._node(node.operand, depth)
        if isinstance(node.op, ast.UAdd):
            return of
        if isinstance(node.op, ast.USub) and of.word == "number":
            return replace(of, at=self._at(node), number=-of.number)
        return Node("not" if isinstance(node.op, ast.Not) else "neg", self._at(node), (of,))

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Node:
        word = _ARITHMETIC.get(type(node.op))
        if word is None:
            raise self._wrong("this operator is not known", self._at(node), "one of + - * / // % **")
        parts = (self._node(node.left, depth), self._node(node.right, depth))
        power = parts[1]
        if word == "**" and (power.word != "number" or abs(power.number) > LARGEST_POWER):
            raise self._wrong("this power is not allowed", power.at, f"a number up to {LARGEST_POWER}")
        return Node(word, self._at(node), parts)

    def _comparison(self, node: ast.Compare, depth: int) -> Node:
        values = [self._node(each, depth) for each in (node.left, *node.comparators)]
        pairs = []
        for operator, one, other in zip(node.ops, values, values[1:], strict=False):
            word = _COMPARISONS.get(type(operator))
            if word is None:
                raise self._wrong("this is not a comparison", (one.at[1], other.at[0]), "< <= > >= == !=")
            pairs.append(Node(word, (one.at[0], other.at[1]), (one, other)))
        return pairs[0] if len(pairs) == 1 else Node("and", self._at(node), tuple(pairs))

    def _logic(self, node: ast.BoolOp, depth: int) -> Node:
        word = "and" if isinstance(node.op, ast.And) else "or"
        return Node(word, self._at(node), tuple(self._node(each, depth) for each in node.values))

    # --- places -----------------------------------------------------------------------------------

    def _with_layer(self, node: Node) -> Node:
        """With the layer of the first `in` behind it that reaches so far back."""
        for each in self._bound:
            if each.reach[0] <= node.at[0] < each.reach[1]:
                return replace(node, layer=each.layer, layer_at=each.at)
        return node

    def _at(self, node: ast.expr | None) -> Span:
        if node is None:
            return (0, len(self._text))
        return self._place(node.col_offset), self._place(node.end_col_offset or node.col_offset + 1)

    def _place(self, offset: int) -> int:
        """Python counts bytes, people characters."""
        return len(self._plain.encode()[:offset].decode(errors="ignore"))

    def _name_after_dot(self, node: ast.Attribute) -> Span:
        stop = self._at(node)[1]
        return stop - len(node.attr), stop

    def _unknown(self, name: str, at: Span, words: object, expected: str) -> QuestionError:
        assert isinstance(words, tuple | dict)
        near = get_close_matches(name, list(words), 1, 0.5)
        said = f"{name} is not known" + (f"; did you mean {near[0]}?" if near else "")
        return self._wrong(said, at, expected)

    def _wrong(self, happened: str, at: Span, expected: str) -> QuestionError:
        return QuestionError(happened, expected=expected, text=self._text, at=at)


def _never_closed(text: str) -> list[int]:
    """Where brackets open that nothing closes."""
    opened: list[int] = []
    for place, character in enumerate(_QUOTED.sub(_blank, text)):
        if character in "([":
            opened.append(place)
        elif character in ")]" and opened:
            opened.pop()
    return opened


def _back(node: Node) -> int:
    """Steps before the present one that the node looks at."""
    own = FUNCTIONS[node.word].back if node.word in FUNCTIONS else 0
    return own + max((_back(part) for part in node.parts), default=0)
