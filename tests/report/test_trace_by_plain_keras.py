"""`lstm-tui trace` on models made outside, held against a script that knows nothing but Keras."""

from __future__ import annotations

import contextlib
import io

import pytest

from tests.asked_here import asked_here

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A model made, traced and compared: what the trace and the comparison said."""
    import keras

    from tests.report import plain_keras

    keras.utils.clear_session()  # layers without a name are called after how many there were
    folder = tmp_path_factory.mktemp("outside")
    plain_keras.make(folder)
    model, given, out = folder / "model.keras", folder / "input.npz", folder / "trace.npz"
    trace = asked_here("trace", model, "--input", given, "-o", out)
    assert (trace.returncode, trace.stdout) == (0, ""), trace.stderr
    compared = io.StringIO()
    with contextlib.redirect_stdout(compared):
        plain_keras.check(folder)
    return {"trace": trace.stderr, "check": compared.getvalue()}


def test_a_plain_keras_script_reproduces_every_array(said: dict[str, str]) -> None:
    """It fails where an array is off, and where one of the trace was not compared."""
    compared = said["check"].splitlines()
    assert len(compared) == 48, compared
    assert {"gru/z", "shared#2/c", "simple/mask", "prefix/once"} <= {each.split()[0] for each in compared}


def test_trace_says_where_there_are_no_predictions_at_each_step(said: dict[str, str]) -> None:
    lines = said["trace"].splitlines()
    assert [line.partition(":")[0] for line in lines] == ["no prefix/backward", "no prefix/twice"]
    assert "backward_lstm reads the sequence backwards" in lines[0]
