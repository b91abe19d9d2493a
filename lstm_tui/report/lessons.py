"""The lessons of all checks as one page: `python -m lstm_tui.report.lessons > docs/findings.md`.

The texts are those that the workbench shows; nothing is written here but headings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lstm_tui.checks.catalogue import CHECKS
from lstm_tui.checks.check import Check, Lesson, words_of
from lstm_tui.checks.loading.lessons import LOADING

#: The folder that a check stands in is its family; in the order of the five questions.
_FAMILIES = {
    "loading": "The model does not load",
    "inputs": "The input does not fit the model",
    "constant": "Predictions are constant or meaningless",
    "outputs": "The output is not what was meant",
    "states": "The same input gives different predictions, or the state is not what you think",
}

_OPENING = """# The findings

Every code that `lstm-tui diagnose` and the key `d` know, with the text that `L` shows in the workbench. This
page is made from the checks themselves (`python -m lstm_tui.report.lessons > docs/findings.md`), and a test
holds it to them.

A finding states a measurement on your model and input. It claims a cause only where the remedy was tried on a
copy and the symptom went away (*proof*: the measurement before and after), or where the fact is direct, such
as a NaN at one step of one sample. What merely follows from a cause is in its evidence, and no finding of its
own.

- **error**: with a proof or a direct fact; `diagnose` ends with status 1.
- **warning**: measured, and harmful if it is not on purpose; status 1 too.
- **info**: worth knowing; status 0.

*Needs* names what a check must be given beside the model: `x` the input, `shape` the output shape that you
expect, `reference` data on the scale of training, `target` what the prediction should be, `calls` what was
called in which order, `output` and `recording` that the call succeeds. Without it the check is silent, and
`--json` lists it under `not_checked`.
"""


def lessons_page() -> str:
    """The whole page, in Markdown."""
    parts = [_OPENING, _contents()]
    for family, title in _FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_section(code, lesson, needs) for code, lesson, needs in _of(family)]
    return "\n".join(parts)


def _of(family: str) -> Iterable[tuple[str, Lesson, str]]:
    """Code, lesson and needs of each check of a family."""
    if family == "loading":
        yield from ((told.code, told.lesson, "the model file alone") for told in LOADING)
        return
    for check in CHECKS:
        if _family(check) == family:
            yield check.code, check.lesson, ", ".join(map(words_of, check.needs)) or "the model alone"


def _family(check: Check) -> str:
    return check.find.__module__.removeprefix("lstm_tui.checks.").partition(".")[0]


def _contents() -> str:
    lines = ["| code | what is the case |", "|---|---|"]
    for family, title in _FAMILIES.items():
        lines.append(f"| **{title}** | |")
        lines += [f"| [`{code}`](#{code}) | {lesson.title} |" for code, lesson, _ in _of(family)]
    return "\n".join(lines) + "\n"


def _section(code: str, lesson: Lesson, needs: str) -> str:
    return "\n".join(
        [
            f"### {code}\n",
            f"**{lesson.title}.** Needs: {needs}.\n",
            f"{lesson.what}\n",
            f"*Why it matters.* {lesson.why}\n",
            f"*How Keras behaves.* {lesson.keras}\n",
            f"*How to keep it from happening.* {lesson.prevent}\n",
            f"```python\n{lesson.code.rstrip()}\n```\n",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(lessons_page())
