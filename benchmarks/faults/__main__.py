"""Makes the set from its recipes, diagnoses every specimen, and prints per code what was found."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions

os.environ.update(tensorflow_environment(EngineOptions()))

from benchmarks.faults import catalogue
from benchmarks.faults.draws import Draw, Split
from benchmarks.faults.examining import Examined, examined
from benchmarks.faults.scoring import scores
from benchmarks.faults.specimen import Specimen


def main() -> int:
    """Print the table; status 1 where a check crashed."""
    options = _options()
    results = [_examine(name, specimen, options) for name, specimen in _specimens(options)]
    print(scores(results))
    return int(any(result.failed for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--split", choices=["tune", "report"], default="tune")
    parser.add_argument("--code", action="append", default=[], help="only this code; may be given again")
    parser.add_argument("--family", action="append", default=[], help="only this family of recipes")
    parser.add_argument("--draws", type=int, help="so many draws of each recipe")
    parser.add_argument("--healthy", action="store_true", help="only models without a fault")
    parser.add_argument("--peers", action="store_true", help="run the rules of other tools as well")
    parser.add_argument("--verbose", action="store_true", help="print every specimen as it is examined")
    return parser.parse_args()


def _specimens(options: argparse.Namespace) -> Iterator[tuple[str, Specimen]]:
    split: Split = options.split
    for family, recipe in catalogue.recipes(options.family, options.code):
        for index in range(options.draws or recipe.draws):
            name = f"{family}/{recipe.code}/{index}"
            pair = recipe.make(Draw(recipe.code, split, index))
            if not options.healthy:
                yield name, pair.faulty
            yield f"{name}/twin", pair.healthy
    for healthy in catalogue.healthy(options.family, options.code):
        for index in range(options.draws or healthy.draws):
            yield f"healthy/{healthy.name}/{index}", healthy.make(Draw(healthy.name, split, index))


def _examine(name: str, specimen: Specimen, options: argparse.Namespace) -> Examined:
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


if __name__ == "__main__":
    sys.exit(main())
