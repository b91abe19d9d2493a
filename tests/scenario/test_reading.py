from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_tui.errors import ScenarioError
from lstm_tui.scenario.json_schema import scenario_json_schema
from lstm_tui.scenario.reading import parse_scenario, read_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.words import Source
from lstm_tui.scenario.yaml_text import MAX_BYTES
from lstm_tui.scenario.yaml_writing import yaml_text

_SCHEMA = scenario_json_schema()
FORMAT_WORDS = sorted({key for form in (_SCHEMA, *_SCHEMA["$defs"].values()) for key in form["properties"]})
HEAD = "version: 1\nmodel: models/gold.keras\n"
Written = Callable[[str], Scenario]


def mistakes(read: Callable[[], object]) -> list[str]:
    """What is said of each mistake, after the file's name."""
    with pytest.raises(ScenarioError) as caught:
        read()
    return [line.partition("case.yaml:")[2] for line in str(caught.value).splitlines()]


def test_every_form_of_the_format_is_read(written: Written, full_text: str):
    scenario = written(full_text)
    assert scenario.name == "Gold price moves between identical calls"
    assert scenario.model_path == scenario.folder / "models/gold.keras"
    assert set(scenario.inputs) == {"x", "table", "typed", "noise"}
    assert scenario.reference == Source(file="inputs/both.npz", key="a")
    assert scenario.target == "inputs/gold.npy"
    assert [action.given()[0] for action in scenario.actions] == [
        *["reshape"] * 10, *["rescale"] * 5, *["reset"] * 3,
        "poke", "clamp", "silence", "nudge", "dropout", "stateful", "last",
    ]  # fmt: skip
    assert [call.given()[0] for call in scenario.calls][-3:] == ["stream", "reload", "legacy_reset"]
    assert scenario.expect.shape == (1, 1)
    assert scenario.expect.output.atol == 1e-6
    assert scenario.breakpoints == ("abs(c) > 5 in lstm_1", "output['a: b'] < 0 and t > 20")
    assert scenario.watches == ("mean(f)", 'h[3:8] in "a layer"')
    assert scenario.view.series == "c"


def test_questions_that_cannot_be_read_are_mistakes_of_the_file(written: Written):
    text = HEAD + "breakpoints:\n  - abs(c) > 5\n  - abs(c > 5\n  - q > 3\nwatches: [1, 'mean(h, c)']\n"
    assert mistakes(lambda: written(text)) == [
        "5:5: breakpoints[1]: this bracket is never closed at character 4",
        "6:5: breakpoints[2]: q is not known at character 1; expected one of h, c, i, f, o, g, z, r, state, "
        "state_0, t, output, input, target",
        "7:11: watches[0]: text is wanted, got the number 1",
        "7:14: watches[1]: mean takes 1, not 2 at character 1; expected mean(x)",
    ]


def test_little_is_needed(written: Written):
    scenario = written(HEAD)
    assert (scenario.name, scenario.description, scenario.inputs) == ("case", "", None)
    assert (scenario.actions, scenario.calls, scenario.expect, scenario.view) == ((), (), None, None)


def test_yaml_1_2(written: Written):
    scenario = written(HEAD + "name: on\nexpect: {output: {values: [1], rtol: 1e-6}}\n")
    assert scenario.name == "on"
    assert scenario.expect.output.rtol == 1e-6


def test_all_mistakes_at_once_in_the_order_of_the_file(written: Written):
    text = """\
version: 1
model: models/gold.kers
input: {file: inputs/gold.npy, colums: [a]}
actions:
  - reshape: {add_axs: 0}
  - rest: {}
  - rescale: {method: standart, fit: reference}
calls:
  - predict: {batch_size: "4"}
  - reset:
expect: {shape: [1, -1]}
extra: 1
extra: 2
"""
    assert mistakes(lambda: written(text)) == [
        "2:8: model: no such file: models/gold.kers; did you mean models/gold.keras?",
        "3:32: input.colums: unknown key; did you mean columns?",
        "5:15: actions[0].reshape.add_axs: unknown key; did you mean add_axis?",
        "6:5: actions[1].rest: unknown key; did you mean reset?",
        "7:23: actions[2].rescale.method: 'standart' is not known here; did you mean standard?",
        "9:27: calls[0].predict.batch_size: a whole number is wanted, got the text '4'",
        "10:5: calls[1].reset: has no value; leave the key out, or write {} for an empty mapping",
        "11:21: expect.shape[1]: must be at least 0, got -1",
        "13:1: extra: key given twice; the first stands in line 12",
    ]


