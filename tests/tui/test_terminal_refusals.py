"""Bad input: refused in a few lines before the screen opens, or said on the screen once it is open."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.pseudo_terminal import PseudoTerminal
from tests.tui.terminal import ENTER, arrays, at_rest, leave, model_files, started, stepping

pytestmark = pytest.mark.keras

STEPS = 20


def half(source: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes((model_files() / source).read_bytes()[: -path_size(source) // 2])


def path_size(source: str) -> int:
    return (model_files() / source).stat().st_size


def text(words: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(words)


def terabytes(path: Path) -> None:
    """A header that declares 12 TB, and 16 bytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1000000000000, 3), }".ljust(117) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16))


def two_arrays(path: Path) -> None:
    np.savez(path, a=np.zeros((1, 20, 3)), b=np.zeros((1, 20, 3)))


SMALL = "small.keras"
#: What is made in an empty folder, the words after `lstm-tui`, and a word that the answer must hold.
BEFORE_THE_SCREEN: dict[str, tuple[dict[str, Callable[[Path], object]], tuple[str, ...], str]] = {
    "model missing": ({}, ("none.keras",), "no file"),
    "model a directory": ({"m.keras": Path.mkdir}, ("m.keras",), "directory"),
    "model empty": ({"m.keras": Path.touch}, ("m.keras",), "empty"),
    "model truncated": ({"m.keras": half(SMALL)}, ("m.keras",), "zip"),
    "model some text": ({"m.keras": text("hello\n" * 99)}, ("m.keras",), "not a Keras model"),
    "model an array": ({"x.npy": half("x.npy")}, ("x.npy",), "--input"),
    "scenario missing": ({}, ("none.yaml",), "none.yaml"),
    "scenario all wrong": (
        {"s.yaml": text("version: 1\nnmae: x\nmodel: none.keras\ncalls:\n  - predit: {}\n")},
        ("s.yaml",),
        "name",
    ),
    "input missing": ({}, (SMALL, "--input", "none.npy"), "no file"),
    "input truncated": ({"x.npy": half("x.npy")}, (SMALL, "--input", "x.npy"), "truncated"),
    "input of terabytes": ({"x.npy": terabytes}, (SMALL, "--input", "x.npy"), "12 TB"),
    "input ambiguous": ({"x.npz": two_arrays}, (SMALL, "--input", "x.npz"), "a (1, 20, 3)"),
    "input ragged": ({"x.json": text(json.dumps([[1, 2], [3]]))}, (SMALL, "--input", "x.json"), "ragged"),
    "settings wrong": ({"settings.toml": text("[keys]\nnxt = 'n'\n")}, (SMALL,), "nxt"),
    "option unknown": ({}, (SMALL, "--inptu", "x.npy"), "--input"),
    "command mistyped": ({}, ("inspct", SMALL), "did you mean `lstm-tui inspect`?"),
    "scenarios with mistakes": (
        {"a.yaml": text("version: 1"), "b.yaml": text("version: 2")}, ("a.yaml", "b.yaml"), "b.yaml:1:10",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """How a command ended that never came to draw, and what it left in the terminal."""

    status: int
    said: str


def refusal(case: str) -> Refusal:
    """What the app says of a case."""
    makers, words, _ = BEFORE_THE_SCREEN[case]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, make in makers.items():
            make(place / name)
        here = [model_files() / word if word == SMALL else word for word in words]
        with started(*here, place=place) as terminal:
            status = terminal.wait_for_end(60)
        return Refusal(status, terminal.everything.decode())


@pytest.fixture(scope="module")
def refusals() -> dict[str, Refusal]:
    """Every case, a few at a time: each is half a second of starting Python."""
    model_files()
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(BEFORE_THE_SCREEN, pool.map(refusal, BEFORE_THE_SCREEN), strict=True))


@pytest.mark.parametrize("case", BEFORE_THE_SCREEN)
def test_what_cannot_be_opened_is_refused_in_a_few_lines(refusals: dict[str, Refusal], case: str) -> None:
    """Status 2, the reason and what to do; no screen was begun, no traceback."""
    found = refusals[case]
    assert found.status == 2
    assert "\x1b" not in found.said
    assert BEFORE_THE_SCREEN[case][2] in found.said
    assert "Traceback" not in found.said
    assert 1 <= len(found.said.strip().splitlines()) <= 6


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoTerminal]:
    """One app that is handed one wrong input after the other."""
    files = model_files()
    arguments = (files / SMALL, "--input", files / "x.npy")
    with started(*arguments, place=tmp_path_factory.mktemp("place")) as terminal:
        yield stepping(terminal, STEPS)


def opened(terminal: PseudoTerminal, name: str) -> None:
    terminal.press("o")
    terminal.wait_for("Open an input")
    terminal.press(f"{model_files() / name}.npy{ENTER}")
    if name in arrays():
        shape = str(arrays()[name].shape)
        terminal.wait_until(lambda: "Open an" not in terminal.text and shape in terminal.text, shape)


