"""A scenario saved over keeps what was written by hand: comments, layout, order."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.scenario.rewriting import lost_comments, rewritten, same
from lstm_tui.scenario.yaml_text import compose

TEXT = """\
# What we saw on Monday.
version: 1
model: gold.keras     # the one in production

# sixty days
input: x.npy

actions:
  # dollars to units
  - rescale: {method: standard,
              mean: [1820], scale: [240]}
  # between days
  - reset: {}

# and this is what should come out
expect:
  shape: [1, 1]
# the end
"""
ACTION = {"reshape": {"window": 10}}


def plain(text: str) -> Any:
    return compose(text).plain()


def changed(**changes: Any) -> str:
    """TEXT with these keys given other values, or taken out (None)."""
    old = plain(TEXT)
    new = {key: value for key, value in {**old, **changes}.items() if value is not None}
    text = rewritten(TEXT, old, new)
    assert plain(text) == new
    return text


def test_nothing_changed_is_nothing_touched() -> None:
    assert changed() == TEXT


def test_an_entry_more_stands_below_the_others() -> None:
    text = changed(actions=[*plain(TEXT)["actions"], ACTION])
    assert text == TEXT.replace("  - reset: {}\n", "  - reset: {}\n  - reshape: {window: 10}\n")


def test_an_entry_less_leaves_the_others_and_all_comments() -> None:
    text = changed(actions=plain(TEXT)["actions"][1:])
    assert text == TEXT.replace(
        "  - rescale: {method: standard,\n              mean: [1820], scale: [240]}\n", ""
    )
    assert lost_comments(TEXT, text) == ()


def test_an_entry_in_the_middle_is_replaced() -> None:
    first, second = plain(TEXT)["actions"]
    text = changed(actions=[first, ACTION, second])
    assert lost_comments(TEXT, text) == ()
    assert "scale: [240]}\n  - reshape: {window: 10}\n  # between days\n  - reset: {}\n" in text


def test_the_last_entry_gone_takes_the_key_along_but_not_what_follows() -> None:
    text = changed(actions=None)
    assert "input: x.npy\n\n\n# and this is what should come out\nexpect:" in text
    assert lost_comments(TEXT, text) == ("# dollars to units", "# between days")


def test_a_key_more_stands_where_the_format_has_it() -> None:
    old = plain(TEXT)
    new = {
        "version": 1,
        "name": "Gold",
        **{key: old[key] for key in old if key != "version"},
        "view": {"step": 3},
    }
    text = rewritten(TEXT, old, new)
    assert plain(text) == new
    assert "version: 1\nname: Gold\nmodel: gold.keras     # the one in production\n\n# sixty days\n" in text
    assert text.endswith("  shape: [1, 1]\nview: {step: 3}\n# the end\n")


def test_another_value_loses_the_comment_in_its_line_and_this_is_told() -> None:
    text = changed(model="silver.keras")
    assert "version: 1\nmodel: silver.keras\n\n# sixty days\n" in text
    assert lost_comments(TEXT, text) == ("# the one in production",)


@pytest.mark.parametrize(
    "text", ["{version: 1, model: x}\n", "? version\n: 1\n", "", "  version: 1\n  model: x\n"]
)
def test_what_is_laid_out_otherwise_is_refused_or_still_right(text: str) -> None:
    old = plain(text)
    new = {**old, "version": 2}
    with contextlib.suppress(ValueError):
        assert plain(rewritten(text, old, new)) == new


def test_lists_in_one_line_are_written_afresh() -> None:
    text = "version: 1\nactions: [{reset: {}}]  # short\nmodel: x\n"
    new = {**plain(text), "actions": [{"reset": {}}, ACTION]}
    assert plain(rewritten(text, plain(text), new)) == new


def test_a_bare_file_name_says_what_a_mapping_says() -> None:
    assert same("x.npy", {"file": "x.npy"})
    assert same({"a": "x.npy"}, {"a": {"file": "x.npy"}})
    assert not same({"to": "zeros"}, {"to": {"file": "zeros"}}), "states from a file of this name"


entries = st.sampled_from([{"reset": {}}, {"reset": {"layers": ["a"]}}, ACTION, {"reshape": {"pad": 3}}])


@given(old=st.lists(entries, max_size=4), new=st.lists(entries, max_size=4))
def test_any_change_of_a_list_says_what_it_should(old: list[Any], new: list[Any]) -> None:
    lines = [f"  # number {index}\n  - {json.dumps(each)}\n" for index, each in enumerate(old)]
    text = "version: 1\n" + ("actions:\n" + "".join(lines) if old else "") + "# below\nmodel: x\n"
    wanted = {"version": 1, **({"actions": new} if new else {}), "model": "x"}
    assert plain(rewritten(text, plain(text), wanted)) == wanted
