"""Every recipe, by family; the list is the set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.faults import (
    constant_healthy,
    constant_memory,
    constant_training,
    constant_weights,
    inputs,
    inputs_healthy,
    inputs_masks,
    inputs_scale,
    loading,
    outputs,
    outputs_healthy,
    outputs_values,
    states,
    states_healthy,
    states_training,
)
from benchmarks.faults import healthy as healthy_models
from benchmarks.faults.specimen import HealthyRecipe, Recipe

FAMILIES: dict[str, tuple[Recipe, ...]] = {
    "inputs": (*inputs.RECIPES, *inputs_masks.RECIPES, *inputs_scale.RECIPES),
    "loading": loading.RECIPES,
    "outputs": (*outputs.RECIPES, *outputs_values.RECIPES),
    "states": (*states.RECIPES, *states_training.RECIPES),
    "constant": (*constant_weights.RECIPES, *constant_training.RECIPES, *constant_memory.RECIPES),
}
HEALTHY: tuple[HealthyRecipe, ...] = (
    *healthy_models.RECIPES,
    *inputs_healthy.RECIPES,
    *loading.HEALTHY,
    *outputs_healthy.HEALTHY,
    *constant_healthy.RECIPES,
    *states_healthy.RECIPES,
)


def recipes(families: Sequence[str], codes: Sequence[str]) -> Iterator[tuple[str, Recipe]]:
    """Family and recipe, those that are asked for; all where nothing is."""
    for family, own in FAMILIES.items():
        for recipe in own:
            if (not families or family in families) and (not codes or recipe.code in codes):
                yield family, recipe


def healthy(families: Sequence[str], codes: Sequence[str]) -> tuple[HealthyRecipe, ...]:
    """Healthy models without a faulty twin: those of a name that is asked for in place of a code, else all;
    left out where other codes or families are asked for."""
    if codes:
        return tuple(each for each in HEALTHY if each.name in codes)
    return HEALTHY if not families or "healthy" in families else ()
