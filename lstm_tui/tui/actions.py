"""The one table of actions: bindings, footer, palette, help and the README's key list all come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lstm_tui.session import commands as c
from lstm_tui.session import comparing_commands as s
from lstm_tui.session.commands import Command
from lstm_tui.session.edits import PredictAgain
from lstm_tui.session.question_commands import ToHit
from lstm_tui.session.state import Lens
from lstm_tui.session.why_commands import AskWhy, GoBack


@dataclass(frozen=True)
class Action:
    """Something a key does.

    hint: the footer's word, empty to keep it out of the footer.
    essential: in the footer also where there is room for few.
    lens: in the footer only while this is looked at, and then before all others.
    command: what it does to the session; None where a screen has a method `action_<id>` for it.
    sides: only where two runs stand side by side.
    followed: in the footer only while a file or folder is followed.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    group: str
    hint: str = ""
    command: Command | None = None
    essential: bool = False
    lens: Lens | None = None
    sides: bool = False
    followed: bool = False

    @property
    def textual_action(self) -> str:
        """How Textual is told to do it."""
        return f"command('{self.id}')" if self.command is not None else self.id


MOVE, LOOK, DIAGNOSE, SIDES, CHANGE, FILES, PANES, APP = (
    "Move in time", "Look", "Diagnose", "Two runs side by side", "Change", "Files", "Panes", "Workbench",
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    Action("next_step", ("n", "right"), "Next timestep", MOVE, "next", command=c.MoveStep(1), essential=True),
    Action("previous_step", ("N", "left"), "Previous timestep", MOVE, "back", command=c.MoveStep(-1)),
    Action("ten_forward", ("j", "pagedown"), "Ten timesteps forward", MOVE, command=c.MoveStep(10)),
    Action("ten_back", ("J", "pageup"), "Ten timesteps back", MOVE, command=c.MoveStep(-10)),
    Action("to_start", ("home", "0"), "First timestep", MOVE, command=c.GoToStep(0)),
    Action("to_end", ("end", "$"), "Last timestep", MOVE, command=c.GoToStep(-1)),
    Action("go_to_step", ("g",), "Go to timestep …", MOVE, "go to"),
    Action("run", ("space",), "Run through the steps, or pause", MOVE, "run"),
    Action("next_hit", ("c",), "Continue to the next hit of a breakpoint", MOVE, "hit"),
    Action("previous_hit", ("C",), "Back to the last hit of a breakpoint", MOVE, command=ToHit(-1)),
    Action("next_layer", ("]", "down"), "Next recurrent layer", LOOK, command=c.MoveLayer(1)),
    Action("previous_layer", ("[", "up"), "Previous recurrent layer", LOOK, command=c.MoveLayer(-1)),
    Action(
        "next_series",
        ("v", "tab"),
        "Next series: hidden state, cell state, gates",
        LOOK,
        "view",
        command=c.MoveSeries(1),
    ),
    Action("previous_series", ("V", "shift+tab"), "Previous series", LOOK, command=c.MoveSeries(-1)),
    Action("next_unit", ("}",), "Next unit", LOOK, command=c.MoveUnit(1)),
    Action("previous_unit", ("{",), "Previous unit", LOOK, command=c.MoveUnit(-1)),
    Action("active_units", ("a",), "Show the most active units", LOOK, command=c.ChooseUnit(None)),
    Action("next_sample", (">",), "Next sample of the batch", LOOK, command=c.MoveSample(1)),
    Action("previous_sample", ("<",), "Previous sample of the batch", LOOK, command=c.MoveSample(-1)),
    Action("samples", ("l",), "List of the samples, what stands out first …", LOOK),
    Action("next_call", (")",), "Next call", LOOK, command=c.MoveCall(1)),
    Action("previous_call", ("(",), "Previous call", LOOK, command=c.MoveCall(-1)),
    Action(
        "origins", ("e",), "Where this value comes from", LOOK, "explain", command=c.ChooseLens("origins")
    ),
    Action(
        "why_output",
        ("Y",),
        "Why the output is what it is, back to its causes; again: by its inputs",
        LOOK,
        "output",
        command=AskWhy(),
        lens="origins",
    ),
    Action(
        "why_back",
        ("backspace",),
        "Back along the trail of causes",
        LOOK,
        "back",
        command=GoBack(),
        lens="origins",
    ),
    Action(
        "gradients",
        ("h",),
        "How far back the output reaches",
        LOOK,
        "reach",
        command=c.ChooseLens("gradients"),
    ),
    Action(
        "layer_outputs",
        ("O",),
        "What every layer gave, call by call",
        LOOK,
        command=c.ChooseLens("outputs"),
    ),
    Action(
        "error_reach",
        ("t",),
        "How far back the error against the target reaches, or the output again",
        LOOK,
        "error",
        command=c.SwitchGoal(),
        lens="gradients",
    ),
    Action(
        "float64",
        ("f",),
        "Gradients in float64 too, where float32 underflows",
        LOOK,
        "float64",
        command=c.SwitchPrecision(),
        lens="gradients",
    ),
    Action(
        "replay",
        ("m",),
        "Run the model on the sequence up to this timestep",
        LOOK,
        command=c.ReplayHere(),
    ),
    Action("zoom_out", ("z",), "More timesteps in a column, up to the whole timeline", LOOK, "zoom"),
    Action("zoom_in", ("Z",), "Fewer timesteps in a column", LOOK),
    Action("breakpoints", ("K",), "Breakpoints: conditions and their hits …", LOOK, "break"),
    Action("watches", ("k",), "Watches: expressions with value, change and history …", LOOK),
    Action("story", ("i",), "Story of this scenario and all its facts", LOOK, "story"),
    Action("diagnose", ("d",), "Run all checks", DIAGNOSE, "check", command=c.RunChecks(), essential=True),
    Action(
        "next_finding",
        (".",),
        "Next finding, and where it shows",
        DIAGNOSE,
        "finding",
        command=c.MoveFinding(1),
    ),
    Action("previous_finding", (",",), "Previous finding", DIAGNOSE, command=c.MoveFinding(-1)),
    Action("try_fix", ("T",), "Try the fix of the chosen finding", DIAGNOSE, "try", command=c.TryFix()),
    Action("lesson", ("L",), "Explain the chosen finding …", DIAGNOSE, "learn"),
    Action(
        "shrink",
        ("M",),
        "Make the case small that shows it, or stop at the best so far",
        DIAGNOSE,
        command=c.Shrink(),
    ),
    Action(
        "shapes",
        ("R",),
        "Shapes under other return_sequences and return_state",
        DIAGNOSE,
        "shapes",
        command=c.ChooseLens("shapes"),
    ),
    Action(
        "variance",
        ("b",),
        "The same call again and again: the variance test",
        DIAGNOSE,
        "same",
        command=c.ChooseLens("variance"),
    ),
    Action(
        "history",
        ("H",),
        "History of the calls: which weights and states moved, and how far",
        DIAGNOSE,
        "moved",
        command=c.ChooseLens("history"),
    ),
    Action(
        "sessions",
        ("I",),
        "Sessions that share the model, in every order: the laboratory",
        DIAGNOSE,
        "sessions",
        command=c.ChooseLens("sessions"),
    ),
    Action(
        "ahead",
        ("A",),
        "On its own predictions, beside the run on the truth: drift over the horizon",
        DIAGNOSE,
        "ahead",
        command=c.ChooseLens("ahead"),
    ),
    Action(
        "take_shapes",
        ("enter",),
        "Make the settings chosen in the view of shapes",
        DIAGNOSE,
        command=c.TakeShapes(),
    ),
    Action("want_shape", ("=",), "Say which shape of the output is wanted …", DIAGNOSE),
    Action("compare", ("D",), "Two runs side by side, and where they part …", SIDES, "A/B"),
    Action(
        "first_divergence",
        ("F",),
        "Where the two first part",
        SIDES,
        "first apart",
        command=s.ToFirstDivergence(),
        essential=True,
        sides=True,
    ),
    Action(
        "largest_difference",
        ("X",),
        "Where this series is furthest apart",
        SIDES,
        "furthest",
        command=s.ToLargestDifference(),
        essential=True,
        sides=True,
    ),
    Action(
        "switch_maps",
        ("W",),
        "A, B and their difference, or one of them alone",
        SIDES,
        "maps",
        command=s.SwitchMaps(),
        essential=True,
        sides=True,
    ),
    Action("leave_sides", ("escape",), "Back to the workbench", SIDES, "back", essential=True, sides=True),
    Action(
        "predict_again",
        ("p",),
        "Predict again, from the state that the last call left",
        CHANGE,
        "predict",
        command=c.MakeEdits((PredictAgain(),)),
    ),
    Action("reset", ("r",), "Reset states …", CHANGE, "reset", essential=True),
    Action("rescale", ("s",), "Rescale the input or the output …", CHANGE, "scale", essential=True),
    Action("reshape", ("S",), "Reshape the input …", CHANGE, "reshape", essential=True),
    Action(
        "try_otherwise",
        ("E",),
        "Try it otherwise: poke, clamp, silence, nudge, dropout …",
        CHANGE,
    ),
    Action("undo", ("u", "ctrl+z"), "Undo the last change", CHANGE, "undo", command=c.Undo(), essential=True),
    Action("redo", ("U", "ctrl+y"), "Redo", CHANGE, command=c.Redo()),
    Action("open_input", ("o",), "Open an input file, or take a random sequence …", FILES),
    Action("save", ("w",), "Save as a scenario …", FILES, "save", essential=True),
    Action("rebuild", ("B",), "Write the model in another form: stateless, other batch size …", FILES),
    Action("gallery", ("G",), "Gallery of scenarios", FILES),
    Action("copy", ("y",), "Copy the value under the cursor", FILES),
    Action("screenshot", ("P",), "Save a picture of the screen (SVG)", FILES),
    Action("next_pane", (";", "ctrl+right"), "Focus on the next pane", PANES),
    Action("previous_pane", ("ctrl+left",), "Focus on the pane before", PANES),
    Action("whole_pane", ("+",), "Pane in focus on the whole screen, or all as before", PANES, "whole"),
    Action("hide_pane", ("-",), "Hide the pane in focus", PANES),
    Action("all_panes", ("_",), "Show all panes", PANES),
    Action(
        "toggle_recording",
        ("x",),
        "Stop recording a long sequence, or go on with it",
        APP,
        command=c.ToggleRecording(),
    ),
    Action(
        "pause_stream",
        ("*",),
        "Pause what is followed, or go on; open the newest scenario that came",
        APP,
        "pause",
        followed=True,
    ),
    Action("restart_engine", ("ctrl+r",), "Stop the engine and start a new one", APP),
    Action("command_line", (":",), "Command line: all of this typed, and more …", APP, "type"),
    Action("switch_theme", ("ctrl+t",), "Next theme: dark, light, without colour", APP),
    Action("draw_anew", ("ctrl+l",), "Draw the whole screen anew", APP),
    Action("help", ("question_mark", "f1"), "Keys and words", APP, "help", essential=True),
    Action("palette", ("ctrl+p",), "Command palette", APP),
    Action("quit", ("q", "ctrl+q"), "Quit", APP, "quit"),
)

