"""Every code of the family on a real Keras model: found first, with its proof; the twin without a word.

The models are those of the fault set, one draw of each.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

pytestmark = pytest.mark.keras

#: By code, which draws are tried, and whether a remedy is measured before and after.
DRAWS = {
    "input-rank": ((0,), True),
    "input-ambiguous": ((0,), True),
    "input-axes-swapped": ((1,), True),
    "input-features": ((1,), None),
    "input-length": ((3,), None),
    "batch-size": ((0,), True),
    "batch-broadcast": ((0,), True),
    "input-missing": ((0,), False),
    "inputs-swapped": ((0,), True),
    "index-range": ((2,), None),
    "predict-retrace": ((0,), True),
    "input-nan": ((0,), True),
    "mask-collision": ((3,), None),
    "mask-missing": ((2,), True),
    "mask-lost": ((1,), False),
    "mask-tail": ((2,), None),
    "mask-empty": ((0,), True),
    "mask-left": ((0,), False),
    "input-scale": ((2,), True),
    "output-scale": ((0,), True),
}  # fmt: skip


@cache
def specimens(code: str, draw: int) -> Any:
    """A fault and its twin; diagnosing works on a file, which leaves both as they are."""
    from benchmarks.faults.catalogue import recipes
    from benchmarks.faults.draws import Draw

    ((_, recipe),) = recipes(["inputs"], [code])
    return recipe.make(Draw(code, "tune", draw))


def examined(specimen: Any) -> Any:
    from benchmarks.faults.examining import examined

    return examined("specimen", specimen)


@pytest.mark.parametrize(
    ("code", "draw", "proven"),
    [(code, draw, proven) for code, (draws, proven) in DRAWS.items() for draw in draws],
)
def test_the_fault_is_found_first_with_its_proof(code: str, draw: int, proven: bool | None) -> None:
    result, diagnosis = examined(specimens(code, draw).faulty)
    assert result.found[:1] == (code,)
    assert not result.false_alarms
    assert not diagnosis.failed
    finding = next(each for each in diagnosis.findings if each.code == code)
    assert finding.summary
    assert finding.evidence
    assert finding.fix is not None
    assert finding.proof is not None or finding.direct
    if proven is not None:
        assert (finding.proof is not None) == proven
    if finding.proof is not None:
        assert finding.proof.before != finding.proof.after


@pytest.mark.parametrize("code", DRAWS)
def test_nothing_is_found_in_the_twin(code: str) -> None:
    _, diagnosis = examined(specimens(code, DRAWS[code][0][0]).healthy)
    assert not diagnosis.codes
    assert not diagnosis.failed


def test_the_set_and_this_list_have_the_same_codes() -> None:
    from benchmarks.faults.catalogue import recipes

    assert {recipe.code for _, recipe in recipes(["inputs"], [])} == set(DRAWS)
