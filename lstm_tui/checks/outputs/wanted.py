"""What came out beside what is wanted: the questions that the checks of the output's shape share."""

from __future__ import annotations

from lstm_tui.checks.case import Case
from lstm_tui.model_file.facts import LayerFacts, ModelFacts


def only_output(case: Case) -> tuple[int, ...] | None:
    """The shape of the output where there is exactly one."""
    shapes = [array.shape for array in case.outputs.values()]
    return shapes[0] if len(shapes) == 1 else None


def off_by(got: tuple[int, ...], wanted: tuple[int, ...]) -> float:
    """How many axes differ: too many, too few, or of another size."""
    pairs = sum(one != other for one, other in zip(got, wanted, strict=False))
    return float(max(abs(len(got) - len(wanted)), pairs))


def settings_of_wrapped(layer: LayerFacts, facts: ModelFacts) -> str:
    """The path whose settings decide: both halves of a Bidirectional follow the forward one."""
    parent = facts.layer(layer.path.rpartition("/")[0])
    if parent is not None and parent.class_name == "Bidirectional":
        forward = next(each for each in facts.layers if each.path.startswith(f"{parent.path}/"))
        return forward.path
    return layer.path