@pytest.mark.parametrize(
    ("name", "sentence", "fits"),
    [
        ("no_batch_axis", "input-rank", "add axis 0"),
        ("an_axis_more", "input-rank", "drop axis 0"),
        ("two_features", "input-features", ""),
        ("swapped", "input-axes-swapped", "transpose 0 2 1"),
        ("a_number", "input-rank", ""),
        ("no_steps", "input-length", ""),
        ("no_rows", "batch-size", ""),
    ],
)
def test_a_call_that_fails_is_explained_with_what_would_fit(
    terminal: PseudoTerminal, name: str, sentence: str, fits: str
) -> None:
    opened(terminal, name)
    terminal.wait_until(lambda: f"predict failed  {sentence}" in terminal.text, sentence)
    shown = terminal.wait_for("engine ready")
    assert "Keras said" in shown
    if fits:
        assert fits in shown
        terminal.press("S")
        terminal.wait_for("Reshape the input")
        terminal.settle(0.2)
        terminal.press(ENTER)
        terminal.wait_for(f"t 0 of {STEPS}")
        terminal.press("u")
        terminal.wait_for("predict failed")
    else:
        assert "No reshape alone makes this fit" in shown


@pytest.mark.parametrize("name", ["spoilt", "all_nan", "all_inf", "one_step", "long"])
def test_strange_numbers_are_drawn_as_such(terminal: PseudoTerminal, name: str) -> None:
    opened(terminal, name)
    steps = {"one_step": 1, "long": 2000}.get(name, STEPS)
    terminal.wait_for(f"of {steps} ")
    terminal.wait_for("engine ready")
    at_rest(terminal)
    for key in ("$", "v", "v", "v", "N", "0"):
        terminal.press(key)
        terminal.settle(0.1)
    shown = terminal.wait_for(f"t 0 of {steps}")
    assert ("×" in shown) == (name in {"spoilt", "all_nan", "all_inf"})
    assert "inf inf inf" in shown or name != "all_inf"


def test_a_file_that_is_missing_is_said_in_the_dialogue(terminal: PseudoTerminal) -> None:
    opened(terminal, "none")
    terminal.wait_for("There is no file")
    leave(terminal)
    assert "There is no file" not in terminal.text


def test_no_screen_is_drawn_into_a_file(tmp_path: Path) -> None:
    """`lstm-tui model.keras 2> log` leaves the user before an empty terminal."""
    with (
        (tmp_path / "log").open("wb") as log,
        started(model_files() / SMALL, place=tmp_path, stderr=log) as terminal,
    ):
        assert terminal.wait_for_end(8) == 2
    assert b"\x1b[?1049h" not in (tmp_path / "log").read_bytes()


REFUSED = {"with_lambda": "--trust", "loud": "--custom-objects"}
#: A module that is not there: what the engine says of it stands for what Python raised.
OWN_MODULE = ("--custom-objects", "no_such_module")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PseudoTerminal]]:
    """An app for each model that the engine will not load."""
    files, place = model_files(), tmp_path_factory.mktemp("place")
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                started(*words, files / f"{model}.keras", "--input", files / "x.npy", place=place)
            )
            for name, model, words in (
                *((name, name, ()) for name in REFUSED),
                ("plain", "loud", OWN_MODULE),
                ("debug", "loud", ("--debug", *OWN_MODULE)),
            )
        }


@pytest.mark.parametrize("model", REFUSED)
def test_a_layer_that_runs_code_is_refused_with_the_option_that_helps(
    refused: dict[str, PseudoTerminal], model: str
) -> None:
    """Its layers are shown all the same."""
    shown = refused[model].wait_for(REFUSED[model], 120)
    assert "does not load" in shown
    assert "lstm" in shown


@pytest.mark.parametrize("model", REFUSED)
def test_a_refused_model_is_not_waited_for(refused: dict[str, PseudoTerminal], model: str) -> None:
    """Nor after an edit, which makes another plan."""
    terminal = refused[model]
    terminal.wait_for(REFUSED[model], 120)
    terminal.press("s")
    terminal.wait_for("standard")
    terminal.press(ENTER)
    shown = terminal.wait_for("unsaved changes")
    assert "follow once TensorFlow has started" not in shown
    assert "does not load" in shown


def test_the_traceback_of_a_refusal_is_for_who_asked_for_it(
    refused: dict[str, PseudoTerminal],
) -> None:
    plain, debug = refused["plain"], refused["debug"]
    for terminal in (plain, debug):
        assert ("i shows the traceback" in terminal.wait_for("cannot be imported", 120)) == (
            terminal is debug
        )
        terminal.press("i")
        terminal.wait_for("Not run")
    assert "Traceback" not in plain.text
    assert "importlib.import_module" in debug.wait_for("Traceback")
    debug.press("y")
    debug.wait_for("copied")


def test_a_model_without_recurrent_layers_is_shown_and_says_so(tmp_path: Path) -> None:
    with started(model_files() / "no_recurrence.keras", place=tmp_path) as terminal:
        terminal.wait_for("no recurrent layer", 120)
        assert "head" in terminal.text
