"""Terminals that can do less: small, few colours or none, no Unicode; windows that change below a screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.pseudo_terminal import PseudoTerminal
from tests.tui.terminal import ENTER, LARGE, TINY, USUAL, at_rest, leave, model_files, started, stepping

pytestmark = pytest.mark.keras

STEPS = 20
PALETTE = "\x10"


@dataclass(frozen=True)
class Look:
    """An environment, and a window in it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] = USUAL


LOOKS = {
    "16 colours": Look({"TERM": "xterm", "COLORTERM": ""}),
    "linux console": Look({"TERM": "linux", "COLORTERM": ""}),
    "no colours, 40x10": Look({"NO_COLOR": "1"}, TINY),
    "C locale": Look({"LANG": "C", "LC_ALL": "C"}),
    # Where the locale is Latin-1 indeed; not every machine that runs this has one.
    "Latin-1": Look({"LANG": "en_US.ISO-8859-1", "PYTHONIOENCODING": "latin-1:backslashreplace"}),
}


@pytest.fixture(scope="module")
def terminals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PseudoTerminal]]:
    """One app for each look, all started at once."""
    files, place = model_files(), tmp_path_factory.mktemp("place")
    arguments = (files / "small.keras", "--input", files / "x.npy")
    with ExitStack() as stack:
        apps = {
            name: stack.enter_context(
                started(*arguments, place=place, size=look.size, environment=look.environment)
            )
            for name, look in LOOKS.items()
        }
        yield {name: stepping(app, STEPS) for name, app in apps.items()}


@pytest.fixture(params=LOOKS)
def terminal(request: pytest.FixtureRequest, terminals: dict[str, PseudoTerminal]) -> PseudoTerminal:
    """Each of them in turn."""
    at_rest(terminals[request.param])
    return terminals[request.param]


def test_every_terminal_steps_and_turns_every_page(terminal: PseudoTerminal) -> None:
    for key in ("n", "v", "V", "}", "a", "]", "[", "j", "J", "n"):
        terminal.press(key)
        terminal.settle(0.1)
    terminal.wait_for(f"t 2 of {STEPS}")
    assert "lstm" in terminal.text


def test_every_terminal_shows_help_and_dialogues_and_comes_back(terminal: PseudoTerminal) -> None:
    for key, shown in (("?", "Keys"), ("i", "Model"), ("s", "standard"), ("g", "Go to timestep")):
        terminal.press(key)
        terminal.wait_for(shown)
        leave(terminal)
        terminal.wait_for(f"t 0 of {STEPS}")
    terminal.press("g")
    terminal.wait_for("Go to timestep")
    terminal.press("7" + ENTER)
    terminal.wait_for(f"t 7 of {STEPS}")


def colours(terminal: PseudoTerminal) -> set[str]:
    """The parameters of every change of style."""
    found = re.findall(rb"\x1b\[([0-9;]*)m", terminal.everything)
    return {parameters.decode() for parameters in found}


@pytest.mark.parametrize("look", ["16 colours", "linux console"])
def test_16_colours_are_the_terminals_own(terminals: dict[str, PseudoTerminal], look: str) -> None:
    assert not [style for style in colours(terminals[look]) if "38;" in style or "48;" in style]


def test_without_colours_there_are_greys_alone(terminals: dict[str, PseudoTerminal]) -> None:
    """Textual writes greys where NO_COLOR is set; the levels of the heat map are letters then."""
    terminal = terminals["no colours, 40x10"]
    terminal.resize(*USUAL)
    at_rest(terminal)
    terminal.press("nvV")
    terminal.wait_for(f"t 1 of {STEPS}")
    assert "prediction" in terminal.text
    terminal.resize(*TINY)
    at_rest(terminal)
    for style in colours(terminal):
        for red, green, blue in re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", style):
            assert red == green == blue
        assert not re.search(r"[34]8;5;", style)


def panes(terminal: PseudoTerminal) -> str:
    """The heat map and the plot, without frames and headings: what is read off the model."""
    right = [line[31:78] for line in terminal.text.splitlines()[1:-1]]
    return "\n".join(line for line in right if not re.search("[─…]", line))


@pytest.mark.parametrize("look", ["linux console", "C locale", "Latin-1"])
def test_charts_are_drawn_in_ascii_where_the_font_has_no_more(
    terminals: dict[str, PseudoTerminal], look: str
) -> None:
    terminal = terminals[look]
    at_rest(terminal)
    terminal.draw("n")
    assert panes(terminal).isascii()


@pytest.mark.parametrize("look", ["linux console", "C locale", "Latin-1"])
def test_everything_is_ascii_where_the_font_has_no_more(
    terminals: dict[str, PseudoTerminal], look: str
) -> None:
    """Panes, frames, scroll bars, help, dialogues, the palette and messages."""
    terminal = terminals[look]
    at_rest(terminal)
    terminal.press("y")
    terminal.wait_for("copied")
    terminal.press(PALETTE)
    terminal.wait_for("Search for")
    leave(terminal)
    assert terminal.everything.isascii()


def test_a_dialogue_in_the_smallest_window_shows_what_is_typed(
    terminals: dict[str, PseudoTerminal],
) -> None:
    """Also where offers, questions and comments are long."""
    terminal = terminals["no colours, 40x10"]
    at_rest(terminal)
    for key, question in (
        ("s", "Rescale"),
        ("S", "Reshape"),
        ("r", "is to be reset"),
        ("o", "Open an"),
        ("w", "Save"),
    ):
        terminal.press(key)
        terminal.wait_for(question)
        terminal.press("xyz: 3")
        terminal.wait_for("xyz: 3")
        leave(terminal)
        terminal.wait_for("t 0 of")


def test_the_smallest_window_says_how_to_get_help_and_out(terminals: dict[str, PseudoTerminal]) -> None:
    at_rest(terminals["no colours, 40x10"])
    assert "? help  q quit" in terminals["no colours, 40x10"].text


def test_a_window_dragged_below_the_gallery_and_help_which_are_ascii_too(tmp_path: Path) -> None:
    with started(place=tmp_path, environment=LOOKS["C locale"].environment) as terminal:
        terminal.wait_for("choose a scenario")
        for size in (TINY, LARGE, (61, 17), USUAL):
            terminal.resize(*size)
            terminal.settle(0.2)
            terminal.press("\x1b[B")
            terminal.wait_for("choose")
        terminal.press("?")
        terminal.wait_for("Keys")
        for size in (TINY, LARGE, USUAL):
            terminal.resize(*size)
            terminal.wait_for("Keys")
        leave(terminal)
        terminal.wait_for("choose a scenario")
        assert terminal.everything.isascii()
        terminal.press("q")
        assert terminal.wait_for_end() == 0
