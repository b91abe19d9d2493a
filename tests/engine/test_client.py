"""An engine that is killed, crashes, lies or makes noise: what its client sees; the next one works."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import (
    Answered,
    EngineGone,
    EngineReady,
    Event,
    LoadModel,
    Progressed,
    Refused,
    RunCalls,
)
from lstm_tui.errors import EngineDied, EngineError, EngineUnavailable, ModelFileError
from lstm_tui.recurrent.calls import Run, RunPlan

LOAD = LoadModel(Path("plain.keras"))


def run_of(array: np.ndarray) -> RunCalls:
    return RunCalls(RunPlan({"x": array}))


def next_event(engine: EngineProcess) -> Event:
    event = engine.next_event(30)
    assert event is not None
    return event


def next_of(engine: EngineProcess, kind: type[Event]) -> Event:
    while not isinstance(event := next_event(engine), kind):
        pass
    return event


def counted(places: list[Path]) -> list[int]:
    """Entries in each folder, without those that garbage of other tests still holds."""
    gc.collect()
    return [len(list(place.iterdir())) for place in places]


def memory_of(pid: int) -> int:
    """Resident kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_requests_are_answered_in_order_with_progress(echo: EngineProcess) -> None:
    echo.start()
    assert next_event(echo) == EngineReady("a stand-in")
    first, second = echo.send(LOAD), echo.send(run_of(np.ones((1, 2, 3))))
    assert first < second
    assert next_event(echo) == Progressed("loading plain.keras")
    loaded = next_event(echo)
    assert isinstance(loaded, Answered)
    assert loaded.request == first
    assert next_event(echo) == Progressed("echoing", 0.5)
    ran = next_event(echo)
    assert isinstance(ran, Answered)
    assert isinstance(ran.value, Run)
    np.testing.assert_array_equal(ran.value.outcomes[0].outputs["x"], np.ones((1, 2, 3)))
    assert echo.next_event(0) is None


def test_a_request_may_be_sent_before_the_engine_is_ready(echo: EngineProcess) -> None:
    echo.start()
    echo.start()
    number = echo.send(LOAD)
    answer = next_of(echo, Answered)
    assert isinstance(answer, Answered)
    assert answer.request == number


