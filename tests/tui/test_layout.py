"""Which panes have which room: whatever was pressed, something is shown, and what was hidden comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.tui import layout as of
from lstm_tui.tui.layout import PANES_OF_BODY, Layout, Placement, Room, placed

rooms = st.builds(Room, st.booleans(), st.booleans(), st.booleans(), st.booleans())
layouts = st.builds(
    Layout,
    st.sampled_from(["", *PANES_OF_BODY]),
    st.booleans(),
    st.frozensets(st.sampled_from(PANES_OF_BODY), max_size=len(PANES_OF_BODY) - 1),
)


@given(layouts, rooms)
def test_something_is_always_shown_and_something_fills_the_screen(layout: Layout, room: Room) -> None:
    placement = placed(layout, room)
    assert placement.filling in placement.shown
    assert set(placement.shown) <= set(PANES_OF_BODY)


@given(layouts, rooms, st.lists(st.sampled_from(["next", "before", "whole", "hide", "all"]), max_size=8))
def test_no_keys_hide_the_last_pane(layout: Layout, room: Room, keys: list[str]) -> None:
    for key in keys:
        match key:
            case "next" | "before":
                layout = of.focus_moved(layout, placed(layout, room), 1 if key == "next" else -1)
            case "whole":
                layout = of.zoom_switched(layout)
            case "hide":
                layout = of.hidden_switched(layout, layout.chosen)
            case "all":
                layout = of.all_shown(layout)
        assert len(layout.hidden) < len(PANES_OF_BODY)
        assert placed(layout, room).shown


@given(layouts)
def test_the_focus_comes_round(layout: Layout) -> None:
    moved = of.focus_moved(layout, placed(layout, Room()), 1)
    assert moved.focus not in layout.hidden
    assert of.focus_moved(moved, placed(moved, Room()), 1) != moved or len(PANES_OF_BODY) - 1 == len(
        layout.hidden
    )


def test_a_pane_takes_the_whole_screen_and_gives_it_back() -> None:
    units = Layout("units")
    whole = of.zoom_switched(units)
    assert placed(whole, Room()) == Placement(("units",), "units")
    assert of.zoom_switched(whole) == units


def test_without_a_chosen_pane_it_is_the_large_one() -> None:
    assert placed(of.zoom_switched(Layout()), Room()).shown == ("states",)


def test_who_hides_the_states_gives_their_room_to_the_output() -> None:
    hidden = of.hidden_switched(Layout(), "states")
    assert placed(hidden, Room()) == Placement(("left", "units", "gates", "output"), "output")
    assert of.hidden_switched(hidden, "states").hidden == frozenset()


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (Room(narrow=True, low=True), ("states", "units")),
        (Room(low=True), ("left", "states", "units")),
        (Room(nothing=True), ("left", "states", "output")),
        (Room(whole=True), ("states",)),
    ],
)
def test_small_windows_and_views_with_less_to_show(room: Room, shown: tuple[str, ...]) -> None:
    assert placed(Layout(), room).shown == shown


def test_a_view_that_is_asked_for_is_seen() -> None:
    assert of.seen_to(Layout("output", True), "states") == Layout("states", True)
    assert of.seen_to(Layout("", False, frozenset({"states"})), "states") == Layout()
    assert of.seen_to(Layout("output"), "states") == Layout("output")


def test_a_hidden_pane_that_has_no_room_anyway_leaves_the_others() -> None:
    hidden = Layout(hidden=frozenset({"states", "units"}))
    assert placed(hidden, Room(narrow=True, low=True)).shown == ("states",)
