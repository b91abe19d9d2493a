from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.charts.lines import Line, plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.profile import horizon_span, horizon_words, profile_plot, profile_series
from lstm_tui.charts.time_axis import TimeAxis
from lstm_tui.recurrent.horizon import Horizon, memory_horizon
from lstm_tui.recurrent.window import Window

CHECK = Callable[[list[Line], int, Palette], None]
PROFILES = hnp.arrays(st.sampled_from([np.float32, np.float64]), st.integers(0, 40))


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    profiles=st.lists(PROFILES, max_size=3),
    backwards=st.booleans(),
    width=st.integers(0, 90),
    height=st.integers(0, 9),
)
def test_any_profile_at_any_size(
    data: st.DataObject,
    profiles: list[np.ndarray],
    backwards: bool,
    width: int,
    height: int,
    palettes: list[Palette],
    check_lines: CHECK,
) -> None:
    palette = data.draw(st.sampled_from(palettes))
    window = data.draw(st.none() | st.builds(Window, st.integers(-2, 40), st.integers(-2, 45)))
    horizons = {str(n): memory_horizon(one, go_backwards=backwards) for n, one in enumerate(profiles)}
    plot = profile_plot(horizons, width=width, height=height, palette=palette, window=window)
    assert len(plot.lines) == height
    check_lines(plot.lines, width, palette)
    for name, horizon in horizons.items():
        check_lines([horizon_span(horizon, plot.axis, width=width, palette=palette)], width, palette)
        check_lines([horizon_words(name, horizon, width=width, palette=palette)], width, palette)


def decaying(factor: float, timesteps: int, dtype: type = np.float64) -> np.ndarray:
    return (factor ** np.arange(timesteps, dtype=np.float64)[::-1]).astype(dtype)


def drawn(horizon: Horizon, palette: Palette, width: int = 47, **options: object) -> list[str]:
    """The plot and the span below it."""
    plot = profile_plot({"dL/dh": horizon}, width=width, height=5, palette=palette, **options)
    span = horizon_span(horizon, plot.axis, width=width, palette=palette)
    return [plain_text(line).rstrip() for line in (*plot.lines, span)]


def words(horizon: Horizon, palette: Palette) -> str:
    return plain_text(horizon_words("dL/dh", horizon, width=110, palette=palette)).rstrip()


def test_a_decay_and_its_horizon(plain: Palette) -> None:
    horizon = memory_horizon(decaying(0.7, 40))
    assert drawn(horizon, plain) == [
        "   1e0+                                 :******",
        "      |                       ***********",
        "      |             **********          :",
        "  1e-5+  ***********                    :",
        "      |**                               :",
        "                                        |- 7 -|",
    ]
    assert words(horizon, plain) == "dL/dh  7 of 40 steps hold 99%, x0.7 per step back"


def test_underflow_is_told_from_zero(plain: Palette) -> None:
    profile = decaying(0.01, 40, np.float32)
    horizon = memory_horizon(profile)
    *plot, span = drawn(horizon, plain)
    assert plot[-1].startswith("vvvvvvvvvvvvvvvvv", 7)
    assert span.startswith("vvv underflow vvv ", 7)
    assert words(horizon, plain).endswith(f", {np.count_nonzero(profile == 0)} underflow")
    shut = decaying(0.7, 40)
    shut[:20] = 0
    horizon = memory_horizon(shut)
    *plot, span = drawn(horizon, plain)
    assert "v" not in "".join(plot)
    assert span.startswith("0000000 zero 0000000", 7)
    assert words(horizon, plain).endswith(", 20 exactly 0")


def test_what_is_not_a_number_is_named(plain: Palette, colored: Palette) -> None:
    profile = decaying(0.7, 40)
    profile[:20] = np.nan
    horizon = memory_horizon(profile)
    *plot, span = drawn(horizon, plain)
    assert "xxx not a number xxx" in span
    assert ":" not in "".join(plot)
    assert words(horizon, plain).startswith("dL/dh  not a number from step 19 back, x0.7")
    line = horizon_words("dL/dh", horizon, width=80, palette=colored)
    assert {segment.style for segment in line if "number" in segment.text} == {colored.warning}


