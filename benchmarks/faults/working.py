"""Specimens made and diagnosed one after the other, in a process of its own for each part of the set."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Literal

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions

os.environ.update(tensorflow_environment(EngineOptions()))  # before anything imports TensorFlow

from benchmarks.faults import catalogue
from benchmarks.faults.draws import Draw, Split
from benchmarks.faults.examining import Examined, examined
from benchmarks.faults.specimen import HealthyRecipe, Recipe, Specimen


def examine_part(options: Namespace, number: int, of: int) -> list[Examined]:
    """Every `of`-th specimen from the `number`-th on, so that slow recipes are spread over the chunks."""
    return [_examine(name, make(), options) for name, make in islice(tasks(options), number, None, of)]


def tasks(options: Namespace) -> Iterator[tuple[str, Callable[[], Specimen]]]:
    """The name of each specimen, and what makes it."""
    split: Split = options.split
    for family, recipe in catalogue.recipes(options.family, options.code):
        for index in range(options.draws or recipe.draws):
            name, draw = f"{family}/{recipe.code}/{index}", partial(Draw, recipe.code, split, index)
            if not options.healthy:
                yield name, partial(_made, recipe, draw, "faulty")
            yield f"{name}/twin", partial(_made, recipe, draw, "healthy")
    for healthy in catalogue.healthy(options.family, options.code):
        for index in range(options.draws or healthy.draws):
            draw = partial(Draw, healthy.name, split, index)
            yield f"healthy/{healthy.name}/{index}", partial(_healthy, healthy, draw)


def _made(recipe: Recipe, draw: Callable[[], Draw], which: Literal["faulty", "healthy"]) -> Specimen:
    pair = recipe.make(draw())
    return pair.faulty if which == "faulty" else pair.healthy


def _healthy(recipe: HealthyRecipe, draw: Callable[[], Draw]) -> Specimen:
    return recipe.make(draw())


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
