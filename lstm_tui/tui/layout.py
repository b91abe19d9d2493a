"""Which panes of the workbench have which room: pure, to be remembered, and tested without a screen.

One pane has the focus, the one that `+` and `-` are about. Any may be hidden; one may have the whole screen.
What is asked for is kept as it is where a window is too small for it: a larger window shows it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: The panes between the first and the last line of the screen, in the order of the focus.
PANES_OF_BODY = ("left", "states", "units", "gates", "output")
#: How people call them.
NAMES = {
    "left": "layers and notes",
    "states": "states",
    "units": "units",
    "gates": "gates",
    "output": "output",
}
#: Who takes the room that the others leave: the first of these that is shown.
_FILLING = ("states", "output", "units", "gates", "left")
#: Without a recording there is nothing in these.
_OF_RECORDINGS = frozenset({"units", "gates"})


@dataclass(frozen=True)
class Layout:
    """What the user made of the panes.

    focus: the pane that was chosen, empty until one is. zoomed: it has the whole screen. hidden: by name.
    """

    focus: str = ""
    zoomed: bool = False
    hidden: frozenset[str] = frozenset()

    @property
    def chosen(self) -> str:
        """The pane that keys are about: the large one where none was chosen."""
        return self.focus or "states"


@dataclass(frozen=True)
class Room:
    """What there is to divide.

    narrow, low: a window too small for the left column, for gates and output. whole: the view takes the whole
    screen. nothing: the first pane takes the place of those that need a recording.
    """

    narrow: bool = False
    low: bool = False
    whole: bool = False
    nothing: bool = False


@dataclass(frozen=True)
class Placement:
    """The panes that are shown, and which of them takes what the others leave."""

    shown: tuple[str, ...]
    filling: str


def placed(layout: Layout, room: Room) -> Placement:
    """Where the panes go; never nowhere."""
    if room.whole:
        return Placement(("states",), "states")
    if layout.zoomed:
        nothing_in_it = room.nothing and layout.chosen in _OF_RECORDINGS
        pane = "states" if nothing_in_it else layout.chosen
        return Placement((pane,), pane)
    no_room = (
        (frozenset({"left"}) if room.narrow else frozenset())
        | (frozenset({"gates", "output"}) if room.low else frozenset())
        | (_OF_RECORDINGS if room.nothing else frozenset())
    )
    gone = layout.hidden - {"states"} if room.nothing else layout.hidden
    shown = tuple(pane for pane in PANES_OF_BODY if pane not in no_room | gone) or ("states",)
    return Placement(shown, next(pane for pane in _FILLING if pane in shown))


def focus_moved(layout: Layout, placement: Placement, by: int) -> Layout:
    """The focus on the next pane that is shown; of a pane on the whole screen, the next one is there then."""
    panes = tuple(pane for pane in PANES_OF_BODY if pane not in layout.hidden) if layout.zoomed else ()
    panes = panes or placement.shown
    here = panes.index(layout.chosen) if layout.chosen in panes else -1 if by > 0 else 0
    return replace(layout, focus=panes[(here + by) % len(panes)])


def zoom_switched(layout: Layout) -> Layout:
    """The pane in focus on the whole screen, or all as before."""
    if layout.zoomed:
        return replace(layout, zoomed=False)
    pane = layout.chosen
    return Layout(pane, True, layout.hidden - {pane})


def hidden_switched(layout: Layout, pane: str) -> Layout:
    """The pane hidden, and the focus where it was nearest; or shown again. The last one stays."""
    if pane in layout.hidden:
        return Layout(pane, False, layout.hidden - {pane})
    hidden = layout.hidden | {pane}
    left = [each for each in PANES_OF_BODY if each not in hidden]
    if not left:
        return layout
    place = PANES_OF_BODY.index(pane)
    after = (each for each in left if PANES_OF_BODY.index(each) > place)
    focus = next(after, left[-1]) if layout.chosen == pane else layout.focus
    return Layout(focus, False, hidden)


def all_shown(layout: Layout) -> Layout:
    """Nothing hidden, nothing on the whole screen."""
    return Layout(focus=layout.focus)


def seen_to(layout: Layout, pane: str) -> Layout:
    """The pane in sight, because its content was just asked for; the same where it is."""
    if pane in layout.hidden:
        layout = replace(layout, hidden=layout.hidden - {pane})
    return replace(layout, focus=pane) if layout.zoomed and layout.chosen != pane else layout
