"""The examples under load: the wrong prediction is captured, and comes out again to the bit."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
pytest.importorskip("flask")
httpx = pytest.importorskip("httpx")

from examples import fastapi_server, flask_server  # noqa: E402
from lstm_tui.scenario.loading import LoadedScenario, load_scenario  # noqa: E402
from lstm_tui.scenario.reading import read_scenario  # noqa: E402

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "4-same-input-but-another-prediction"
MODEL, WINDOW = GALLERY / "models" / "carry-over.keras", np.load(GALLERY / "inputs" / "carry-over.npy")[0]


def check_captures(folder: Path) -> None:
    """Each is a wrong prediction of one customer; a fresh model gives it again, equal to the bit."""
    found = [load_scenario(read_scenario(path)) for path in folder.glob("*.yaml")]
    assert found
    model = keras.saving.load_model(found[0].scenario.model_path)
    for loaded in found:
        assert loaded.scenario.name.startswith("disagreement")
        assert "of customer" in loaded.scenario.description
        assert "at the same time" not in loaded.scenario.description
        assert np.array_equal(loaded.inputs[""][0], WINDOW.astype(np.float32))
        assert np.array_equal(again(model, loaded), loaded.expected_output)


def again(model: Any, loaded: LoadedScenario) -> np.ndarray:
    """What Keras itself gives from the captured states."""
    saved = loaded.actions[0].saved
    for layer in model.layers:
        for name, state in zip("hc", getattr(layer, "states", None) or (), strict=False):
            state.assign(saved[f"{layer.name}/{name}"])
    assert len(loaded.calls) > 1, "the call before is there too"
    return [model.predict(loaded.inputs[""], verbose=0) for _ in loaded.calls][-1]


def test_flask_under_concurrent_load(tmp_path: Path) -> None:
    app = flask_server.create_app(MODEL, tmp_path)

    def ask(customer: int) -> set[float]:
        client = app.test_client()
        asked = {"json": {"window": WINDOW.tolist()}, "headers": {"X-Customer": f"customer {customer}"}}
        answers = [client.post("/forecast", **asked) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        return {answer.get_json()["price"] for answer in answers}

    with ThreadPoolExecutor(4) as threads:
        prices = set().union(*threads.map(ask, range(4)))
    assert len(prices) > 1, "one window, several prices"
    check_captures(tmp_path)


async def test_fastapi_under_concurrent_load(tmp_path: Path) -> None:
    app = fastapi_server.create_app(MODEL, tmp_path)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=300) as client:
        asked = [
            client.post(
                "/forecast", json={"window": WINDOW.tolist()}, headers={"X-Customer": f"customer {number}"}
            )
            for number in range(6)
        ]
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["price"] for answer in answers}) > 1
    check_captures(tmp_path)