def test_a_gradient_that_does_not_fade_gives_a_lower_bound(plain: Palette) -> None:
    horizon = memory_horizon(decaying(1.1, 40))
    *plot, span = drawn(horizon, plain)
    assert ":" not in "".join(plot)
    assert span[7:] == "|--------- at least 40 steps ----------|"
    assert words(horizon, plain) == "dL/dh  at least 40 of 40 steps hold 99%, x1.1 per step back"


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ([], "no step counts"),
        ([0.0, 0.0], "no gradient at any step, 2 exactly 0"),
        ([0.5], "at least 1 of 1 step holds 99%"),
    ],
)
def test_little_or_nothing_to_say(profile: list[float], said: str, plain: Palette) -> None:
    assert words(memory_horizon(np.array(profile)), plain) == f"dL/dh  {said}"


def test_a_layer_that_runs_backwards_has_its_horizon_at_the_left(plain: Palette) -> None:
    *plot, span = drawn(memory_horizon(decaying(0.7, 40)[::-1], go_backwards=True), plain)
    assert span[7:] == "|- 7 -|"
    assert plot[-1].index(":") == 7 + 6


@pytest.mark.parametrize("timesteps", [5, 23, 40, 41, 1000, 77_777])
def test_the_rule_stands_at_the_end_of_the_span(timesteps: int, plain: Palette) -> None:
    horizon = memory_horizon(decaying(0.02 ** (5 / timesteps), timesteps))
    plot = profile_plot({"y": horizon}, width=47, height=8, palette=plain)
    span = plain_text(horizon_span(horizon, plot.axis, width=47, palette=plain))
    column = next(text.index(":") for text in map(plain_text, plot.lines) if ":" in text)
    assert span.index("|") == column
    assert horizon.first is not None
    wide = timesteps < plot.axis.columns
    assert column <= plot.axis.column(horizon.first) <= column + (8 if wide else 0)


def test_what_the_rule_would_hide_is_left(plain: Palette) -> None:
    horizon = memory_horizon(decaying(0.7, 40))
    column = drawn(horizon, plain)[0].index(":")
    assert [text[column] for text in drawn(horizon, plain)[:5]] == [":", "*", ":", ":", ":"]


def test_a_page_without_the_border_has_no_rule(plain: Palette) -> None:
    horizon = memory_horizon(decaying(0.7, 40))
    *before, span = drawn(horizon, plain, window=Window(0, 20))
    assert ":" not in "".join(before) and span == ""
    *within, span = drawn(horizon, plain, window=Window(36, 40))
    assert ":" not in "".join(within)
    assert "7 steps" in span


def test_one_broken_step_among_a_million_is_seen(plain: Palette) -> None:
    profile = np.ones(1_000_000)
    profile[700_000] = np.nan
    span = horizon_span(
        memory_horizon(profile), TimeAxis(0, 60, 0, 1_000_000, 1_000_000), width=60, palette=plain
    )
    assert plain_text(span).index("x") == 42
    assert plain_text(span).count("x") == 1


def test_a_true_zero_is_a_gap_in_the_line() -> None:
    profile = np.array([0.0, 1e-44, 1.0], np.float32)
    (series,) = profile_series({"y": memory_horizon(profile)})
    assert series.gaps and series.values.tolist() == [0.0, float(np.float32(1e-44)), 1.0]
    (series,) = profile_series({"y": memory_horizon(np.array([0.0, 0.5, 1.0]))})
    assert np.isnan(series.values[0])


def test_names_from_files_cannot_write_to_the_terminal(plain: Palette) -> None:
    line = horizon_words("a\x1b]52;c;x\x07", memory_horizon(np.ones(3)), width=60, palette=plain)
    assert "\x1b" not in plain_text(line)
