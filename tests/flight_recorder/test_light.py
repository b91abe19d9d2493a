"""What a server pays for the import: nothing but the standard library, NumPy and a few of our own modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Of our own: what names layers and states as the engine does, and what makes text safe.
OURS = ("lstm_tui.flight_recorder", "lstm_tui.recurrent", "lstm_tui.plain_text")


def test_the_import_brings_nothing_along():
    program = "import numpy, json, sys; old = set(sys.modules); import lstm_tui.flight_recorder\n"
    program += "print(json.dumps(sorted(set(sys.modules) - old)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    new = json.loads(done.stdout)
    foreign = [name for name in new if not name.startswith("lstm_tui")]
    assert {name.partition(".")[0] for name in foreign} <= set(sys.stdlib_module_names) | {"numpy"}
    assert not {"asyncio", "zipfile", "tempfile", "shutil"} & set(foreign), "they can wait for a capture"
    own = [name for name in new if name.startswith("lstm_tui.")]
    assert all(name.startswith(OURS) for name in own), own
    assert len(own) < 25
