"""Reading in a child process: what it answers, how it may end, and that nothing of it is left."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.refusals import CorruptModelError, WeightsOnlyError

PATH = Path("model.h5")


def test_the_answer_comes_back_from_another_process() -> None:
    value, pid = in_child(PATH, lambda: [{"a": [1, 2.5, None, "ü\x1b", float("inf")]}, os.getpid()])
    assert value == {"a": [1, 2.5, None, "ü\x1b", float("inf")]}
    assert pid != os.getpid()


def test_a_refusal_of_the_task_is_raised_as_what_it_is() -> None:
    def refuse() -> Any:
        raise WeightsOnlyError("only weights", expected="a model", todo="save it whole")

    with pytest.raises(WeightsOnlyError) as caught:
        in_child(PATH, refuse)
    assert str(caught.value) == str(
        WeightsOnlyError("only weights", expected="a model", todo="save it whole")
    )


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_is_one_plain_error(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CorruptModelError, match=number.name):
        in_child(PATH, lambda: os.kill(os.getpid(), number))
    assert capfd.readouterr() == ("", "")


def test_turning_in_circles_is_ended() -> None:
    pids = os.pipe()

    def circle() -> Any:
        os.write(pids[1], f"{os.getpid()} ".encode())
        while True:
            time.sleep(0.01)

    with pytest.raises(CorruptModelError, match="did not end within"):
        in_child(PATH, circle, seconds=0.2)
    tried = [int(pid) for pid in os.read(pids[0], 100).split()]
    assert tried
    for pid in tried:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_child_that_waits_for_ever_is_given_up_for_another(tmp_path: Path) -> None:
    def waits_once() -> str:
        first = tmp_path / "first"
        if not first.exists():
            first.touch()
            signal.pause()
        return "read"

    assert in_child(PATH, waits_once, seconds=3.0) == "read"


def test_a_bug_keeps_its_traceback() -> None:
    def mistake() -> Any:
        return {}["missing"]

    with pytest.raises(RuntimeError, match=r"(?s)in mistake.*KeyError: 'missing'"):
        in_child(PATH, mistake)


def test_a_large_answer_does_not_stall() -> None:
    assert len(in_child(PATH, lambda: "x" * (4 * 2**20))) == 4 * 2**20


def test_without_fork_the_task_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert in_child(PATH, os.getpid) == os.getpid()


def test_nothing_is_left_open() -> None:
    in_child(PATH, lambda: 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        in_child(PATH, lambda: 1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_nothing_of_the_parent_is_collected_in_the_child() -> None:
    """What TensorFlow frees waits for locks that a thread of the parent held at the fork."""
    assert in_child(PATH, gc.isenabled) is False
    assert gc.isenabled()
