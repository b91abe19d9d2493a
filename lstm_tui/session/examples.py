"""Examples of what can be typed, in the words of this model: a layer, a state, a gate and a unit that it has.

Pure. Whether what they say makes sense for the data is not asked.
"""

from __future__ import annotations

from lstm_tui.model_file.facts import LayerFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import KINDS, CellKind
from lstm_tui.session.state import Session

#: Of a layer's path: a longer one is cut, and is an example no more.
_MOST_CHARACTERS = 60


def conditions(session: Session) -> str:
    """Of breakpoints: `abs(c) > 5 in lstm_1 · isnan(output) · c changed sign`."""
    layer = _layer(session)
    state = _state(layer)
    return f"abs({state}) > 5{_inside(layer)} · isnan(output) · {state} changed sign"


def expressions(session: Session) -> str:
    """Of watches: `mean(f) · h[17] · norm(c in lstm_1) · output - target`."""
    layer = _layer(session)
    state, gate = _state(layer), next(iter(held_first(_gates(layer))), _state(layer))
    units = layer.recurrent.units if layer is not None and layer.recurrent is not None else 1
    unit = f"{state}[{min(17, units - 1)}]"
    return f"mean({gate}) · {unit} · norm({state}{_inside(layer)}) · output - target"


def resets(session: Session) -> str:
    """Of resets: a layer that keeps its state before all others."""
    layers = session.model.recurrent_layers
    keeping = next((each for each in layers if each.recurrent and each.recurrent.stateful), _layer(session))
    named = f"layers: [{_name(keeping)}], " if keeping is not None else ""
    return f"{named}to: zeros | random | {{file: h0.npz}}"


def trials(session: Session) -> str:
    """Of what is tried otherwise: a gate that the layer has, or none."""
    gate = next(iter(held_first(_gates(_layer(session)))), "")
    clamped = f"clamp gate: {gate}, to: 1, from: 10 · " if gate else ""
    return f"poke to: 0.5 · {clamped}nudge by: 0.1"


def held_first(gates: tuple[str, ...]) -> tuple[str, ...]:
    """What keeps the past before all others: the forget gate, the update gate."""
    return tuple(sorted(gates, key=lambda gate: gate not in {"f", "z"}))


def _layer(session: Session) -> LayerFacts | None:
    """That of the cursor, else the first that is recurrent."""
    layers = session.model.recurrent_layers
    here = (each for each in layers if each.path == session.cursor.layer)
    return next(here, layers[0] if layers else None)


def _kind(layer: LayerFacts | None) -> CellKind | None:
    return KINDS.get(layer.recurrent.cell) if layer is not None and layer.recurrent is not None else None


def _state(layer: LayerFacts | None) -> str:
    """What carries the past on: the cell state where there is one."""
    kind = _kind(layer)
    return kind.states[-1] if kind is not None else "h" if layer is None else "state_0"


def _gates(layer: LayerFacts | None) -> tuple[str, ...]:
    kind = _kind(layer)
    return kind.gates if kind is not None else ()


def _inside(layer: LayerFacts | None) -> str:
    return f" in {_name(layer)}" if layer is not None else ""


def _name(layer: LayerFacts) -> str:
    return one_line(layer.path, _MOST_CHARACTERS)
