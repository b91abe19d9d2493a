"""The results of a replay as text, as JSON and as JUnit XML, made from finished `ReplayResult`s."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.report.expectations import Difference
from lstm_tui.report.replay import ReplayResult, Replays, Status

#: What `replay --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
_STYLES: dict[Status, str] = {"passed": "green", "failed": "bold red", "not checked": "bold yellow"}
#: More that passed than this, and they are counted by their folders.
_MOST_PASSED = 50
#: Characters that XML 1.0 does not have, in any spelling.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def replay_text(replays: Replays, *, width: int = 80, color: bool = False) -> str:
    """One row a scenario, what is wrong beside its name, and a last line that counts.

    Of many, those that passed are one row a folder: what does not pass is to be seen.
    """
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=max(width // 3, 12))
    table.add_column(overflow="fold")
    for row in _rows(replays.results):
        status = Text(row.status, style=_STYLES[row.status])
        table.add_row(status, Text(one_line(row.name, 400)), Text(row.told))
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(table)
    console.print(Text(_counted(replays)))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


@dataclass(frozen=True)
class _Row:
    status: Status
    name: str
    told: str


def _rows(results: Sequence[ReplayResult]) -> Iterator[_Row]:
    plain = [result for result in results if result.status == "passed" and not result.notes]
    folded = set(map(id, plain)) if len(plain) > _MOST_PASSED else set()
    if folded:
        for folder, count in Counter(result.path.parent for result in plain).items():
            yield _Row("passed", f"{folder.as_posix()}/", f"{count} scenarios")
    differ = len({result.path.name for result in results}) == len(results)
    for result in results:
        if id(result) not in folded:
            name = result.path.name if differ else result.path.as_posix()
            yield _Row(result.status, name, _told(result))


def _told(result: ReplayResult) -> str:
    """Why it is not as expected; otherwise what was checked. Below it what else is to be known."""
    if result.status != "passed":
        told = many_lines("\n".join(result.reasons).replace(f"{one_line(result.path)}:", ""))
    else:
        shapes = ", ".join(str(shape) for _, shape in result.output_shapes)
        told = one_line("; ".join(result.checked), 400) or f"expects nothing; gave {shapes or 'no output'}"
    return "\n".join([told, *(f"note: {one_line(note, 400)}" for note in result.notes)])


def _counted(replays: Replays) -> str:
    results = replays.results
    counts = [(status, sum(result.status == status for result in results)) for status in _STYLES]
    listed = ", ".join(f"{count} {status}" for status, count in counts if count) or "none replayed"
    stopped = f"; {_left(replays)}" if replays.left else ""
    return f"{_many(len(results))}: {listed} in {replays.seconds:.1f} s{stopped}"


def _left(replays: Replays) -> str:
    return f"stopped before the end: {len(replays.left)} not replayed"


def _many(count: int) -> str:
    return f"{count} scenario{'' if count == 1 else 's'}"


def stopped_words(replays: Replays) -> str:
    """What standard error says of a replay that was stopped."""
    whole = len(replays.results) + len(replays.left)
    return f"lstm-tui: stopped by Ctrl-C: the report is of {len(replays.results)} of {_many(whole)}"


def replay_json(replays: Replays) -> dict[str, Any]:
    """Everything that is known, ready for `json.dumps`; NaN and inf are the strings `nan`, `inf`, `-inf`."""
    return {
        "version": VERSION,
        "exit_status": replays.exit_status,
        "stopped": bool(replays.left),
        "not_replayed": [one_line(path, 4096) for path in replays.left],
        "seconds": round(replays.seconds, 3),
        "results": [
            {
                "path": one_line(result.path, 4096),
                "name": one_line(result.name),
                "status": result.status.replace(" ", "_"),
                "reasons": list(result.reasons),
                "checked": list(result.checked),
                "output_shapes": {name: list(shape) for name, shape in result.output_shapes},
                "difference": _difference(result.difference),
                "notes": list(result.notes),
                "seconds": round(result.seconds, 3),
            }
            for result in replays.results
        ],
    }


def _difference(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    return {
        "largest": _number(difference.largest),
        "at": list(difference.at),
        "got": _number(difference.got),
        "expected": _number(difference.expected),
        "outside": difference.outside,
        "size": difference.size,
    }


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def replay_junit(replays: Replays) -> str:
    """JUnit XML as CI servers read it: failures are not as expected, errors could not be asked.

    What was not replayed any more is skipped.
    """
    results = replays.results
    counts = {
        "tests": len(results) + len(replays.left),
        "failures": sum(result.status == "failed" for result in results),
        "errors": sum(result.status == "not checked" for result in results),
        "skipped": len(replays.left),
    }
    totals = {name: str(count) for name, count in counts.items()}
    totals["time"] = f"{sum(result.seconds for result in results):.3f}"
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "lstm-tui replay", **totals})
    for result in results:
        _told_in(_case(suite, result.path, result.seconds), result)
    for path in replays.left:
        ElementTree.SubElement(_case(suite, path, 0.0), "skipped", {"message": "stopped before its turn"})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: ElementTree.Element, path: Path, seconds: float) -> ElementTree.Element:
    attributes = {
        "classname": path.parent.as_posix(),
        "name": path.name,
        "file": path.as_posix(),
        "time": f"{seconds:.3f}",
    }
    return ElementTree.SubElement(suite, "testcase", {key: _xml(text) for key, text in attributes.items()})


def _told_in(case: ElementTree.Element, result: ReplayResult) -> None:
    if result.status != "passed":
        told = _xml(many_lines("\n".join(result.reasons)))
        tag = "failure" if result.status == "failed" else "error"
        problem = ElementTree.SubElement(
            case, tag, {"message": told.splitlines()[0] if told else result.status}
        )
        problem.text = told
    if result.notes:
        ElementTree.SubElement(case, "system-out").text = _xml(many_lines("\n".join(result.notes)))


def _xml(text: str) -> str:
    return _NO_XML.sub("", text)
