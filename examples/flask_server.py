"""A Flask server with a stateful model that nobody resets, and the flight recorder round its predict call.

flask --app "examples.flask_server:create_app('gold.keras')" run

POST {"window": [[...], ...]}, (timesteps, features), to /forecast. Each answer begins with the state that the
call before it left, of whichever customer: one window gets several answers, and the recorder keeps them.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import keras
import numpy as np
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from lstm_tui.flight_recorder import watch


def create_app(model_file: str | Path, captures: str | Path = "captures") -> Flask:
    """The server of the model in this file."""
    app = Flask(__name__)
    model = keras.saving.load_model(model_file)
    flight = watch(model, model_file, folder=captures, session=lambda: request.headers.get("X-Customer", "?"))
    predict = flight(model.predict)
    one_at_a_time = Lock()  # keeps calls apart; what the one before left in the model, it does not

    @app.post("/forecast")
    def forecast() -> ResponseReturnValue:
        window = np.asarray(request.get_json()["window"], np.float32)
        with one_at_a_time:
            curve = predict(window[None], verbose=0)
        return jsonify(price=float(curve.flat[-1]))

    return app