#: What also works where two runs stand side by side.
ALSO_OF_SIDES = frozenset(
    [
        "next_step",
        "previous_step",
        "ten_forward",
        "ten_back",
        "to_start",
        "to_end",
        "go_to_step",
        "next_layer",
        "previous_layer",
        "next_series",
        "previous_series",
        "next_unit",
        "previous_unit",
        "active_units",
        "next_sample",
        "previous_sample",
        "story",
        "copy",
        "screenshot",
        "switch_theme",
        "draw_anew",
        "help",
        "quit",
    ]
)

#: How keys are written for people.
_KEY_WORDS = {
    "question_mark": "?", "pagedown": "PgDn", "pageup": "PgUp", "right": "Right", "left": "Left", "up": "Up",
    "down": "Down",
    "enter": "Enter", "escape": "Esc", "backspace": "Backspace",
    "home": "Home", "end": "End", "space": "Space", "tab": "Tab", "shift+tab": "Shift+Tab", "f1": "F1",
}  # fmt: skip

#: How Textual names the keys that people write as one character.
_TEXTUAL_NAMES = {
    "?": "question_mark", "[": "left_square_bracket", "]": "right_square_bracket", "{": "left_curly_bracket",
    "}": "right_curly_bracket", "(": "left_parenthesis", ")": "right_parenthesis", "<": "less_than_sign",
    ">": "greater_than_sign", "$": "dollar_sign", ":": "colon", "/": "slash", "=": "equals_sign",
    ".": "full_stop", ",": "comma", ";": "semicolon", "+": "plus", "-": "minus", "_": "underscore",
    "*": "asterisk",
}  # fmt: skip


