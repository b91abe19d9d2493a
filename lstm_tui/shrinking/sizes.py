"""How large a case is, in the words in which it shrinks: `timesteps 60 → 1`."""

from __future__ import annotations

from lstm_tui.checks.case import Subject
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.shrinking.arrays import arrays_of
from lstm_tui.shrinking.axes import features_in_use


def sizes(subject: Subject, facts: ModelFacts) -> dict[str, int]:
    """Samples and timesteps of the largest input, calls, features that are not zero, numbers in all."""
    arrays = list(arrays_of(subject))
    inputs = [array for role, _, array in arrays if role == "input"]
    return {
        "samples": max((len(array) for array in inputs if array.ndim), default=0),
        "timesteps": max((array.shape[1] for array in inputs if array.ndim > 1), default=0),
        "calls": len(subject.plan.calls),
        "features in use": sum(map(len, features_in_use(subject, facts).values())),
        "numbers in all arrays": sum(array.size for _, _, array in arrays),
    }


def shrunk_words(start: Subject, now: Subject, facts: ModelFacts) -> str:
    """What became less, `samples 8 → 1, timesteps 60 → 12`; empty where nothing did."""
    before, after = sizes(start, facts), sizes(now, facts)
    return ", ".join(
        f"{what} {size:,} → {after[what]:,}" for what, size in before.items() if size != after[what]
    )


def zeroed(start: Subject, now: Subject, facts: ModelFacts) -> dict[str, tuple[int, ...]]:
    """By input, the features that were set to zero."""
    before, after = features_in_use(start, facts), features_in_use(now, facts)
    gone = {name: tuple(f for f in used if f not in after.get(name, ())) for name, used in before.items()}
    return {name: features for name, features in gone.items() if features}


def features_words(features: tuple[int, ...]) -> str:
    """`feature 3`, `features 0, 2`."""
    return f"feature{'s' * (len(features) > 1)} {', '.join(map(str, features))}"
