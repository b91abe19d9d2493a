"""Grounds and questions made at random, and a naive answer: one step, one unit, one number at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lstm_tui.asking.ground import Ground, Source, channel_key, ground_of
from lstm_tui.asking.tree import Node
from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording

UNITS, FEATURES = 3, 2
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, 0.0, 1.0, -1.0, 0.5], np.float32)


@st.composite
def recordings(draw: st.DrawFn, most_steps: int = 12, most_samples: int = 2) -> Ground:
    """An LSTM and a GRU of three units, an input of two features, an output of one number."""
    samples, steps = draw(st.integers(1, most_samples)), draw(st.integers(1, most_steps))
    # from a seed: values one by one would be most of what a test draws
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    special = draw(st.sampled_from([0.0, 0.0, 0.05, 0.5]))

    def series(width: int) -> Array:
        values = chance.uniform(-2, 2, (samples, steps, width)).astype(np.float32)
        return np.where(chance.random(values.shape) < special, chance.choice(SPECIAL, values.shape), values)

    def trace(path: str, cell: CellKind) -> LayerTrace:
        initial = {name: np.full((samples, UNITS), 0.5, np.float32) for name in cell.states}
        return LayerTrace(path, cell, {name: series(UNITS) for name in cell.series}, initial)

    recording = Recording(
        inputs={"x": series(FEATURES)}, outputs={}, layers=(trace("one", LSTM), trace("two", GRU))
    )
    known = np.arange(steps) >= draw(st.integers(0, 2))
    return ground_of(recording, outputs={"y": Source(series(1), steps, known=known)})


def source(ground: Ground, node: Node) -> Source:
    if node.word == "channel":
        return ground.sources[channel_key(node.name, ground.names(node.name)[0])]
    path = node.layer or "one"
    return ground.sources[path, {"state": "c" if path == "one" else "h"}.get(node.name, node.name)]


NUMBERS = st.sampled_from(["0", "1", "0.5", "-0.25", "2", "1e3", "t"])
VECTORS = st.sampled_from(["h", "c", "f", "o", "state", "(h in two)", "(r in two)"])
PAIRS = st.sampled_from(["input", "h[0:2]", "c[::2]"])
SINGLES = st.sampled_from(["output", "h[1]", "c[-1]", "input[0]"]) | NUMBERS
WIDTHS = {"vector": VECTORS, "pair": PAIRS, "single": SINGLES}


@st.composite
def numbers(draw: st.DrawFn, width: str = "vector", depth: int = 2) -> str:
    """A number a step, or several."""
    if not depth or draw(st.booleans()):
        return draw(WIDTHS[width])
    less = depth - 1
    inner = numbers(width, less)
    forms = [
        lambda: f"({draw(inner)} {draw(st.sampled_from(['+', '-', '*', '/', '//', '%']))} {draw(other)})",
        lambda: f"{draw(st.sampled_from(['abs', 'prev', 'delta']))}({draw(inner)})",
        lambda: f"(-{draw(inner)})",
        lambda: f"{draw(inner)}**{draw(st.sampled_from(['2', '3', '-1', '0']))}",
    ]
    other = inner | numbers("single", less)
    if width == "single":
        any_width = st.sampled_from(["vector", "pair"]).flatmap(lambda wide: numbers(wide, less))
        over = st.sampled_from(["mean", "min", "max", "sum", "std", "norm", "argmax"])
        forms += [
            lambda: f"{draw(over)}({draw(any_width)})",
            lambda: f"sum({draw(conditions('vector', less))})",
        ]
    return f"({draw(st.sampled_from(forms))()})"


@st.composite
def conditions(draw: st.DrawFn, width: str = "vector", depth: int = 2) -> str:
    """A condition a step, or several."""
    less = max(depth - 1, 0)
    compared = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    level = draw(numbers("single", less) | numbers(width, less))
    if not depth or draw(st.booleans()):
        return f"({draw(numbers(width, less))} {draw(compared)} {level})"
    forms = [
        lambda: f"({draw(conditions(width, less))} {draw(st.sampled_from(['and', 'or']))} {draw(other)})",
        lambda: f"(not {draw(other)})",
        lambda: f"{draw(st.sampled_from(['any', 'all']))}({draw(other)})",
        lambda: f"{draw(st.sampled_from(['isnan', 'isinf']))}({draw(numbers(width, less))})",
        lambda: f"(({draw(numbers(width, less))}) changed sign)",
        lambda: f"crosses({draw(numbers(width, less))}, {level})",
        lambda: f"(-0.5 < {draw(numbers(width, less))} <= 1)",
        lambda: "saturated(f)",
    ]
    other = st.sampled_from(list(WIDTHS)).flatmap(lambda any_width: conditions(any_width, less))
    return draw(st.sampled_from(forms))()


# --- the naive answer: values by unit, None where it is not known --------------------------------------


def naive(ground: Ground, node: Node, sample: int, step: int) -> list[Any]:
    """A list of numbers, or of True, False and None, one a unit."""
    match node.word:
        case "number":
            return [node.number]
        case "t":
            return [float(step)]
        case "series" | "channel":
            return _leaf(source(ground, node), sample, step)
        case "units":
            of = naive(ground, node.parts[0], sample, step)
            return of[slice(*node.units)] if isinstance(node.units, tuple) else [of[node.units]]
        case "prev":
            return naive(ground, node.parts[0], sample, step - 1)
        case "delta":
            now, then = (naive(ground, node.parts[0], sample, each) for each in (step, step - 1))
            return [_computed("-", *pair) for pair in zip(now, then, strict=True)]
        case "changed_sign" | "crosses":
            now, then = (_away(ground, node, sample, each) for each in (step, step - 1))
            return [_through(*pair) for pair in zip(then, now, strict=True)]
    return _naive_of(node, [naive(ground, part, sample, step) for part in node.parts])


def _away(ground: Ground, node: Node, sample: int, step: int) -> list[Any]:
    parts = [naive(ground, part, sample, step) for part in node.parts]
    return parts[0] if len(parts) == 1 else [_computed("-", *pair) for pair in _paired(*parts)]


def _leaf(source: Source, sample: int, step: int) -> list[Any]:
    if step == -1 and source.before is not None:
        return [float(each) for each in source.before[sample]]
    if step < 0 or (source.known is not None and not source.known[step]):
        return [None] * source.width
    return [float(each) for each in source.values[sample, step]]


def _naive_of(node: Node, of: list[list[Any]]) -> list[Any]:
    one = of[0]
    if node.word in ("and", "or"):
        if len({len(each) for each in of if len(each) > 1}) > 1 or _several_layers(node):
            of = [[_any(each)] if len(each) > 1 else each for each in of]
        wide = max(len(each) for each in of)
        rows = [each * wide if len(each) == 1 else each for each in of]
        return [_logic(node.word, list(row)) for row in zip(*rows, strict=True)]
    match node.word:
        case "not":
            return [{True: False, False: True, None: None}[_any(one)]]
        case "any":
            return [_any(one)]
        case "all":
            return [_logic("and", one)]
        case "isnan" | "isinf":
            ask = math.isnan if node.word == "isnan" else math.isinf
            return [None if each is None else ask(each) for each in one]
        case "saturated":
            return [None if each is None or math.isnan(each) else each < 0.05 or each > 0.95 for each in one]
        case "neg" | "abs":
            return [None if each is None else -each if node.word == "neg" else abs(each) for each in one]
        case "mean" | "min" | "max" | "sum" | "std" | "norm" | "argmax":
            return [_over_units(node, one)]
    return [_computed(node.word, *pair) for pair in _paired(one, of[1])]


def _several_layers(node: Node) -> bool:
    """Whether its parts name units of different things or different units: they are joined by any()."""
    return len({_whose(part) for part in node.parts if _whose(part)}) > 1


def _whose(node: Node) -> object:
    """What the units of several are of; nothing for a single number."""
    if node.word in ("series", "channel"):
        return (
            (node.name if node.word == "channel" else node.layer or "one", "all")
            if node.name != "output"
            else ""
        )
    if node.word == "units":
        return (_whose(node.parts[0]), node.units) if isinstance(node.units, tuple) else ""
    if node.word in ("mean", "min", "max", "sum", "std", "norm", "argmax", "any", "all", "not"):
        return ""
    found = [_whose(part) for part in node.parts if _whose(part)]
    if node.word in ("and", "or") and len(set(found)) > 1:
        return ""
    return found[0] if found else ""


def _paired(one: list[Any], other: list[Any]) -> list[tuple[Any, Any]]:
    wide = max(len(one), len(other))
    return list(
        zip(one * wide if len(one) == 1 else one, other * wide if len(other) == 1 else other, strict=False)
    )


def _any(of: list[Any]) -> bool | None:
    return _logic("or", of)


def _logic(word: str, of: list[Any]) -> bool | None:
    wins = word == "or"
    return wins if wins in of else None if None in of else not wins


def _through(then: float | None, now: float | None) -> bool | None:
    if then is None or now is None or math.isnan(then) or math.isnan(now):
        return None
    return (then < 0 <= now) or (then > 0 >= now)


def _over_units(node: Node, of: list[Any]) -> float | None:
    if any(isinstance(each, bool) for each in of) or (
        None in of and node.word == "sum" and _is_condition(node)
    ):
        return math.nan if None in of else float(sum(of)) / (len(of) if node.word == "mean" else 1)
    if None in of:
        return None
    if node.word == "argmax":
        return math.nan if any(map(math.isnan, of)) else float(_numbers_of(node.parts[0])[of.index(max(of))])
    with np.errstate(all="ignore"):
        operation = np.linalg.norm if node.word == "norm" else getattr(np, node.word)
        return float(operation(np.array(of, np.float64)))


def _is_condition(node: Node) -> bool:
    return node.parts[0].word in (
        "<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "any", "all", "isnan", "isinf", "saturated",
        "changed_sign", "crosses",
    )  # fmt: skip


def _numbers_of(node: Node) -> range:
    """How the units of a value are numbered."""
    if node.word == "units":
        inner = _numbers_of(node.parts[0])
        return inner[slice(*node.units)] if isinstance(node.units, tuple) else inner[node.units :][:1]
    if node.word == "series":
        return range(UNITS)
    if node.word == "channel":
        return range(FEATURES if node.name == "input" else 1)
    found = [_numbers_of(part) for part in node.parts]
    return max(found, key=len, default=range(1)) if node.word not in ("argmax", "mean") else range(1)


def _computed(word: str, one: float | None, other: float | None) -> Any:
    if one is None or other is None:
        return None
    if word in ("<", "<=", ">", ">=", "==", "!="):
        if math.isnan(one) or math.isnan(other):
            return None
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other,
                "==": one == other, "!=": one != other}[word]  # fmt: skip
    names = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide", "%": "mod"}
    with np.errstate(all="ignore"):
        return float(getattr(np, names.get(word, "power"))(np.float64(one), np.float64(other)))
