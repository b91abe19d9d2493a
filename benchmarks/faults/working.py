"""Specimens made and diagnosed one after the other, in a process of its own for each part of the set."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions

os.environ.update(tensorflow_environment(EngineOptions()))  # before anything imports TensorFlow

from benchmarks.faults import catalogue
from benchmarks.faults.draws import Draw, Split
from benchmarks.faults.examining import Examined, examined
from benchmarks.faults.specimen import HealthyRecipe, Recipe, Specimen


def examine_part(options: Namespace, number: int, of: int) -> list[Examined]:
    """Every `of`-th draw from the `number`-th on, so that slow recipes are spread over the parts."""
    return [
        _examine(name, specimen, options)
        for make in islice(tasks(options), number, None, of)
        for name, specimen in make()
    ]


def tasks(options: Namespace) -> Iterator[Callable[[], Iterator[tuple[str, Specimen]]]]:
    """What makes the specimens, with their names: a fault and its twin together, from one draw."""
    split: Split = options.split
    for family, recipe in catalogue.recipes(options.family, options.code):
        for index in range(options.first, options.draws or recipe.draws):
            yield partial(_pair, family, recipe, Draw(recipe.code, split, index), options.healthy)
    for healthy in catalogue.healthy(options.family, options.code):
        for index in range(options.first, options.draws or healthy.draws):
            yield partial(_alone, healthy, Draw(healthy.name, split, index))


def _pair(family: str, recipe: Recipe, draw: Draw, twin_alone: bool) -> Iterator[tuple[str, Specimen]]:
    name, pair = f"{family}/{recipe.code}/{draw.index}", recipe.make(draw)
    if not twin_alone:
        yield name, pair.faulty
    yield f"{name}/twin", pair.healthy


def _alone(recipe: HealthyRecipe, draw: Draw) -> Iterator[tuple[str, Specimen]]:
    yield f"healthy/{recipe.name}/{draw.index}", recipe.make(draw)


def _examine(name: str, specimen: Specimen, options: Namespace) -> Examined:
    result, diagnosis = examined(name, specimen, peers=options.peers)
    if options.verbose:
        told = ", ".join(result.found) or "nothing"
        wrong = "" if result.code in ("", *result.found) and not result.false_alarms else "   <-- "
        print(f"{name}: wanted {result.code or 'nothing'}, found {told} in {result.seconds:.1f} s{wrong}")
        for finding in diagnosis.findings if wrong else ():
            print(f"    {finding.code}: {finding.summary}")
        for code, why in diagnosis.failed.items():
            print(f"    {code} crashed: {why}")
        sys.stdout.flush()
    return result