def test_the_engine_yields_and_goes_first_when_memory_runs_out(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    assert echo.pid is not None
    assert echo.host_pid is not None
    assert os.getpriority(os.PRIO_PROCESS, echo.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    score = {
        pid: int(Path(f"/proc/{pid}/oom_score_adj").read_text())
        for pid in (echo.pid, echo.host_pid, os.getpid())
    }
    assert score[echo.pid] > score[echo.host_pid] > score[os.getpid()]


@pytest.mark.parametrize(
    ("deed", "error", "said"),
    [
        ("refuse", ModelFileError, "cut short"),
        ("stumble", EngineError, "a bug: ZeroDivisionError: nobody thought of this"),
        ("memory", EngineError, "not enough memory"),
        ("exit", EngineError, "a bug: SystemExit: 3"),
    ],
)
def test_a_refusal_leaves_the_engine_and_its_model_alive(
    echo: EngineProcess, deed: str, error: type[EngineError], said: str
) -> None:
    facts = echo.ask(LOAD)
    before = echo.pid
    with pytest.raises(error, match=said) as refused:
        echo.ask(LoadModel(Path(f"{deed}.keras")))
    if error is EngineError:
        assert "stand_in.py" in refused.value.__notes__[0]
    else:
        assert not hasattr(refused.value, "__notes__")
    assert isinstance(echo.ask(run_of(np.zeros(3))), Run)
    assert echo.ask(LOAD) == facts
    assert echo.pid == before


def test_without_a_model_there_is_nothing_to_run(echo: EngineProcess) -> None:
    with pytest.raises(EngineError, match="No model is loaded"):
        echo.ask(run_of(np.zeros(3)))


@pytest.mark.parametrize("request_", ["sleep.keras", "run-sleep.keras"], ids=["loading", "running"])
def test_an_engine_killed_from_outside_is_noticed_and_replaced(echo: EngineProcess, request_: str) -> None:
    echo.start()
    echo.send(LoadModel(Path(request_)))
    if request_.startswith("run"):
        next_of(echo, Answered)
        echo.send(run_of(np.zeros(3)))
    next_of(echo, Progressed)
    assert echo.pid is not None
    killed = echo.pid
    os.kill(killed, signal.SIGKILL)
    gone = next_of(echo, EngineGone)
    assert isinstance(gone, EngineGone)
    assert "signal 9 (SIGKILL)" in gone.reason
    assert "out of memory" in gone.reason
    assert gone.last_words == ()
    assert echo.pid is None
    host = echo.host_pid
    assert isinstance(echo.ask(LOAD), type(echo.ask(LOAD)))
    assert echo.pid not in (None, killed)
    assert echo.host_pid == host


def test_a_killed_host_takes_the_engine_along_and_both_are_replaced(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    assert echo.host_pid is not None
    worker = echo.pid
    os.kill(echo.host_pid, signal.SIGKILL)
    gone = next_of(echo, EngineGone)
    assert isinstance(gone, EngineGone)
    assert "signal 9" in gone.reason
    echo.ask(LOAD)
    assert echo.pid != worker


def test_an_engine_that_ended_unseen_is_replaced_by_the_next_question(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    assert echo.pid is not None
    os.kill(echo.pid, signal.SIGKILL)
    while True:
        try:
            echo.send(LOAD)
        except BrokenPipeError:
            break
    assert isinstance(echo.ask(LOAD), type(echo.ask(LOAD)))


@pytest.mark.parametrize(
    ("deed", "reason", "last_words"),
    [
        ("abort", "killed by signal 6 (SIGABRT)", "Fatal Python error: Aborted"),
        ("leave", "ended by itself with exit status 3", "last words"),
        ("garbage", "it sent something that is no message", ""),
    ],
)
def test_a_crash_is_told_with_the_last_words(
    echo: EngineProcess, deed: str, reason: str, last_words: str
) -> None:
    with pytest.raises(EngineDied) as died:
        echo.ask(LoadModel(Path(f"{deed}.keras")))
    assert reason in str(died.value)
    assert last_words in "\n".join(getattr(died.value, "__notes__", []))
    echo.ask(LOAD)


def test_an_engine_that_hangs_up_and_lives_on_is_ended(echo: EngineProcess) -> None:
    echo.start()
    echo.send(LoadModel(Path("hang-up.keras")))
    next_of(echo, Progressed)
    pid = echo.pid
    assert pid is not None
    assert next_of(echo, EngineGone) == EngineGone("it hung up")
    echo.ask(LOAD)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_killing_stops_whatever_runs_and_a_new_engine_is_at_hand(echo: EngineProcess) -> None:
    echo.start()
    echo.send(LoadModel(Path("sleep.keras")))
    next_of(echo, Progressed)
    echo.kill()
    assert next_event(echo) == EngineGone("stopped on request")
    with pytest.raises(BrokenPipeError):
        echo.send(LOAD)
    echo.start()
    assert isinstance(next_event(echo), EngineReady)


def test_killing_before_it_is_ready_leaves_no_engine(echo: EngineProcess) -> None:
    for _ in range(3):
        echo.start()
        echo.kill()
        assert next_event(echo) == EngineGone("stopped on request")
    echo.ask(LOAD)


def test_a_reader_thread_is_woken_by_kill_and_by_close(echo: EngineProcess) -> None:
    for end in (echo.kill, echo.close):
        echo.start()
        assert isinstance(next_event(echo), EngineReady)
        events: list[Event | None] = []
        reader = threading.Thread(target=lambda seen=events: seen.append(echo.next_event(None)))
        reader.start()
        end()
        reader.join(10)
        assert events == [EngineGone("stopped on request")]


def test_a_closed_engine_stays_closed(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    host = echo.host_pid
    assert host is not None
    echo.close()
    echo.close()
    with pytest.raises(ProcessLookupError):
        os.kill(host, 0)
    assert isinstance(next_event(echo), EngineGone)
    with pytest.raises(EngineUnavailable):
        echo.start()


def test_two_engines_share_a_host_that_ends_with_the_last(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    with echo.another() as other:
        other.ask(LoadModel(Path("other.keras")))
        assert other.host_pid == echo.host_pid
        assert other.pid != echo.pid
        other.kill()
        assert next_event(other) == EngineGone("stopped on request")
    echo.ask(run_of(np.zeros(2)))


def test_many_requests_leave_no_descriptors_and_no_memory(echo: EngineProcess) -> None:
    large = np.zeros((1, 500, 500), np.float32)
    echo.ask(LOAD)
    assert echo.pid is not None
    places = [Path("/proc/self/fd"), Path(f"/proc/{echo.pid}/fd"), Path(f"/proc/{echo.host_pid}/fd")]
    for _ in range(20):
        echo.ask(run_of(large))
    descriptors = counted(places)
    memory = [memory_of(pid) for pid in (os.getpid(), echo.pid)]
    for _ in range(180):
        echo.ask(run_of(large))
    assert counted(places) == descriptors
    one_leaked_a_request = 180 * large.nbytes // 1024
    for pid, before in zip((os.getpid(), echo.pid), memory, strict=True):
        assert memory_of(pid) - before < one_leaked_a_request / 4


def test_many_engines_leave_no_descriptors(echo: EngineProcess) -> None:
    echo.ask(LOAD)
    places = [Path("/proc/self/fd"), Path(f"/proc/{echo.host_pid}/fd")]
    descriptors = counted(places)
    for _ in range(20):
        echo.kill()
        assert isinstance(next_event(echo), EngineGone)
        echo.ask(LOAD)
    assert counted(places) == descriptors


def test_without_tensorflow_the_engine_says_what_to_install(
    stand_in_path: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_tensorflow.py").write_text(
        "raise ModuleNotFoundError(name='tensorflow')", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with EngineProcess(adapter="needs_tensorflow") as engine:
        engine.start()
        gone = next_event(engine)
        assert isinstance(gone, EngineGone)
        assert "TensorFlow is not installed" in gone.reason
        assert isinstance(gone.unavailable, EngineUnavailable)
        with pytest.raises(EngineUnavailable, match=r"pip install 'lstm-tui\[tensorflow\]'"):
            engine.ask(LOAD)


def test_an_adapter_that_breaks_while_it_is_imported_is_told_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_adapter.py").write_text("raise AttributeError('half installed')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with EngineProcess(adapter="broken_adapter") as engine:
        engine.start()
        gone = next_event(engine)
        assert isinstance(gone, EngineGone)
        assert gone.unavailable is None
        assert any("half installed" in line for line in gone.last_words)


def test_a_log_that_cannot_be_written_is_an_error_of_the_engine(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="log cannot be written"):
        EngineProcess(EngineOptions(log_path=tmp_path / "missing" / "engine.log"))


def test_what_the_engine_prints_goes_to_its_log_made_safe(
    echo: EngineProcess, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    echo.ask(LoadModel(Path("noise.keras")))
    echo.close()
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "engine.log").read_text(encoding="utf-8").count("NOISE") == 5


def test_a_refused_bug_carries_no_escape_sequences(echo: EngineProcess) -> None:
    echo.start()
    echo.send(LoadModel(Path("escape.keras")))
    refused = next_of(echo, Refused)
    assert isinstance(refused, Refused)
    assert "\x1b" not in refused.details + str(refused.error)
    assert "·[2J" in str(refused.error)
