from __future__ import annotations

import math

import pytest

from lstm_tui.scenario.yaml_text import MAX_DEPTH, MAX_NODES, Place, YamlRefused, compose, plain_scalar


def refused(text: str) -> tuple[Place, str]:
    with pytest.raises(YamlRefused) as caught:
        compose(text)
    return caught.value.mistake.place, caught.value.mistake.what


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6),
        ("1.0e-5", 1e-5),
        (".5", 0.5),
        ("-12", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("0123", 123),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
    ],
)
def test_plain_scalars_of_yaml_1_2(text, value):
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


def test_nan_is_a_number():
    assert math.isnan(plain_scalar(".nan"))


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "no", "Yes", "1_000", "2020-01-01", "1:30", "0b11", "<<", "="]
)
def test_words_of_older_yaml_are_text(text):
    assert plain_scalar(text) == text


def test_quoted_numbers_are_text():
    assert compose("a: '1'\nb: \"2\"\nc: |\n  3\n").plain() == {"a": "1", "b": "2", "c": "3\n"}


def test_a_long_integer_is_a_float_and_no_wait():
    assert compose("a: " + "9" * 10_000).plain() == {"a": math.inf}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~", "null\n"])
def test_nothing_is_an_empty_mapping(text):
    assert compose(text).plain() == {}


def test_places_count_from_one():
    document = compose("a: 1\nb:\n  - x\n  - {c: 2}\n")
    assert document.place(("b", 1, "c")) == Place(4, 9)
    assert document.place(("b", 1, "c"), of_key=True) == Place(4, 6)


def test_the_place_of_what_is_missing_is_that_of_its_surroundings():
    document = compose("a: 1\nb:\n  - x\n")
    assert document.place(("b", 7, "c")) == document.place(("b",), of_key=True)


def test_duplicate_keys_are_mistakes_with_both_places():
    (mistake,) = compose("a: 1\nb: 2\na: 3\n").mistakes
    assert (mistake.place, mistake.path) == (Place(3, 1), ("a",))
    assert "line 1" in mistake.what


def test_an_empty_value_is_a_mistake_at_its_key():
    (mistake,) = compose("a:\n\n\nb: 1\n").mistakes
    assert (mistake.place, mistake.path) == (Place(1, 1), ("a",))


@pytest.mark.parametrize("escape", ["\\e", "\\0", "\\a", "\\x9b", "\\r", "\\ud800"])
def test_control_characters_are_mistakes(escape):
    assert [mistake.path for mistake in compose(f'a: "x{escape}y"').mistakes] == [("a",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object:os.system x", "tags are not allowed"),
        ("a: !!float 1", "tags are not allowed"),
        ("a: !x [1]", "tags are not allowed"),
        ("%YAML 1.1\n---\na: on", "directives"),
        ("%TAG ! tag:x,2000:\n---\na: 1", "directives"),
        ("a: 1\n---\nb: 1", "second document"),
        ("? [1, 2]\n: x", "key must be plain text"),
        ("? {a: 1}\n: x", "key must be plain text"),
        ("*a : 1", "key must be plain text"),
        ('"": 1', "key must be plain text"),
        ("a: *nowhere", "no &nowhere"),
        ("a: &a [*a]", "inside &a"),
        ("a: b: c", "not YAML"),
        ("a: [1, 2", "not YAML"),
        ('a: "\\UFFFFFFFF"', "not YAML"),
        ("a: \x07", "U+0007"),
    ],
)
def test_refused(text, said):
    assert said in refused(text)[1]


def test_the_place_of_a_refusal():
    assert refused("a: 1\nb: !x y\n")[0] == Place(2, 4)
    assert refused("a: 1\nb: \x07\n")[0] == Place(2, 4)


@pytest.mark.parametrize("open_bracket", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_before_it_is_built(open_bracket):
    assert f"{MAX_DEPTH} levels" in refused(open_bracket * 100_000)[1]


def test_an_alias_bomb_is_refused_before_it_unfolds():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert f"{MAX_NODES:,} values" in refused("\n".join(lines))[1]


def test_an_alias_stands_for_what_it_names():
    assert compose("a: &x {b: 1}\nc: *x\n").plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_more_numbers_than_a_text_should_hold_are_refused():
    assert ".npy" in refused("[" + "1," * (MAX_NODES + 1) + "]")[1]
