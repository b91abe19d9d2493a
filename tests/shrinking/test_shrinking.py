"""The search for the smallest case, against made-up checks: a function of the case says what shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.arrays.rescale import fit
from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis, Finding, Fix, Place
from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts, TensorFacts
from lstm_tui.recurrent.calls import (
    Alteration,
    Decode,
    Fit,
    Generate,
    Predict,
    ResetStates,
    RunPlan,
    StateReset,
    Threads,
    inputs_of,
)
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.shrinking.driving import Shrinking, Shrunk
from lstm_tui.shrinking.sizes import shrunk_words, sizes, zeroed
from lstm_tui.shrinking.target import Target, target_of
from lstm_tui.shrinking.words import write_shrunk

Shows = Callable[[Subject], bool]


def numbered(*shape: int) -> Array:
    """Every value tells its place; none is zero."""
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


def facts(*shape: int | None, outputs: tuple[int | None, ...] = (None, 1)) -> ModelFacts:
    tensors = (TensorFacts("x", shape),)
    return ModelFacts(Path("m.keras"), "m", "keras", "3", tensors, (TensorFacts("y", outputs),), (), 1)


def subject(x: Array, *calls: object, **more: object) -> Subject:
    plan_fields = {name: more.pop(name) for name in ("resets", "target", "alterations") if name in more}
    calls = calls or (Predict(),)
    return Subject(RunPlan({"x": x}, calls=calls, record=len(calls) - 1, **plan_fields), **more)


def finding(code: str = "state-carryover", **more: object) -> Finding:
    return Finding(code, "error", "measured", "lstm", **more)


def diagnosis(*findings: Finding, **more: object) -> Diagnosis:
    return Diagnosis((), findings, **more)


def shrunk(
    start: Subject, model: ModelFacts, shows: Shows, most: int = 300, place: Place | None = None
) -> Shrunk:
    assert shows(start)
    seen = lambda case, codes: diagnosis(finding()) if shows(case) else diagnosis()  # noqa: E731
    return driven(
        Shrinking(start, model, Target(finding(place=place), ("state-carryover",)), most=most), seen
    )


def driven(search: Shrinking, examine: Callable[..., Diagnosis | None]) -> Shrunk:
    """The search, every question answered."""
    while (question := search.question) is not None:
        search.told(examine(question.subject, question.codes))
    return search.result()


OPEN = facts(None, None, 3)


# --- what is taken away


def test_a_finding_that_shows_everywhere_needs_next_to_nothing():
    start = subject(numbered(8, 60, 3), Predict(), ResetStates(), Predict(), target=numbered(8, 1))
    found = shrunk(start, OPEN, lambda case: True)
    assert sizes(found.smallest, OPEN) == {
        "samples": 1, "timesteps": 1, "calls": 1, "features in use": 0, "numbers in all arrays": 3,
    }  # fmt: skip
    assert found.diagnoses < 20
    assert found.ended == "smallest"
    assert zeroed(start, found.smallest, OPEN) == {"x": (0, 1, 2)}


def test_the_window_is_as_short_as_what_it_must_hold():
    x = numbered(1, 100, 3)

    def holds(case: Subject) -> bool:
        return {x[0, 40, 1], x[0, 52, 1]} <= set(case.plan.inputs["x"][0, :, 1].tolist())

    found = shrunk(subject(x), OPEN, holds)
    assert found.smallest.plan.inputs["x"].shape == (1, 13, 3)
    assert sizes(found.smallest, OPEN)["features in use"] == 1


def test_where_the_finding_shows_is_tried_first():
    x = numbered(50, 1, 3)
    holds = lambda case: x[33, 0, 0] in case.plan.inputs["x"]  # noqa: E731
    hinted = shrunk(subject(x), OPEN, holds, place=Place(sample=33))
    assert hinted.smallest.plan.inputs["x"].shape == (1, 1, 3)
    assert hinted.diagnoses < shrunk(subject(x), OPEN, holds).diagnoses


def test_two_samples_far_apart_are_found():
    x = numbered(40, 2, 3)
    holds = lambda case: {x[3, 0, 0], x[37, 0, 0]} <= set(case.plan.inputs["x"][:, 0, 0].tolist())  # noqa: E731
    assert shrunk(subject(x), OPEN, holds).smallest.plan.inputs["x"][:, 0, 0].tolist() == [
        x[3, 0, 0],
        x[37, 0, 0],
    ]


def test_calls_that_matter_are_kept_in_order():
    calls = (Predict(), ResetStates(), Predict(batch_size=1), Generate(24), Predict(batch_size=2))

    def needed(case: Subject) -> bool:
        generates = any(isinstance(call, Generate) for call in case.plan.calls)
        return generates and case.plan.calls[-1] is calls[4]

    found = shrunk(subject(numbered(1, 4, 3), *calls), OPEN, needed).smallest.plan
    assert [type(call) for call in found.calls] == [Generate, Predict]
    assert found.calls[0].steps == 1
    assert found.record == 1


def test_fewer_steps_are_written():
    writes = lambda case: any(isinstance(call, Decode) for call in case.plan.calls)  # noqa: E731
    found = shrunk(subject(numbered(1, 4, 3), Decode(24, "x")), OPEN, writes).smallest.plan
    assert found.calls[0].steps == 1


def test_an_axis_that_the_model_fixes_is_not_cut_and_a_fixed_batch_only_as_a_whole():
    model = facts(4, 10, 3)
    found = shrunk(subject(numbered(12, 10, 3)), model, lambda case: True).smallest
    assert found.plan.inputs["x"].shape == (4, 10, 3)


def test_axes_of_an_input_of_another_rank_are_all_cut():
    x = numbered(60, 5)
    found = shrunk(subject(x), facts(None, None, 5), lambda case: case.plan.inputs["x"].ndim == 2)
    assert found.smallest.plan.inputs["x"].shape == (1, 1)


def test_token_ids_have_no_features_and_are_cut_in_time():
    ids = np.arange(1, 41).reshape(2, 20)
    found = shrunk(subject(ids), facts(None, None), lambda case: case.plan.inputs["x"][0, -1] == 20)
    assert found.smallest.plan.inputs["x"].tolist() == [[20]]


def test_what_lies_beside_goes_unless_it_is_needed():
    start = subject(
        numbered(2, 2, 3),
        resets=(StateReset(("a",)), StateReset(("b",))),
        alterations=(Alteration("lstm", (("stateful", False),)),),
        target=numbered(2, 1),
        reference={"x": numbered(64, 2, 3)},
        reference_target=numbered(64, 1),
        expected_shape=(2, 1),
        output_rescales=(fit("standard", numbered(4, 1)).inverted(),),
    )
    needed = lambda case: bool(case.reference) and case.plan.resets[-1:] == start.plan.resets[-1:]  # noqa: E731
    found = shrunk(start, OPEN, needed).smallest
    assert (found.plan.resets, found.plan.alterations, found.plan.target) == (start.plan.resets[1:], (), None)
    assert (found.reference_target, found.expected_shape, found.output_rescales) == (None, None, ())
    assert found.reference["x"].shape == (1, 2, 3)


def test_arrays_that_belong_together_are_cut_together():
    x, y = numbered(6, 5, 3), numbered(6, 1)
    each = (Predict({"x": x}), Predict(rows=(5, 2)), Fit(y, validation=({"x": x}, y), epochs=8))
    start = subject(x, *each, Threads(8, (Predict({"x": x}),)), target=y, expected_shape=(6, 1))

    def whole(case: Subject) -> bool:
        calls = case.plan.calls
        if len(calls) < 4 or case.plan.target is None or case.expected_shape is None:
            return False
        assert (
            len(case.plan.target)
            == len(case.plan.inputs["x"])
            == len(calls[2].target)
            == case.expected_shape[0]
        )
        assert (
            calls[3].each[0].inputs["x"].shape
            == case.plan.inputs["x"].shape
            == calls[2].validation[0]["x"].shape
        )
        return x[2, -1, 0] in inputs_of(calls[1], case.plan.inputs)["x"]

    calls = shrunk(start, OPEN, whole).smallest.plan.calls
    assert (calls[1].rows, calls[2].epochs, calls[3].n) == ((0,), 1, 2)


def test_a_sequence_that_comes_out_is_cut_with_its_input():
    model = facts(None, None, 3, outputs=(None, None, 1))
    start = subject(numbered(1, 9, 3), target=numbered(1, 9, 1), expected_shape=(1, 9, 1))
    found = shrunk(
        start, model, lambda case: case.plan.target is not None and case.expected_shape is not None
    )
    assert found.smallest.plan.target.shape == found.smallest.expected_shape == (1, 1, 1)


# --- how it ends


def test_the_number_of_diagnoses_is_bounded_and_the_best_so_far_is_given():
    x = numbered(1, 1000, 3)
    found = shrunk(subject(x), OPEN, lambda case: x[0, 500, 0] in case.plan.inputs["x"], most=25)
    assert found.ended == "bound"
    assert found.diagnoses == 25 + 1  # and the one by all checks


def test_stopped_it_gives_the_best_so_far_which_not_all_checks_have_seen():
    start = subject(numbered(9, 9, 3))
    search = Shrinking(start, OPEN, Target(finding(), ("state-carryover",)))
    search.told(diagnosis(finding()))
    found = search.result()
    assert (found.ended, found.codes, found.diagnoses) == ("stopped", None, 1)
    assert shrunk_words(start, found.smallest, OPEN).startswith("samples 9 → 1")


def test_where_the_smallest_case_shows_something_new_all_checks_are_asked_each_time():
    x = numbered(1, 64, 3)

    def examine(case: Subject, codes: tuple[str, ...] | None) -> Diagnosis:
        new = codes is None and case.plan.inputs["x"].shape[1] < 4
        return diagnosis(finding(), *([finding("input-length")] if new else []))

    found = driven(Shrinking(subject(x), OPEN, Target(finding(), ("state-carryover",))), examine)
    assert found.smallest.plan.inputs["x"].shape[1] == 4
    assert (found.ended, found.codes) == ("smallest", ("state-carryover",))


def test_a_case_that_cannot_be_examined_does_not_show_it():
    start = subject(numbered(2, 2, 3))
    search = Shrinking(start, OPEN, Target(finding(), ("state-carryover",)))
    assert driven(search, lambda case, codes: None).smallest is start


# --- which finding


def test_the_target_is_what_is_wanted_else_the_first_above_info():
    info, first, second = Finding("echo", "info", "…"), finding(), finding("input-scale")
    assert target_of(diagnosis(info)) is None
    assert target_of(diagnosis(first, second, info)).finding is first
    assert target_of(diagnosis(first, second), ["input-scale"]).finding is second


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (finding(), True),
        (finding("input-scale"), False),
        (replace(finding(), layer="other"), False),
        (replace(finding(), severity="info"), False),
        (finding(fix=Fix("Reset.")), False),
    ],
)
def test_the_same_finding(found: Finding, same: bool):
    assert Target(finding(), ()).shows_in(diagnosis(found)) is same
    assert not Target(finding(), ()).shows_in(diagnosis(found, failed={"echo": "crashed"}))


def test_checks_that_would_explain_it_are_run_too():
    from lstm_tui.checks.catalogue import CHECKS

    above, below = next((check.code, check.explains[0]) for check in CHECKS if check.explains)
    assert {above, below} <= set(Target(finding(below), ()).checks)


# --- writing


def test_a_shrunk_case_is_a_scenario_that_says_what_it_shows(tmp_path: Path):
    (tmp_path / "m.keras").touch()
    np.save(tmp_path / "x.npy", numbered(4, 6, 3))
    path = tmp_path / "bug.yaml"
    path.write_text(
        "version: 1\nname: Bug\nmodel: m.keras\ninput: x.npy\n"
        "calls: [{predict: {}}, {reset: {}}, {predict: {batch_size: 2}}]\nexpect: {output: {values: [1]}}\n"
    )
    opened = load_scenario(read_scenario(path))
    start = subject(opened.inputs[""], *opened.calls, calls_given=True)
    found = shrunk(start, OPEN, lambda case: any(c is opened.calls[2] for c in case.plan.calls))
    write_shrunk(found, opened, OPEN, tmp_path / "small.yaml")
    again = load_scenario(read_scenario(tmp_path / "small.yaml"))
    assert again.inputs[""].shape == (1, 1, 3)
    assert again.calls[0].batch_size == 2 and len(again.calls) == 1
    assert again.scenario.expect.findings == ("state-carryover",)
    assert again.scenario.expect.output is None
    assert (
        "still showing state-carryover: samples 4 → 1, timesteps 6 → 1, calls 3 → 1"
        in again.scenario.description
    )


def test_a_model_named_in_the_place_of_its_own_is_copied_beside_the_small_case(tmp_path: Path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "elsewhere.keras").write_bytes(b"model")
    path = tmp_path / "cases" / "bug.yaml"
    path.write_text(
        f"version: 1\nmodel: gone.keras\nmodel_sha256: {'a' * 64}\ninput: {{values: [[[1, 2, 3]]]}}\n"
    )
    opened = load_scenario(read_scenario(path, model=tmp_path / "elsewhere.keras"))
    found = shrunk(subject(opened.inputs[""]), OPEN, lambda case: True)
    write_shrunk(found, opened, OPEN, tmp_path / "cases" / "small.yaml")
    again = read_scenario(tmp_path / "cases" / "small.yaml")
    assert again.model_path.read_bytes() == b"model"
    assert again.model_sha256 is None


def test_names_that_cannot_be_written_are_refused(tmp_path: Path):
    from lstm_tui.engine.options import EngineOptions
    from lstm_tui.report.shrinking import ShrinkQuestion, shrink_and_print

    source = tmp_path / "bug.yaml"
    (tmp_path / "bug-small.yaml").touch()
    source.touch()
    for question, said in [
        (ShrinkQuestion(tmp_path / "m.keras"), "is no scenario"),
        (ShrinkQuestion(source), "already"),
        (ShrinkQuestion(source, source), "the scenario itself"),
        (ShrinkQuestion(source, tmp_path / "none" / "out.yaml"), "no folder"),
        (ShrinkQuestion(source, tmp_path / "out.txt"), "not the name of a scenario"),
    ]:
        with pytest.raises(UsageError, match=said):
            shrink_and_print(question, EngineOptions(), lambda stage, fraction: None)
