"""Builds the models, inputs and expected outputs of the bundled scenarios from seeds.

    python scenarios/build.py                       every scenario; refuses where files are there already
    python scenarios/build.py --only NAME --force   one of them, anew

The YAML files beside them are written by hand and stay as they are. Equal seeds give equal files on the same
kind of processor; on another the last digits of trained weights may differ, so the files themselves are kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
SEED = 2024


def main() -> int:
    options = _options()
    _quiet_and_deterministic()
    from recipes import (
        carried_states,
        constant_prediction,
        no_prediction,
        other_prediction,
        padding_and_order,
        retraining,
        tried_otherwise,
        unexpected_shape,
    )

    questions = (
        no_prediction,
        constant_prediction,
        padding_and_order,
        unexpected_shape,
        other_prediction,
        carried_states,
        tried_otherwise,
        retraining,
    )
    wanted = [
        (question, name)
        for question in questions
        for name in question.RECIPES
        if options.only in (None, name)
    ]
    if not wanted:
        return _complain(f"No scenario is called {options.only!r}.")
    there = [path for question, name in wanted for path in _files_of(options.into / question.FOLDER, name)]
    if there and not options.force:
        return _complain(f"{len(there)} files are there already, {there[0]} first; --force replaces them.")
    return _report(sum(_build(options.into, question, name) for question, name in wanted))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAME", help="the scenario of this name, for instance carry-over")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")
    parser.add_argument("--into", type=Path, default=HERE, metavar="FOLDER", help="lay the files elsewhere")
    return parser.parse_args()


def _quiet_and_deterministic() -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def _files_of(folder: Path, name: str) -> list[Path]:
    """What an earlier build laid for the scenario."""
    return sorted(path for pattern in (f"{name}.*", f"{name}-*") for path in folder.glob(f"*/{pattern}"))


def _build(into: Path, question: ModuleType, name: str) -> int:
    """Build one scenario, print what it takes, and return its size in bytes."""
    import keras
    from recipes.shelf import Shelf

    for path in _files_of(into / question.FOLDER, name):
        path.unlink()
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    shelf = Shelf(into / question.FOLDER, name)
    started = time.perf_counter()
    question.RECIPES[name](shelf)
    print(f"{question.FOLDER}/{name}  ({time.perf_counter() - started:.1f} s)")
    for path in shelf.laid:
        print(f"  {path.stat().st_size / 1000:7.1f} KB  {path.relative_to(into)}")
    return sum(path.stat().st_size for path in shelf.laid)


def _report(size: int) -> int:
    print(f"{size / 1000:.1f} KB in all")
    return 0


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
