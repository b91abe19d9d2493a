"""Bad input: refused in a few lines before the screen opens, or said on the screen once it is open."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.pseudo_terminal import PseudoTerminal
from tests.tui.terminal import ENTER, ROOT, arrays, at_rest, leave, model_files, started, stepping

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


#: What `python -m lstm_tui` does, once for each list of words, in its folder; importing is done once for all.
#: The words come from a file, and behind each answer stands its exit status. No case can hold up the others.
EACH_IN_TURN = """
import json, os, signal, sys
from lstm_tui.cli import main
import lstm_tui.tui.start

for place, words in json.load(open("cases.json")):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os.chdir(place)
        os.environ.update(LSTM_TUI_STATE=place + "/state", LSTM_TUI_SETTINGS=place + "/settings.toml")
        sys.argv = ["lstm-tui", *words]
        main()
    print(f"[ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}]", flush=True)
"""


@dataclass(frozen=True)
class Refusal:
    """How a command ended that never came to draw, and what it left in the terminal."""

    status: int
    said: str


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Refusal]:
    """Every case, each in a process and a folder of its own, one after the other in one terminal."""
    folder, cases = tmp_path_factory.mktemp("refusals"), []
    for number, (makers, words, _) in enumerate(BEFORE_THE_SCREEN.values()):
        place = folder / str(number)
        place.mkdir()
        for name, make in makers.items():
            make(place / name)
        here = [str(model_files() / word) if word == SMALL else word for word in words]
        cases.append((str(place), here))
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT)}
    with PseudoTerminal(
        [sys.executable, "-c", EACH_IN_TURN], environment=environment, cwd=folder
    ) as terminal:
        assert terminal.wait_for_end(300) == 0
        *said, _ = re.split(r"\[ended (-?\d+)\]", terminal.everything.decode())
    return {
        case: Refusal(int(status), words)
        for case, words, status in zip(BEFORE_THE_SCREEN, said[::2], said[1::2], strict=True)
    }


@pytest.mark.parametrize("case", BEFORE_THE_SCREEN)
def test_what_cannot_be_opened_is_refused_in_a_few_lines(refusals: dict[str, Refusal], case: str) -> None:
    """Status 2, the reason and what to do; no screen was begun, no traceback."""
    found = refusals[case]
    assert found.status == 2
    assert "\x1b" not in found.said
    assert BEFORE_THE_SCREEN[case][2] in found.said
    assert "Traceback" not in found.said
    assert 1 <= len(found.said.strip().splitlines()) <= 6


#: Each is a scenario of its own, so that one app with one engine can be handed one after the other.
MODELS = {
    "small": "file: x.npy",
    "with_lambda": "file: x.npy",
    "loud": "file: x.npy",
    "no_recurrence": "random: {shape: [1, 4]}",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoTerminal]:
    """One app, before the list of what is to be opened."""
    place = tmp_path_factory.mktemp("place")
    shutil.copy(model_files() / "x.npy", place)
    for number, (model, source) in enumerate(MODELS.items()):
        shutil.copy(model_files() / f"{model}.keras", place)
        text = f"version: 1\nname: {model}\nmodel: {model}.keras\ninput: {{{source}}}\n"
        (place / f"{number}.yaml").write_text(text, encoding="utf-8")
    with started(*sorted(place.glob("*.yaml")), place=place) as terminal:
        terminal.wait_for("choose a scenario")
        yield terminal


def chosen(app: PseudoTerminal, model: str) -> PseudoTerminal:
    """The app once this model is open, whatever was open before."""
    if "choose a scenario" not in app.text:
        leave(app)
        app.press("G")
        app.wait_for("choose a scenario")
    app.press("\x1b[H" + "\x1b[B" * list(MODELS).index(model) + ENTER)
    app.wait_until(lambda: "choose a scenario" not in app.text, f"{model} opened")
    return app


@pytest.fixture(scope="module")
def terminal(app: PseudoTerminal) -> PseudoTerminal:
    """One app that is handed one wrong input after the other."""
    return stepping(chosen(app, "small"), STEPS)


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


@pytest.mark.parametrize("model", REFUSED)
def test_a_layer_that_runs_code_is_refused_with_the_option_that_helps(
    app: PseudoTerminal, model: str
) -> None:
    """Its layers are shown all the same; and it is not waited for, nor after an edit, which makes another
    plan.
    """
    shown = chosen(app, model).wait_for(REFUSED[model], 120)
    assert "does not load" in shown
    assert "lstm" in shown
    app.press("s")
    app.wait_for("standard")
    app.press(ENTER)
    shown = app.wait_for("1 rescale standard")
    assert "follow once TensorFlow has started" not in shown
    assert "does not load" in shown
    app.press("u")
    app.wait_until(lambda: "1 rescale standard" not in app.text, "the edit undone")


def test_a_model_without_recurrent_layers_is_shown_and_says_so(app: PseudoTerminal) -> None:
    chosen(app, "no_recurrence").wait_for("no recurrent layer", 120)
    assert "head" in app.text


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PseudoTerminal]]:
    """Two apps whose engine cannot import what they name."""
    arguments = (*OWN_MODULE, model_files() / "loud.keras", "--input", model_files() / "x.npy")
    place = tmp_path_factory.mktemp("place")
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(started(*words, *arguments, place=place))
            for name, words in (("plain", ()), ("debug", ("--debug",)))
        }


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
