"""What a server pays for it: the standard library, NumPy, a few modules of ours, when it watches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Of our own: what names layers and states as the engine does, and what makes text safe.
OURS = ("lstm_tui.flight_recorder", "lstm_tui.recurrent", "lstm_tui.plain_text")


def modules_after(program: str) -> set[str]:
    """What the program adds to those that every Python has."""
    program = f"import json, sys; old = set(sys.modules)\n{program}\n"
    program += "print(json.dumps(sorted(set(sys.modules) - old)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def foreign(modules: set[str]) -> set[str]:
    """Packages that are neither ours nor the standard library's."""
    tops = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    return {
        top for top in tops if not top.startswith("_distutils") and top not in {"lstm_tui", "org", "java"}
    }


def test_the_import_alone_brings_next_to_nothing():
    new = modules_after("from lstm_tui.flight_recorder import watch, watch_training")
    assert foreign(new) == set(), "not even NumPy"
    ours = {name for name in new if name.startswith("lstm_tui.")}
    assert ours == {"lstm_tui.flight_recorder", "lstm_tui.flight_recorder.watching"}
    assert not {"asyncio", "logging", "zipfile", "tempfile", "dataclasses"} & new


def test_watching_and_capturing_take_numpy_and_no_more(tmp_path):
    program = f"""
import numpy as np
from lstm_tui.flight_recorder import watch
flight = watch(object(), {str(tmp_path / "model.keras")!r}, folder={str(tmp_path)!r})
flight(lambda x: x * np.nan)(np.ones((1, 3, 2)))
assert flight.counts["captured"] == 1 and "failed" not in flight.counts, flight.counts
"""
    (tmp_path / "model.keras").write_bytes(b"a model")
    new = modules_after(program)
    assert foreign(new) == {"numpy"}
    assert "asyncio" not in new
    ours = {name for name in new if name.startswith("lstm_tui.")}
    assert all(name.startswith(OURS) for name in ours), ours
