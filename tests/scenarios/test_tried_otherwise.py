"""Scenarios that try something otherwise: what Keras itself says where the same is done by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_a_memory_wiped_out_says_what_the_rest_alone_says(case):
    scenario = case("memory-wiped")
    inputs, labels, model = scenario.input, scenario.target, scenario.model()
    knowing = scenario.predict(model, inputs)
    np.testing.assert_allclose(knowing, labels, atol=0.002)
    assert knowing[0] == pytest.approx(0.999, abs=5e-4)

    steps = {action["poke"]["step"] for action in scenario.words["actions"]}
    assert steps == {30}
    rest_alone = scenario.predict(model, inputs[:1, 31:])
    assert rest_alone[0] == pytest.approx(0.009, abs=5e-4)
    np.testing.assert_allclose(scenario.expected, np.concatenate([rest_alone, knowing[1:]]), atol=1e-5)
