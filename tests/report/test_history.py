"""`lstm-tui history`: the text, the JSON, the exit status, and what is no question; no engine is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import FollowCalls, LoadModel, Request
from lstm_tui.errors import UsageError
from lstm_tui.recurrent.movements import Movements
from lstm_tui.report import history
from lstm_tui.report.diagnosing import Question
from lstm_tui.report.history import history_and_print, history_json, history_text
from tests.session.hand_made import gold
from tests.session.walks_made import movements, predictions

TEXT = """\
gold.keras: 6 calls
model(x) in call 2 moved 1 of 4 weights, by up to 0.09; fit in call 4 moved 3 of
4 weights, by up to 0.08; the other 4 calls moved none.
States moved in lstm_1.
Random numbers were drawn in drop.
Call 5 fails.

   1  predict  moves 1 of 1 state, by up to 0.5
   2  call     moves 1 of 4 weights, by up to 0.09; moves 1 of 1 state, by up to
               0.25
   3  reset    moves 1 of 1 state, by up to 0.7; reset lstm_1
   4  fit      moves 3 of 4 weights, by up to 0.08; moves 1 of 1 state, by up to
               0.4; compiled with Adam, mse
   5  predict  fails: ValueError: no such rank
   6  predict  moves 1 of 1 state, by up to 0.125

what                                                 at most    in calls
lstm_1/kernel (2, 16)                                   0.02      1 of 6
lstm_1/recurrent_kernel (4, 16)                         0.01      1 of 6
lstm_1/h (1, 4) state                                    0.7      5 of 6
norm/moving_mean (4,) not trained                       0.09      2 of 6
drop/seed (2,) seed                                    drawn      2 of 6
nothing moved in dense
"""


class FakeEngine:
    """Answers with what was made by hand."""

    def __init__(self, options: EngineOptions) -> None:
        self.answer: Movements = predictions(5)
        self.asked: list[Request] = []

    def ask(self, request: Request, on_progress: Any) -> object:
        self.asked.append(request)
        return gold() if isinstance(request, LoadModel) else self.answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine(EngineOptions())
    monkeypatch.setattr(history, "LocalEngine", lambda options: fake)
    return fake


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.ones((1, 10, 2), np.float32))
    return tmp_path / "x.npy"


def printed(question: Question, *, as_json: bool) -> int:
    return history_and_print(question, EngineOptions(), lambda stage, done: None, as_json=as_json)


def test_the_text_fits_and_tells_calls_and_weights() -> None:
    assert history_text(movements(), "gold.keras", made_up=False) == TEXT
    long = history_text(predictions(300), "gold.keras", made_up=False)
    assert max(map(len, long.splitlines())) <= 80


def test_the_json_has_a_number_for_each_call_and_no_nan() -> None:
    found = movements()
    moved = found.moved.copy()
    moved[0, 0] = np.inf
    broken = Movements(found.rows, found.calls, moved, found.sizes)
    told = json.loads(json.dumps(history_json(broken, "gold.keras", made_up=True), allow_nan=False))
    assert told["variables"][0]["moved"][0] == "inf"
    assert [len(each["moved"]) for each in told["variables"]] == [6] * 7
    assert told["calls"][4] == {"call": "predict", "ok": False, "note": "ValueError: no such rank"}
    assert (told["weights_moved"], told["made_up"]) == (True, True)


def test_a_single_prediction_is_repeated_and_the_status_tells_whether_weights_moved(
    engine: FakeEngine, sequence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = Question(Path("gold.keras"), sequence)
    assert printed(question, as_json=False) == 0
    assert "three times" in capsys.readouterr().out
    asked = engine.asked[-1]
    assert isinstance(asked, FollowCalls)
    assert len(asked.plan.calls) == 5
    engine.answer = movements()
    assert printed(question, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["model"] == "gold.keras"


def test_without_an_input_there_is_no_question(engine: FakeEngine) -> None:
    with pytest.raises(UsageError, match="no input"):
        printed(Question(Path("gold.keras")), as_json=False)