def test_a_model_that_lies_elsewhere_may_be_named_on_the_command_line(written: Written):
    (mistake,) = mistakes(lambda: written("version: 1\nmodel: ../gold.keras\n"))
    assert "leaves the scenario's folder" in mistake
    assert "replay --model FILE, lstm-tui FILE SCENARIO" in mistake


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("input: 3", "input: a file's name or a mapping is wanted, got the number 3"),
        ("inputs: {x: {fil: a}}", "inputs.x.fil: unknown key; did you mean file?"),
        ("inputs: [inputs/gold.npy, 3]", "inputs[1]: a file's name or a mapping is wanted"),
        ("inputs: {x: {values: [[1, 2], [3]]}}", "bad shape: entry 0 has shape (2,), entry 1 has shape (1,)"),
        ("input: {random: {shape: [100000, 100000]}}", "bad shape"),
        ("input: inputs/gold.npy\ninputs: {x: inputs/gold.npy}", "give input or inputs, not both"),
        ("target: inputs/god.npy", "no such file: inputs/god.npy; did you mean inputs/gold.npy?"),
        ("target: ../case.yaml", "target: leaves the scenario's folder"),
        ("target: inputs/../../x", "target: leaves the scenario's folder"),
        ("target: /etc/passwd", "target: absolute path"),
        ("target: 'C:\\x.npy'", "target: absolute path"),
        (f"target: {'x' * 3000}", "target: cannot be a file's name"),
        ("model_sha256: ABC", "model_sha256: is no SHA-256; 64 hexadecimal digits"),
        ("name: 3", "name: text is wanted, got the number 3"),
        ("name: [a]", "name: text is wanted, got a list of 1"),
        ("description: {a: b}", "description: text is wanted, got a mapping"),
        ('name: "a\\e[31m"', "name: control characters are not allowed"),
        ("actions: {reset: {}}", "actions: a list is wanted, got a mapping"),
        ("actions: [{reset: {to: 3}}]", "reset.to: zeros or random or a mapping is wanted, got the number 3"),
        ("actions: [{reset: {to: zeroes}}]", "'zeroes' is not known here; did you mean zeros?"),
        ("actions: [{reset: {}, reshape: {add_axis: 0}}]", "takes exactly one of reshape,"),
        ("actions: [{rescale: {mean: [1, a], scale: 1}}]", "rescale.mean[1]: a number is wanted"),
        ("actions: [{rescale: {mean: a, scale: 1}}]", "rescale.mean: a list or a number is wanted"),
        ("actions: [{reshape: {add_axis: 0, stride: 1}}]", "reshape: The reshape add_axis has no option"),
        ("actions: [{reshape: {add_axis: 0.0}}]", "add_axis: a whole number is wanted, got the number 0.0"),
        ("calls: [{model.reset_state: {}}]", "unknown key; did you mean model.reset_states?"),
        ("calls: [{}]", "got none of them"),
        ("calls: [{threads: {n: 65, each: [{predict: {}}]}}]", "threads.n: must be at most 64, got 65"),
        ("calls: [{call: {training: yes}}]", "call.training: true or false is wanted, got the text 'yes'"),
        ("expect: {findings: [No Such]}", "expect.findings[0]: is no finding's code"),
        ("expect: {output: {values: [1], rtol: .inf}}", "expect.output.rtol: must be a finite number"),
        ("view: {setp: 3}", "view.setp: unknown key; did you mean step?"),
        ("zzzzzz: 3", "zzzzzz: unknown key; known here: version, name, description"),
    ],
)  # fmt: skip
def test_one_mistake(written: Written, line: str, said: str):
    (mistake,) = mistakes(lambda: written(HEAD + line + "\n"))
    assert said in mistake
    assert re.match(r"\d+:\d+: ", mistake)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\nmodel: x\nnew_key: 1\n", "1:10: version: version 2 is newer"),
        ("version: 0\nmodel: x\n", "1:10: version: there is no such version; write `version: 1`"),
        ("version: '1'\n", "1:10: version: there is no such version; write `version: 1`"),
        ("version: true\n", "1:10: version: there is no such version; write `version: 1`"),
        ("version: 1.0\n", "1:10: version: there is no such version; write `version: 1`"),
        ("- 1\n", "1:1: a scenario is a mapping"),
        ("just words\n", "1:1: a scenario is a mapping"),
        ("a: [\n", "2:1: not YAML"),
        ("version: 1\n---\nversion: 1\n", "2:1: a second document begins"),
    ],
)  # fmt: skip
def test_files_that_are_no_scenario_of_this_version(written: Written, text: str, said: str):
    (mistake,) = mistakes(lambda: written(text))
    assert mistake.startswith(said)


def test_what_is_missing_is_said_of_an_empty_file(written: Written):
    assert [line.split(" ", 1)[1] for line in mistakes(lambda: written(""))] == [
        "model: this key is missing",
        "version: this key is missing",
    ]


def test_many_mistakes_are_counted(written: Written):
    lines = mistakes(lambda: written(HEAD + "actions:\n" + "  - reset: {seed: -1}\n" * 50))
    assert len(lines) == 21
    assert lines[-1] == " and 30 more"


