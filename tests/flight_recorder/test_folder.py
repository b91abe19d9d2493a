"""Files of captures: whole or not at all, for their owner alone, bounded, shared by processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.flight_recorder.folder import Bounds, CaptureFolder
from lstm_tui.report.replay_files import scenario_files
from tests.flight_recorder.conftest import X, scenarios

ROOT = Path(__file__).resolve().parents[2]
LONG_AGO = 1_000_000_000


def written(folder: CaptureFolder, size: int = 10) -> Path:
    base = folder.new_base("nan")
    return folder.write({f"{base}.{end}": lambda file: file.write(b"x" * size) for end in ("npz", "yaml")})


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_are_for_their_owner_alone(model, watching, captures):
    old = os.umask(0)
    try:
        flight = watching()
        flight(model.predict)(X)
        flight.capture()
    finally:
        os.umask(old)
    assert stat.S_IMODE(captures.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in captures.iterdir()}
    assert len(modes) == 4, "YAML, arrays, states and the model"
    assert set(modes.values()) == {0o600}


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path):
    folder = CaptureFolder(tmp_path, Bounds())

    def fill(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        folder.write({"a.npz": lambda file: file.write(b"x"), "a.yaml": fill})
    assert names(tmp_path) == set()


def test_a_name_that_cannot_be_taken_takes_the_others_away(tmp_path):
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(OSError, match="directory"):
        CaptureFolder(tmp_path, Bounds()).write({"a.npz": lambda _: None, "a.yaml": lambda _: None})
    assert names(tmp_path) == {"a.yaml"}


def test_a_program_killed_while_it_writes_leaves_no_capture(model, tmp_path):
    """It dies before the YAML has its name: the last whole capture is there, and nothing else is seen."""
    program = (
        "import os, sys, numpy as np\n"
        "from lstm_tui.flight_recorder import watch\n"
        "from tests.flight_recorder.stand_ins import stateful_model\n"
        "model = stateful_model()\n"
        f"flight = watch(model, folder={str(tmp_path)!r}, spacing=0)\n"
        "predict = flight(model.predict)\n"
        "predict(np.ones((1, 3, 2)))\n"
        "flight.capture()\n"
        "replace = os.replace\n"
        "os.replace = lambda part, to: os._exit(9) if to.endswith('.yaml') else replace(part, to)\n"
        "flight.capture()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 9
    assert len(list(scenario_files([tmp_path]))) == 1
    assert len(scenarios(tmp_path)) == 1
    assert any(path.suffix == ".part" for path in tmp_path.iterdir())


def test_the_oldest_go_first_and_other_files_stay(tmp_path):
    folder = CaptureFolder(tmp_path, Bounds(captures=2))
    for name in ("mine.yaml", "20261125T000000-000000-nan-1.yaml", "notes.txt"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    paths = [written(folder) for _ in range(4)]
    assert folder.rotate() == 2
    assert [path.exists() for path in paths] == [False, False, True, True]
    assert not paths[0].with_suffix(".npz").exists()
    assert len(names(tmp_path)) == 7


def test_the_disk_is_bounded_in_bytes_and_the_newest_stays(tmp_path):
    folder = CaptureFolder(tmp_path, Bounds(disk_bytes=100))
    paths = [written(folder, size=20) for _ in range(4)]
    assert folder.rotate() == 2
    assert [path.exists() for path in paths] == [False, False, True, True]
    large = written(folder, size=1000)
    folder.rotate()
    assert [path.name for path in tmp_path.glob("*.yaml")] == [large.name]


def test_what_a_crash_left_behind_goes_after_an_hour(tmp_path):
    folder = CaptureFolder(tmp_path, Bounds())
    kept = written(folder)
    cut_off = written(folder)
    cut_off.unlink()
    left = [cut_off.with_suffix(".npz"), tmp_path / ".a.npz.0123abcd.part", tmp_path / ".saving-xyz"]
    left[1].touch()
    left[2].mkdir()
    unnamed, named = (tmp_path / f"model-gold-{digit * 12}.keras" for digit in "ab")
    unnamed.touch()
    named.touch()
    kept.write_text(f"model: {named.name}", encoding="utf-8")
    folder.rotate()
    assert all(path.exists() for path in (*left, unnamed, named))
    for path in (*left, unnamed, named, kept):
        os.utime(path, (LONG_AGO, LONG_AGO))
    folder.rotate()
    assert not any(path.exists() for path in (*left, unnamed))
    assert named.exists()
    assert kept.exists()


def test_two_processes_write_into_one_folder(tmp_path):
    program = (
        "import numpy as np, sys\n"
        "from lstm_tui.flight_recorder import watch\n"
        "from tests.flight_recorder.stand_ins import stateful_model\n"
        "model = stateful_model()\n"
        f"flight = watch(model, folder={str(tmp_path)!r}, spacing=0, keep=20)\n"
        "predict = flight(lambda x: x * np.nan)\n"
        "for _ in range(60): predict(np.ones((1, 3, 2)))\n"
        "print(flight.counts)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300)[0] for process in running]
    for words in told:
        counts = eval(words, {}, {})  # noqa: S307 - printed by the program above
        assert counts["captured"] == counts["calls"] == 60
        assert "failed" not in counts
    assert len(scenarios(tmp_path)) in {20, 21}, "both may have seen the same twenty"


def test_many_captures_in_a_row_lose_nothing_that_was_promised(model, watching, captures):
    flight = watching(calls=10, keep=7)
    predict = flight(lambda x: x * np.nan)
    for k in range(120):
        predict(np.full((1, 3, 2), k, np.float32))
    assert flight.counts == {"calls": 120, "captured": 120, "rotated": 113}
    assert len(flight.calls) == 10
    kept = [int(loaded.inputs[""].flat[0]) for loaded in scenarios(captures)]
    assert kept == list(range(113, 120))


def test_a_server_that_forks_while_calls_are_made_goes_on_in_its_children(model, tmp_path):
    program = (
        "import numpy as np, os, signal, sys, threading\n"
        "from lstm_tui.flight_recorder import watch\n"
        "from tests.flight_recorder.stand_ins import stateful_model\n"
        "model = stateful_model()\n"
        f"flight = watch(model, folder={str(tmp_path)!r}, on_disagreement=False)\n"
        "predict, stop = flight(model.predict), threading.Event()\n"
        "def busy():\n"
        "    while not stop.is_set(): predict(np.ones((1, 3, 2)))\n"
        "thread = threading.Thread(target=busy); thread.start()\n"
        "for _ in range(20):\n"
        "    if (child := os.fork()) == 0:\n"
        "        signal.alarm(60)\n"
        "        predict(np.ones((1, 3, 2)))\n"
        "        os._exit(0 if flight.capture() else 1)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "stop.set(); thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert len(scenarios(tmp_path)) == 20
