"""A FastAPI server with a stateful model that nobody resets, and the flight recorder round its predict call.

uvicorn --factory examples.fastapi_server:create_app

POST {"window": [[...], ...]}, (timesteps, features), to /forecast. A prediction blocks, so it is made in a
thread while the loop goes on; the recorder watches the coroutine that waits for it.
"""

from __future__ import annotations

import asyncio
import os
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import keras
import numpy as np
from fastapi import FastAPI, Header
from pydantic import BaseModel

from lstm_tui.flight_recorder import watch

customer: ContextVar[str] = ContextVar("customer", default="?")


class Question(BaseModel):
    """What is asked: a window, (timesteps, features)."""

    window: list[list[float]]


def create_app(model_file: str | Path | None = None, captures: str | Path = "captures") -> FastAPI:
    """The server of the model in this file, or in that which MODEL_FILE names."""
    app = FastAPI()
    file = model_file or os.environ["MODEL_FILE"]
    model = keras.saving.load_model(file)
    flight = watch(model, file, folder=captures, session=customer.get)
    one_at_a_time = asyncio.Lock()

    @flight
    async def predict(window: np.ndarray) -> np.ndarray:
        return await asyncio.to_thread(model.predict, window, verbose=0)

    @app.post("/forecast")
    async def forecast(question: Question, x_customer: Annotated[str, Header()] = "?") -> dict[str, float]:
        customer.set(x_customer)
        async with one_at_a_time:
            curve = await predict(np.asarray([question.window], np.float32))
        return {"price": float(curve.flat[-1])}

    return app
