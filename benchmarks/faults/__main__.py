"""Makes the set from its recipes, diagnoses every specimen, and prints per code what was found."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, zip_longest
from multiprocessing import get_context

from benchmarks.faults.scoring import scores
from benchmarks.faults.working import examine_part, tasks

#: So many draws in one process: Keras keeps a little of every model, and slows down with it.
_PART = 25


def main() -> int:
    """Print the table; status 1 where a check crashed."""
    options = _options()
    parts = -(-sum(1 for _ in tasks(options)) // _PART)
    workers = {"max_workers": options.jobs, "max_tasks_per_child": 1, "mp_context": get_context("spawn")}
    with ProcessPoolExecutor(**workers) as pool:
        found = pool.map(examine_part, [options] * parts, range(parts), [parts] * parts)
        results = [each for each in chain(*zip_longest(*found)) if each is not None]
    print(scores(results))
    return int(any(result.failed for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--split", choices=["tune", "report"], default="tune")
    parser.add_argument("--code", action="append", default=[], help="only this code; may be given again")
    parser.add_argument("--family", action="append", default=[], help="only this family of recipes")
    parser.add_argument("--draws", type=int, help="so many draws of each recipe")
    parser.add_argument("--first", type=int, default=0, help="leave out the draws before this one")
    parser.add_argument("--healthy", action="store_true", help="only models without a fault")
    parser.add_argument("--peers", action="store_true", help="run the rules of other tools as well")
    parser.add_argument("--jobs", type=int, default=1, help="processes that examine at the same time")
    parser.add_argument("--verbose", action="store_true", help="print every specimen as it is examined")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
