"""How the engine's processes live and die with the program that started them, forked or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions, Setup
from lstm_tui.engine.protocol import EngineGone, EngineReady, LoadModel
from lstm_tui.engine.spawn import EngineHost

LOAD = LoadModel(Path("plain.keras"))
#: A program that starts an engine, says the process ids, and obeys the word on its standard input.
PROGRAM = """
import sys, time
from pathlib import Path
from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import LoadModel

engine = EngineProcess(EngineOptions(gpu={gpu}), adapter={adapter!r})
engine.start()
if {wait}:
    engine.ask(LoadModel(Path("plain.keras")))
print(engine.host_pid, engine.pid or 0, flush=True)
while True:
    try:
        word = sys.stdin.readline().strip()
        if word == "busy":
            engine.send(LoadModel(Path("sleep.keras")))
        elif word == "ask":
            engine.ask(LoadModel(Path("noise.keras")))
            print("answered", engine.pid, flush=True)
        elif word == "hello":
            print("hello", flush=True)
        elif word == "leave":
            break
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def program(*, adapter: str = "stand_in", gpu: bool = False, wait: bool = True) -> subprocess.Popen[str]:
    source = PROGRAM.format(adapter=adapter, gpu=gpu, wait=wait)
    return subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], *filter(None, sys.path)]),
        },
    )


def say(running: subprocess.Popen[str], word: str) -> None:
    assert running.stdin is not None
    running.stdin.write(word + "\n")
    running.stdin.flush()


def line_of(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout is not None
    return running.stdout.readline().split()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet has."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in {"Z", "X"}


@pytest.mark.parametrize("gpu", [False, True], ids=["forked", "spawned"])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_no_process_outlives_a_program_that_was_killed(stand_in_path: None, gpu: bool, busy: bool) -> None:
    with program(gpu=gpu) as running:
        host, worker = map(int, line_of(running))
        if busy:
            say(running, "busy")
        running.kill()
        assert eventually(lambda: is_gone(host) and is_gone(worker))


def test_a_host_that_is_still_importing_ends_with_its_program(
    stand_in_path: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_adapter.py").write_text("import time; time.sleep(600)", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with program(adapter="slow_adapter", wait=False) as running:
        host, _ = map(int, line_of(running))
        assert not is_gone(host)
        running.kill()
        assert eventually(lambda: is_gone(host))


def test_no_process_outlives_a_program_that_just_ends(stand_in_path: None) -> None:
    with program() as running:
        host, worker = map(int, line_of(running))
        say(running, "leave")
        assert running.wait(20) == 0
        assert eventually(lambda: is_gone(host) and is_gone(worker))


def test_control_c_in_the_terminal_reaches_the_program_and_not_the_engine(stand_in_path: None) -> None:
    with program() as running:
        _, worker = line_of(running)
        say(running, "hello")
        assert line_of(running) == ["hello"]  # from here on it is ready for an interrupt
        os.killpg(running.pid, signal.SIGINT)
        assert line_of(running) == ["interrupted"]
        os.kill(int(worker), signal.SIGINT)
        say(running, "ask")
        assert line_of(running) == ["answered", worker]
        running.kill()


def test_what_the_engine_prints_never_reaches_the_program_s_output(stand_in_path: None) -> None:
    with program() as running:
        line_of(running)
        say(running, "ask")
        assert line_of(running)[0] == "answered"
        out, err = running.communicate("leave\n", timeout=20)
        assert (out, err) == ("", "")


def test_engines_are_forked_and_each_is_new(echo: EngineProcess) -> None:
    pids = set()
    for _ in range(3):
        echo.ask(LOAD)
        assert echo.pid is not None
        assert parent_of(echo.pid) == echo.host_pid
        assert (
            Path(f"/proc/{echo.pid}/cmdline").read_bytes()
            == Path(f"/proc/{echo.host_pid}/cmdline").read_bytes()
        )
        pids.add(echo.pid)
        echo.kill()
        assert isinstance(echo.next_event(20), EngineGone)
    assert len(pids) == 3


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


THREADED = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
from stand_in import open_model, versions
"""


def test_a_host_with_threads_does_not_fork(
    stand_in_path: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an import that leaves threads behind, a forked copy could wait for locks that nobody holds."""
    (tmp_path / "threaded.py").write_text(THREADED, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    log = tmp_path / "engine.log"
    with EngineProcess(EngineOptions(log_path=log), adapter="threaded") as engine:
        engine.ask(LOAD)
        assert b"worker" in Path(f"/proc/{engine.pid}/cmdline").read_bytes()
        os.kill(engine.pid or 0, signal.SIGKILL)
        gone = engine.next_event(20)
        assert isinstance(gone, EngineGone)
        assert "signal 9" in gone.reason
        engine.ask(LOAD)
    assert "threads after importing" in log.read_text(encoding="utf-8")


def test_where_a_gpu_is_used_nothing_is_forked(stand_in_path: None) -> None:
    """A driver's state does not survive a fork."""
    with EngineProcess(EngineOptions(gpu=True), adapter="stand_in") as engine:
        engine.ask(LOAD)
        assert b"worker" in Path(f"/proc/{engine.pid}/cmdline").read_bytes()
        assert engine.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, engine.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
        engine.kill()
        assert engine.next_event(20) == EngineGone("stopped on request")
        engine.ask(LOAD)


@pytest.mark.parametrize(
    ("options", "devices", "threads"),
    [(EngineOptions(threads=3), "-1", "3"), (EngineOptions(gpu=True, threads=0), None, "1")],
)
def test_tensorflow_finds_its_settings_in_the_environment(
    stand_in_path: None,
    monkeypatch: pytest.MonkeyPatch,
    options: EngineOptions,
    devices: str | None,
    threads: str,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with EngineProcess(options, adapter="stand_in") as engine:
        engine.ask(LOAD)
        pairs = Path(f"/proc/{engine.pid}/environ").read_text(encoding="utf-8").split("\0")
    environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    assert environment.get("CUDA_VISIBLE_DEVICES") == devices
    assert environment["TF_NUM_INTRAOP_THREADS"] == threads
    assert environment["KERAS_BACKEND"] == "tensorflow"


def test_a_folder_with_a_module_of_a_known_name_changes_nothing(
    stand_in_path: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that someone works in may hold a `json.py`, or a stranger's."""
    for name in ("json", "socket", "numpy", "lstm_tui"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from the folder')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with EngineProcess(adapter="stand_in") as engine:
        engine.ask(LOAD)


def test_a_host_can_be_warm_before_it_is_needed(stand_in_path: None) -> None:
    host = EngineHost(Setup(adapter="stand_in"))
    host.warm_up()
    warm = host.pid
    assert warm is not None
    with EngineProcess(host=host) as engine:
        engine.start()
        assert isinstance(engine.next_event(20), EngineReady)
        assert engine.host_pid == warm
    assert host.pid is None


@pytest.mark.parametrize("start", [-1, 0, 1 << 70])
def test_the_end_of_the_log_is_read_from_wherever_an_engine_says(tmp_path: Path, start: int) -> None:
    log = tmp_path / "engine.log"
    log.write_text("x" * 20_000 + "end", encoding="utf-8")
    said = EngineHost(Setup(EngineOptions(log_path=log))).log_since(start)
    assert len(said) <= 16 * 1024
    assert said == "" or said.endswith("end")


def test_a_setup_survives_the_command_line() -> None:
    setup = Setup(EngineOptions(gpu=True, trust=True, custom_objects=("a.b", "ü c"), threads=5), "adapter")
    assert Setup.from_argument(setup.to_argument()) == setup
