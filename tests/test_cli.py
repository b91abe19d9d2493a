"""The command line: results on standard output alone, errors in a few lines, exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lstm_tui
from tests.asked_here import asked_here

Ended = subprocess.CompletedProcess[str]


def run(*arguments: str | Path, encoding: str = "utf-8") -> Ended:
    command = [sys.executable, "-m", "lstm_tui", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding=encoding, check=False, timeout=240)


def refused(*arguments: str | Path) -> str:
    """Standard error of a command that must end with status 2, in a few lines, without a result."""
    return refusal(run(*arguments))


def refusal(done: Ended) -> str:
    """Standard error of a command that ended with status 2, in a few lines, without a result."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 6
    return done.stderr


def test_a_mistyped_command_is_not_taken_for_a_file() -> None:
    for words in (("inpsect", "m.keras", "--json"), ("--debug", "inpsect"), ("Inspect",)):
        done = run(*words)
        assert done.returncode == 2
        assert "did you mean `lstm-tui inspect`?" in done.stderr
    assert "no command nonsense and no file" in refused("nonsense")


def test_a_file_may_be_called_like_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as the terminal that is needed to see it."""
    monkeypatch.chdir(tmp_path)
    Path("inspct").touch()
    for name in ("inspct", "inspct.keras", "./inspect"):
        assert "needs a terminal" in refused(name)


def test_what_the_encoding_lacks_is_written_as_what_looks_like_it(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    done = run("inspect", tiny_models / "größe–日.keras", encoding="latin-1")
    assert f"There is no file {tiny_models}/größe-??.keras" in done.stderr


def test_the_version() -> None:
    assert lstm_tui.__version__ in run("--version").stdout


def test_what_needs_a_terminal_says_so() -> None:
    assert "terminal" in refused()


@pytest.mark.parametrize("command", [("inspect",), ("trace", "-o", "out.npz")])
def test_a_missing_model_is_one_clear_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    name, *rest = command
    more = ["--input", tmp_path / "x.npy"] if name == "trace" else []
    assert "no file" in refused(name, tmp_path / "none.keras", *more, *rest).lower()


def test_unknown_options_are_refused() -> None:
    assert "No such option" in refused("inspect", "--jsn", "m.keras")


def test_the_schema_is_json() -> None:
    schema = json.loads(run("schema").stdout)
    assert schema["properties"]["version"]["const"] == 1


def test_a_bad_scenario_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bug.yaml"
    path.write_text("version: 1\nmodle: m.keras\n", encoding="utf-8")
    done = run("replay", path)
    assert done.returncode == 2
    assert "2:1: modle: unknown key; did you mean model?" in done.stdout


@pytest.mark.keras
def test_trace_writes_what_keras_gives(tiny_models: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((1, 6, 3), np.float32))
    done = run("trace", tiny_models / "lstm.keras", "--input", tmp_path / "x.npy", "-o", tmp_path / "t.npz")
    assert (done.returncode, done.stdout) == (0, "")
    with np.load(tmp_path / "t.npz") as trace:
        assert {"lstm/h", "lstm/c", "lstm/i", "lstm/f", "lstm/o", "lstm/g", "output/head"} <= set(trace)
        assert trace["lstm/h"].shape == (1, 6, 4)


@pytest.mark.keras
def test_a_script_is_run_line_by_line_and_ends_at_the_first_that_cannot_be_done(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", np.ones((1, 6, 3), np.float32))
    script = tmp_path / "walk.txt"
    script.write_text("# a walk\ngoto end\n\nreshape last: 4\nsave case.yaml\nstp\nwhere\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = asked_here("run", script, tiny_models / "lstm.keras", "--input", tmp_path / "x.npy")
    told = done.stdout.splitlines()
    assert told[:2] == [": goto end", "lstm h, step 5 of 0 to 5"]
    assert "saved case.yaml" in told
    assert ": where" not in told
    assert (done.returncode, "walk.txt:6:1: there is no word stp" in done.stderr) == (2, True)
    assert "did you mean step?" in done.stderr
    assert "last: 4" in (tmp_path / "case.yaml").read_text(encoding="utf-8")


@pytest.mark.keras
def test_trace_of_a_call_that_fails_says_what_would_fit(tiny_models: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((6, 3), np.float32))
    out = tmp_path / "t.npz"
    said = refusal(asked_here("trace", tiny_models / "lstm.keras", "--input", tmp_path / "x.npy", "-o", out))
    assert "add axis 0" in said
    assert not out.exists()


@pytest.mark.keras
def test_rebuild_says_what_it_changed_and_how_it_knows(tiny_models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.keras"
    done = asked_here("rebuild", tiny_models / "lstm.keras", "--timesteps", "5", "-o", out)
    assert done.returncode == 0, done.stderr
    assert "same prediction: random input 1" in done.stdout
    assert out.exists()
    model = tiny_models / "lstm.keras"
    assert "which is never changed" in refusal(asked_here("rebuild", model, "-o", model))
    assert "not the name of a .keras file" in refusal(asked_here("rebuild", model, "-o", tmp_path / "out.h5"))
