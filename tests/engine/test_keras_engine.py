"""The engine with Keras inside: one import for all, real answers, and the same after each replacement."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.protocol import EngineGone, EngineReady, LoadModel, Progressed, RunCalls
from lstm_tui.errors import EngineDied, ModelFileError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Predict, Run, RunPlan

pytestmark = pytest.mark.keras


def loaded(engine: EngineProcess, path: Path) -> ModelFacts:
    facts = engine.ask(LoadModel(path))
    assert isinstance(facts, ModelFacts)
    return facts


def ran(engine: EngineProcess, *calls: Predict, timesteps: int = 20) -> Run:
    x = np.linspace(-1, 1, timesteps * 3, dtype=np.float32).reshape(1, timesteps, 3)
    run = engine.ask(RunCalls(RunPlan({"x": x}, calls=calls or (Predict(),))))
    assert isinstance(run, Run)
    return run


def test_a_model_is_loaded_and_run_and_its_recording_arrives_read_only(
    engine: EngineProcess, tiny_models: Path
) -> None:
    facts = loaded(engine, tiny_models / "two_layers.keras")
    assert facts.from_keras
    assert [layer.path for layer in facts.recurrent_layers] == ["lstm_1", "lstm_2"]
    recording = ran(engine).recording
    assert recording is not None
    assert recording.disagreement == 0.0
    trace = recording.layer("lstm_1")
    assert trace is not None
    assert trace.steps["c"].shape == (1, 20, 8)
    assert not trace.steps["c"].flags.writeable


def test_a_file_that_is_no_model_is_refused_and_the_former_model_stays(
    engine: EngineProcess, tiny_models: Path, tmp_path: Path
) -> None:
    loaded(engine, tiny_models / "two_layers.keras")
    broken = tmp_path / "broken.keras"
    broken.write_bytes((tiny_models / "lstm.keras").read_bytes()[:500])
    with pytest.raises(ModelFileError):
        engine.ask(LoadModel(broken))
    assert ran(engine).recording is not None


def test_a_replaced_engine_gives_the_same_numbers(engine: EngineProcess, tiny_models: Path) -> None:
    """Whatever forking did to TensorFlow, it did not change what it computes."""
    loaded(engine, tiny_models / "gru.keras")
    first = ran(engine).outcomes[0].outputs
    for _ in range(3):
        engine.kill()
        assert engine.next_event(30) == EngineGone("stopped on request")
        loaded(engine, tiny_models / "gru.keras")
        for name, output in ran(engine).outcomes[0].outputs.items():
            np.testing.assert_array_equal(output, first[name])


def test_engines_are_forked_from_one_host_that_has_run_nothing(
    engine: EngineProcess, tiny_models: Path
) -> None:
    loaded(engine, tiny_models / "lstm.keras")
    host = Path(f"/proc/{engine.host_pid}")
    mapped = (host / "maps").read_text(encoding="utf-8")
    assert "libtensorflow" in mapped
    assert "sklearn" not in mapped  # it is installed here, and Keras would import it
    assert len(list((host / "task").iterdir())) == 1
    with engine.another() as other:
        other.start()
        ready = other.next_event(60)
        assert isinstance(ready, EngineReady)
        assert "TensorFlow 2" in ready.versions
        assert "Keras 3" in ready.versions
        assert Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[1] == str(
            engine.host_pid
        )


def test_an_engine_killed_while_keras_works_is_replaced(engine: EngineProcess, tiny_models: Path) -> None:
    loaded(engine, tiny_models / "lstm.keras")
    pid = engine.pid
    assert pid is not None

    def kill_at_first_sign(stage: str, fraction: float | None) -> None:
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(EngineDied, match="signal 9"):
        engine.ask(LoadModel(tiny_models / "stateful.keras"), kill_at_first_sign)
    assert loaded(engine, tiny_models / "stateful.keras").stateful


def test_progress_is_told_in_fractions(engine: EngineProcess, tiny_models: Path) -> None:
    engine.start()
    loaded(engine, tiny_models / "gru.keras")
    heard: list[Progressed] = []
    x = np.zeros((1, 20, 3), np.float32)
    engine.ask(RunCalls(RunPlan({"x": x})), lambda stage, fraction: heard.append(Progressed(stage, fraction)))
    assert heard
    assert all(event.stage and (event.fraction is None or 0 <= event.fraction <= 1) for event in heard)


LOCAL = """
import sys
from pathlib import Path
import numpy as np
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.protocol import LoadModel, RunCalls
from lstm_tui.recurrent.calls import RunPlan

engine = LocalEngine()
assert "tensorflow" not in sys.modules
engine.ask(LoadModel(Path(sys.argv[1])), lambda stage, fraction: print("told", file=sys.stderr))
x = np.linspace(-1, 1, 60, dtype=np.float32).reshape(1, 20, 3)
print(engine.ask(RunCalls(RunPlan({"x": x}))).outcomes[0].outputs["head"].tobytes().hex())
"""


def test_a_headless_run_gives_the_same_and_keeps_the_output_clean(
    engine: EngineProcess, tiny_models: Path
) -> None:
    path = tiny_models / "two_layers.keras"
    loaded(engine, path)
    expected = ran(engine).outcomes[0].outputs["head"].tobytes().hex()
    done = subprocess.run(
        [sys.executable, "-c", LOCAL, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == expected + "\n"
    assert set(done.stderr.split()) == {"told"}
