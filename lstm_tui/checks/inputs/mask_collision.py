"""The masked value is a real value of the data: steps in the middle of a sequence are skipped.

Gaps that were marked on purpose are left alone: they lie off the data's path (-1 among prices), or they are
long, or no feature ever holds the value by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.masks import Masker, Steps, inside, maskers, runs
from lstm_tui.checks.measures import rms
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration, Inputs
from lstm_tui.recurrent.recording import Array

#: A masked run lies on the data's path within this many usual steps of the middle of its neighbours.
USUAL_STEPS = 3.0
#: Real values come alone or in few, mostly; where most runs inside a sequence are longer they were marked.
USUAL_RUN = 3.0
#: The outputs must move by this share of their spread, else the skipped steps do not matter.
MATTERS = 0.03


def _find(case: Case) -> Iterator[Finding]:
    for masker in maskers(case):
        skipped = inside(masker.masked)
        if skipped.any() and _is_data(masker, skipped):
            finding = _finding(case, masker, skipped)
            if finding is not None:
                yield finding
                return


def _is_data(masker: Masker, skipped: Steps) -> bool:
    """Whether the skipped steps look like the data around them."""
    found = runs(skipped)
    if np.median([stop - start for _, start, stop in found]) > USUAL_RUN:
        return False
    if masker.is_embedding:
        return True
    source = masker.source.astype(np.float64)
    if source.shape[-1] > 1 and not _each_feature_holds_it(masker, source):
        return False
    usual = _usual_step(source, masker.masked)
    on_path = [_departure(source, run, masker.value) <= USUAL_STEPS * usual for run in found]
    return float(np.mean([each.all() for each in on_path])) > 0.5


def _each_feature_holds_it(masker: Masker, source: Array) -> bool:
    """Whether every feature has the value by itself too, in steps that are not masked."""
    counts = (source == masker.value) & ~masker.masked[..., None]
    return bool(counts.any(axis=(0, 1)).all())


def _usual_step(source: Array, masked: Steps) -> Array:
    """The mean |change| from one unmasked step to the next, `(features,)`; many may be none."""
    both = ~(masked[:, 1:] | masked[:, :-1])
    changes = np.abs(np.diff(source, axis=1))[both]
    if not len(changes):
        return np.zeros(source.shape[-1])
    spread = source[~masked].std(axis=0)
    usual: Array = np.maximum(changes.mean(axis=0), 0.05 * spread)
    return usual


def _departure(source: Array, run: tuple[int, int, int], value: float) -> Array:
    """|value - middle of the two neighbours| of a run, `(features,)`."""
    row, start, stop = run
    departure: Array = np.abs(value - (source[row, start - 1] + source[row, stop]) / 2)
    return departure


def _finding(case: Case, masker: Masker, skipped: Steps) -> Finding | None:
    real = ~masker.masked | skipped
    share = float(skipped.sum() / max(real.sum(), 1))
    read = _read(case, masker, skipped)
    if read is None or read.moved < MATTERS:
        return None
    row, step = (int(place) for place in np.argwhere(skipped)[0])
    what = "token 0" if masker.is_embedding else f"steps of {masker.value:g}"
    return Finding(
        code="mask-collision",
        severity="error",
        summary=f"{masker.path} masks {what}, which the data itself holds: "
        f"{count(int(skipped.sum()), 'step')} inside the sequences, {share:.0%}, are skipped, the first at "
        f"sample {row}, step {step}. Read, they move the output by {read.moved:.0%} of its spread.",
        layer=masker.path,
        evidence={
            "share_of_steps_skipped": share,
            "steps_skipped": int(skipped.sum()),
            "masked_value": masker.value,
            "outputs_with_mask": _first(case.outputs),
            "outputs_without": _first(read.outputs),
        },
        fix=_fix(masker, read.change),
        proof=Proof("share of real steps that are skipped", share, 0.0) if read.change else None,
        place=Place(layer=masker.path, sample=row, step=step),
        weight=0.85,
        direct=True,
    )


def _fix(masker: Masker, change: Alteration | None) -> Fix:
    if masker.is_embedding:
        return Fix(
            "Keep id 0 for padding alone: add 1 to every id, and train with input_dim one larger.",
            code="ids = ids + 1  # 0 is left for padding\nkeras.layers.Embedding(vocabulary + 1, width, "
            "mask_zero=True)",
            alterations=(change,) if change is not None else (),
        )
    assert change is not None
    return Fix(
        "Mask a value that the data cannot take, and pad with it.",
        code=f"keras.layers.Masking(mask_value={dict(change.settings)['mask_value']:g})",
        alterations=(change,),
    )


@dataclass(frozen=True, eq=False)
class _Read:
    """Outputs where the skipped steps are read, how far they moved, the change of the copy that did it."""

    outputs: Inputs
    moved: float
    change: Alteration | None = None


def _read(case: Case, masker: Masker, skipped: Steps) -> _Read | None:
    """On a copy in which only the padding is masked, where it can be told from the data."""
    inputs = dict(case.inputs)
    if masker.is_embedding:
        if (masker.masked & ~skipped).any():
            return _read_as_another(case, masker, skipped)
        change = Alteration(masker.path, (("mask_zero", False),))
    else:
        free = float(np.ceil(np.abs(masker.source[np.isfinite(masker.source)]).max(initial=1.0)) * 10)
        change = Alteration(masker.path, (("mask_value", -free),))
        if masker.input_name:
            padding = (masker.masked & ~skipped)[..., None]
            inputs[masker.input_name] = np.where(padding, -free, masker.source).astype(masker.source.dtype)
    try:
        outputs = case.predict(inputs, case.altered(change))
    except EditError:
        return None
    return _Read(outputs, _moved(case.outputs, outputs), change) if outputs else None


def _read_as_another(case: Case, masker: Masker, skipped: Steps) -> _Read | None:
    """Padding and word share id 0, so the mask cannot go: the word is read as another id instead."""
    if not masker.input_name:
        return None
    others = masker.source[~masker.masked]
    word = int(np.median(others)) if others.size else 1
    read = np.where(skipped, word, masker.source).astype(masker.source.dtype)
    outputs = case.predict({**case.inputs, masker.input_name: read})
    return _Read(outputs, _moved(case.outputs, outputs)) if outputs else None


def _moved(before: Inputs, after: Inputs) -> float:
    """The largest change of an output, as a share of its spread; of its size for a single row."""
    pairs = [(before[name], after[name]) for name in before if name in after]
    return max((rms(a - b) / _scale(a) for a, b in pairs if a.shape == b.shape), default=0.0)


def _scale(output: Array) -> float:
    spread = float(output.std(axis=0).mean()) if len(output) > 1 else 0.0
    return max(spread, 0.05 * rms(output), 1e-9)


def _first(outputs: Inputs) -> tuple[float, ...]:
    """The first values of the first output."""
    return tuple(float(each) for array in list(outputs.values())[:1] for each in np.ravel(array)[:6])


CHECK = Check(
    code="mask-collision",
    needs=("x", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="The masked value is a real value of the data",
        what="Masking skips every step whose features all equal its value, an Embedding with mask_zero "
        "every id 0. The data holds that value where nothing is missing: no rain, a balance of 0, the first "
        "word of a vocabulary.",
        why="The model does not see these steps, in training nor now. A dry day and a day without a reading "
        "are the same to it.",
        keras="Where the value stands in the sequence makes no difference to Keras; a skipped step repeats "
        "the state before it. Masking compares exactly, and only steps in which all features match.",
        prevent="Choose a value outside the data, after scaling, and keep id 0 for padding.",
        code="keras.layers.Masking(mask_value=-1000.0)",
    ),
    explains=("mask-empty",),
)
