"""A command of `lstm-tui` in this process, where the process itself is not what is tested.

It imports TensorFlow once for all that is asked so, and not at all where a test has done that already.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from lstm_tui.cli import main


def asked_here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What `python -m lstm_tui` would have ended with and said."""
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    status: object = None
    with mock.patch.object(sys, "argv", ["lstm-tui", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int | None)
    return subprocess.CompletedProcess(words, status or 0, out.getvalue(), err.getvalue())
