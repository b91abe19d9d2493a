"""Reading in a process of its own: what it answers, how it may end, and that nothing of it is left."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path

import pytest

from lstm_tui.model_file import guarded
from lstm_tui.model_file.guarded import in_child
from lstm_tui.model_file.refusals import CorruptModelError, WeightsOnlyError
from tests.model_file import child_tasks

PATH = Path("model.h5")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks above, for a fresh interpreter."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture(params=["a fork", "a fresh interpreter"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two that are tried, each by itself."""
    if request.param != "a fork":
        monkeypatch.setattr(guarded, "_forked", lambda *_: (None, 0))
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_the_answer_comes_back_from_another_process() -> None:
    values = [{"a": [1, 2.5, None, "ü\x1b", float("inf")]}, "more"]
    *found, pid = in_child(PATH, child_tasks.answer, *values)
    assert found == values
    assert pid != os.getpid()


@pytest.mark.usefixtures("way")
def test_a_refusal_of_the_task_is_raised_as_what_it_is() -> None:
    with pytest.raises(WeightsOnlyError) as caught:
        in_child(PATH, child_tasks.refuse)
    assert str(caught.value) == str(child_tasks.REFUSAL)


def test_a_full_disk_is_no_fault_of_the_file() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        in_child(PATH, child_tasks.full)
    assert caught.value.errno == 28


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_is_one_plain_error(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CorruptModelError, match=number.name):
        in_child(PATH, child_tasks.die, int(number))
    assert capfd.readouterr() == ("", "")


def test_turning_in_circles_is_ended(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    with pytest.raises(CorruptModelError, match="did not end within"):
        in_child(log, child_tasks.circle, seconds=2.5)
    tried = [int(pid) for pid in log.read_text().split()]
    assert tried
    for pid in tried:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_fork_that_waits_for_ever_is_given_up_for_a_fresh_interpreter(tmp_path: Path) -> None:
    assert in_child(tmp_path / "first", child_tasks.wait_once, seconds=30.0) == "read"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)in mistake.*KeyError: 'missing'"):
        in_child(PATH, child_tasks.mistake)


@pytest.mark.usefixtures("way")
def test_a_large_answer_does_not_stall() -> None:
    assert len(in_child(PATH, child_tasks.much, 4 * 2**20)) == 4 * 2**20


def test_without_fork_the_task_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert in_child(PATH, child_tasks.answer) == [os.getpid()]


@pytest.mark.usefixtures("way")
def test_nothing_is_left_open() -> None:
    in_child(PATH, child_tasks.answer)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        in_child(PATH, child_tasks.answer)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_nothing_of_the_parent_is_collected_in_the_child() -> None:
    """What TensorFlow frees waits for locks that a thread of the parent held at the fork."""
    assert in_child(PATH, child_tasks.collecting) is False
    assert gc.isenabled()