def test_long_mistakes_are_cut_off_between_lines(written: Written):
    with pytest.raises(ScenarioError) as caught:
        written(HEAD + "".join(f"{'key' * 40}{n}: 1\n" for n in range(50)))
    *lines, last = str(caught.value).splitlines()
    assert 1 < len(lines) < 20
    assert last.endswith(f"and {50 - len(lines)} more")


def test_a_link_out_of_the_folder_is_refused(
    folder: Path, written: Written, tmp_path_factory: pytest.TempPathFactory
):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.npy"
    secret.write_bytes(b"")
    (folder / "inputs" / "link.npy").symlink_to(secret)
    (mistake,) = mistakes(lambda: written(HEAD + "input: inputs/link.npy\n"))
    assert "leaves the scenario's folder" in mistake


def test_a_link_in_a_circle_is_a_mistake(folder: Path, written: Written):
    (folder / "loop.npy").symlink_to(folder / "loop.npy")
    assert len(mistakes(lambda: written(HEAD + "input: loop.npy\n"))) == 1


def test_another_model_takes_the_place_of_the_scenarios_own(folder: Path):
    other = folder / "models" / "gold.keras"
    scenario = parse_scenario("version: 1\nmodel: gone.keras\n", Path("elsewhere/case.yaml"), model=other)
    assert scenario.model_path == other


def test_another_model_excuses_no_other_file(folder: Path):
    other = folder / "models" / "gold.keras"
    text = f"version: 1\nmodel: gone.keras\ntarget: {folder}/inputs/gold.npy\n"
    (mistake,) = mistakes(lambda: parse_scenario(text, folder / "case.yaml", model=other))
    assert "absolute path" in mistake


def test_a_name_cannot_write_to_the_terminal(written: Written):
    lines = mistakes(lambda: written(HEAD + '"k\u202eey": 1\n'))
    assert "\u202e" not in "".join(lines)


def test_files_that_cannot_be_read(folder: Path):
    large, text = folder / "large.yaml", folder / "latin.yaml"
    large.write_text("#" * (MAX_BYTES + 1))
    text.write_bytes("name: Prüfung".encode("latin-1"))
    for path, said in [
        (folder / "none.yaml", "cannot be read: No such file"),
        (folder, "is a folder"),
        (large, "too large"),
        (text, "not UTF-8"),
        (Path("/dev/null"), "no ordinary file"),
    ]:
        with pytest.raises(ScenarioError, match=said):
            read_scenario(path)


def test_a_byte_order_mark_is_no_mistake(folder: Path):
    path = folder / "bom.yaml"
    path.write_text(HEAD, encoding="utf-8-sig")
    assert read_scenario(path).model == "models/gold.keras"


# --- whatever the file holds, either a scenario or a ScenarioError ----------------------------------

calmly = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
#: Every key of the format, and a few values.
WORDS = [*FORMAT_WORDS, "1", "0", "-1", "1e-6", "zeros", "standard", "inputs/gold.npy", "models/gold.keras"]
leaves = st.one_of(st.sampled_from(WORDS), st.integers(), st.floats(), st.booleans(), st.text(max_size=8))
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)


def read_or_refuse(text: str, folder: Path) -> None:
    try:
        assert isinstance(parse_scenario(text, folder / "case.yaml"), Scenario)
    except ScenarioError as error:
        assert str(error).startswith(str(folder))


@calmly
@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@example(text="\\\\")
@example(text="a: !<tag:yaml.org,2002:python/name:os.system> ''")
def test_any_text(folder: Path, text: str):
    read_or_refuse(text, folder)


@calmly
@given(
    text=st.text(alphabet=[*":-?[]{},#&*!|>'\"%@`\\ \n\tab1.~=<+_/", "\x85", "\u2028", "\ufeff"], max_size=60)
)
def test_any_punctuation(folder: Path, text: str):
    read_or_refuse(text, folder)


@calmly
@given(data=st.data())
def test_a_scenario_with_a_piece_replaced(folder: Path, full_text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(full_text)))
    length = data.draw(st.integers(0, 30))
    piece = data.draw(
        st.text(alphabet=list(":-[]{},&*!|'\" \n\taz0.\\~"), max_size=6) | st.sampled_from(WORDS)
    )
    read_or_refuse(full_text[:start] + piece + full_text[start + length :], folder)


@calmly
@given(tree=st.dictionaries(st.sampled_from(WORDS), trees, max_size=6))
@example(tree={"reference": {"random": 1}})
@example(tree={"reference": {"random": "shape"}})
def test_any_tree_of_known_words(folder: Path, tree: dict[str, object]):
    text = yaml_text({"version": 1, "model": "models/gold.keras", **tree})
    read_or_refuse(text, folder)
