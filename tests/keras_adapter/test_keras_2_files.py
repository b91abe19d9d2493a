"""Files that Keras 2.15 wrote: opened on a converted copy, they predict what Keras 2 predicted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from lstm_tui.errors import ModelFileError  # noqa: E402
from lstm_tui.keras_adapter import load_model  # noqa: E402

FOLDER = Path(__file__).parents[1] / "keras_2_files"
OPENED = sorted(path for path in FOLDER.glob("*.*") if path.suffix != ".npz" and path.stem != "operations")
OPENED = [path for path in OPENED if path.suffix in {".h5", ".keras"}]


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_a_file_of_keras_2_predicts_what_keras_2_predicted(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = load_model(path)
    kept = np.load(path.with_suffix(".npz"))
    inputs = [kept[name] for name in sorted(kept.files) if name != "y"]
    answer = loaded.model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=2, verbose=0)
    # what two releases of TensorFlow differ by: nothing, or the last bit of a float32
    np.testing.assert_allclose(answer, kept["y"], rtol=0, atol=5e-7)
    assert all(item.change for item in loaded.facts.obstacles if item.code == "load-legacy")
    assert loaded.facts.changes
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_keras_3_itself_does_not_open_them(path: Path) -> None:
    """Should it do so one day, the conversion of that entry has become pointless."""
    with pytest.raises((TypeError, ValueError, ImportError)):
        keras.models.load_model(path, compile=False)


def test_operations_of_tensorflow_are_named_one_by_one() -> None:
    with pytest.raises(ModelFileError) as raised:
        load_model(FOLDER / "operations.keras")
    for word in ("tf.math.reduce_mean", "tf.__operators__.add", "tf.__operators__.getitem", "3 obstacles"):
        assert word in str(raised.value)


def test_a_copy_of_a_converted_model_can_be_altered() -> None:
    """The function kept from Keras 2 goes through saving and loading again."""
    from lstm_tui.keras_adapter.altering import altered

    loaded = load_model(FOLDER / "hard_sigmoid.h5")
    x = np.load(FOLDER / "hard_sigmoid.npz")["x0"]
    again = altered(loaded)
    np.testing.assert_array_equal(again.model.predict(x, verbose=0), loaded.model.predict(x, verbose=0))
