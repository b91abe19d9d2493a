"""Bad input: refused in a few lines before the screen opens, or said on the screen once it is open."""

from __future__ import annotations

import json
import tempfile
import zipfile
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


def objects(path: Path) -> None:
    np.save(path, np.array([{1: 2}], dtype=object), allow_pickle=True)


def terabytes(path: Path) -> None:
    """A header that declares 12 TB, and 16 bytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1000000000000, 3), }".ljust(117) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16))


def some_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no model")


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
    "model another zip": ({"m.keras": some_zip}, ("m.keras",), "m.keras"),
    "model an array": ({"x.npy": half("x.npy")}, ("x.npy",), "--input"),
    "scenario missing": ({}, ("none.yaml",), "none.yaml"),
    "scenario no YAML": ({"s.yaml": text("a: [1")}, ("s.yaml",), "s.yaml:1"),
    "scenario all wrong": (
        {"s.yaml": text("version: 1\nnmae: x\nmodel: none.keras\ncalls:\n  - predit: {}\n")},
        ("s.yaml",),
        "name",
    ),
    "input missing": ({}, (SMALL, "--input", "none.npy"), "no file"),
    "input a directory": ({"d": Path.mkdir}, (SMALL, "--input", "d"), "directory"),
    "input empty": ({"x.npy": Path.touch}, (SMALL, "--input", "x.npy"), "empty"),
    "input truncated": ({"x.npy": half("x.npy")}, (SMALL, "--input", "x.npy"), "truncated"),
    "input text": ({"x.npy": text("1,2,3")}, (SMALL, "--input", "x.npy"), "numpy.save"),
    "input pickled": ({"x.npy": objects}, (SMALL, "--input", "x.npy"), "objects"),
    "input of terabytes": ({"x.npy": terabytes}, (SMALL, "--input", "x.npy"), "12 TB"),
    "input ambiguous": ({"x.npz": two_arrays}, (SMALL, "--input", "x.npz"), "a (1, 20, 3)"),
    "input ragged": ({"x.json": text(json.dumps([[1, 2], [3]]))}, (SMALL, "--input", "x.json"), "ragged"),
    "input no numbers": ({"x.csv": text("a,b\n1,x\n")}, (SMALL, "--input", "x.csv"), "line 2"),
    "input no array": ({"x.py": text("pass")}, (SMALL, "--input", "x.py"), ".npy"),
    "target missing": ({}, (SMALL, "--target", "none.npy"), "no file"),
    "settings wrong": ({"settings.toml": text("[keys]\nnxt = 'n'\n")}, (SMALL,), "nxt"),
    "option unknown": ({}, (SMALL, "--inptu", "x.npy"), "--input"),
    "command unknown": ({}, ("inspct", SMALL), "inspct"),
}  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """How a command ended that never came to draw."""

    status: int
    drawn: int
    said: str


def refusal(case: str) -> Refusal:
    """What the app says of a case, with standard error apart from the terminal."""
    makers, words, _ = BEFORE_THE_SCREEN[case]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        place = Path(folder)
        for name, make in makers.items():
            make(place / name)
        here = [model_files() / word if word == SMALL else word for word in words]
        with started(*here, place=place, stderr=said) as terminal:
            status = terminal.wait_for_end(60)
        said.seek(0)
        return Refusal(status, terminal.received, said.read().decode())


@pytest.fixture(scope="module")
def refusals() -> dict[str, Refusal]:
    """Every case, a few at a time: each is half a second of starting Python."""
    model_files()
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(BEFORE_THE_SCREEN, pool.map(refusal, BEFORE_THE_SCREEN), strict=True))


#: `lstm-tui inspct model.keras` opens "inspct" with the scenario "model.keras".
_TAKEN_FOR_A_FILE = pytest.mark.xfail(strict=True, reason="a mistyped command is taken for a file name")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=_TAKEN_FOR_A_FILE if case == "command unknown" else ())
        for case in BEFORE_THE_SCREEN
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_few_lines(refusals: dict[str, Refusal], case: str) -> None:
    """Status 2, nothing drawn, the reason and what to do on standard error, no traceback."""
    found = refusals[case]
    assert found.status == 2
    assert found.drawn == 0
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
    leave(terminal)
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


@pytest.mark.xfail(strict=True, reason="Textual draws on standard error, which is not looked at")
def test_no_screen_is_drawn_into_a_file(tmp_path: Path) -> None:
    """`lstm-tui model.keras 2> log` leaves the user before an empty terminal."""
    with (
        (tmp_path / "log").open("wb") as log,
        started(model_files() / SMALL, place=tmp_path, stderr=log) as terminal,
    ):
        assert terminal.wait_for_end(8) == 2
    assert b"\x1b[?1049h" not in (tmp_path / "log").read_bytes()


REFUSED = {"with_lambda": "--trust", "loud": "--custom-objects"}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PseudoTerminal]]:
    """An app for each model that the engine will not load."""
    files, place = model_files(), tmp_path_factory.mktemp("place")
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                started(files / f"{name}.keras", "--input", files / "x.npy", place=place)
            )
            for name in REFUSED
        }


@pytest.mark.parametrize("model", REFUSED)
def test_a_layer_that_runs_code_is_refused_with_the_option_that_helps(
    refused: dict[str, PseudoTerminal], model: str
) -> None:
    """Its layers are shown all the same."""
    shown = refused[model].wait_for(REFUSED[model], 120)
    assert "is not loaded" in shown
    assert "lstm" in shown


@pytest.mark.xfail(
    strict=True, reason="the reason is a message that goes; below it the screen waits for ever"
)
@pytest.mark.parametrize("model", REFUSED)
def test_a_refused_model_is_not_waited_for(refused: dict[str, PseudoTerminal], model: str) -> None:
    refused[model].wait_for(REFUSED[model], 120)
    assert "follow once TensorFlow has started" not in refused[model].wait_for("engine ready")


def test_a_model_without_recurrent_layers_is_shown_and_says_so(tmp_path: Path) -> None:
    with started(model_files() / "no_recurrence.keras", place=tmp_path) as terminal:
        terminal.wait_for("no recurrent layer", 120)
        assert "head" in terminal.text