def key_word(key: str) -> str:
    """`question_mark` → `?`, `ctrl+p` → `Ctrl+P`."""
    if key.startswith("ctrl+"):
        return "Ctrl+" + (_KEY_WORDS.get(key[5:]) or key[5:].upper())
    return _KEY_WORDS.get(key, key)


def textual_key(key: str) -> str:
    """The name by which Textual knows a key: `]` → `right_square_bracket`."""
    return _TEXTUAL_NAMES.get(key, key)


def with_keys(overrides: Mapping[str, tuple[str, ...]]) -> tuple[Action, ...]:
    """The table with other keys for some actions, by id; a key taken over leaves the action that had it."""
    taken = {key for keys in overrides.values() for key in keys}
    return tuple(
        replace(action, keys=overrides.get(action.id, tuple(key for key in action.keys if key not in taken)))
        for action in ACTIONS
    )


def of_workbench(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Those of the main screen."""
    return tuple(action for action in actions if not action.sides)


def of_sides(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Those of the screen of two runs."""
    return tuple(action for action in actions if action.sides or action.id in ALSO_OF_SIDES)


def groups(actions: tuple[Action, ...]) -> dict[str, list[Action]]:
    """Actions by group, in the table's order."""
    table: dict[str, list[Action]] = {}
    for action in actions:
        table.setdefault(action.group, []).append(action)
    return table


def action_by_id(actions: tuple[Action, ...], action_id: str) -> Action:
    """The action called `action_id`. Raises: KeyError."""
    for action in actions:
        if action.id == action_id:
            return action
    raise KeyError(action_id)
