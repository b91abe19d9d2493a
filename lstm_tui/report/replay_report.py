"""The results of a replay as text, as JSON and as JUnit XML, made from finished `ReplayResult`s."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.report.expectations import Difference
from lstm_tui.report.replay import ReplayResult, Status, exit_status

#: What `replay --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
_STYLES: dict[Status, str] = {"passed": "green", "failed": "bold red", "not checked": "bold yellow"}
#: Characters that XML 1.0 does not have, in any spelling.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def replay_text(results: Sequence[ReplayResult], *, width: int = 80, color: bool = False) -> str:
    """One row a scenario, what is wrong beside its name, and a last line that counts."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=max(width // 3, 12))
    table.add_column(overflow="fold")
    names = {result.path.name for result in results}
    for result in results:
        status = Text(result.status, style=_STYLES[result.status])
        name = result.path.name if len(names) == len(results) else result.path.as_posix()
        table.add_row(status, Text(one_line(name, 400)), Text(_told(result)))
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
    console.print(Text(_counted(results)))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _told(result: ReplayResult) -> str:
    """Why it is not as expected; otherwise what was checked."""
    if result.status != "passed":
        return many_lines("\n".join(result.reasons).replace(f"{one_line(result.path)}:", ""))
    shapes = ", ".join(str(shape) for _, shape in result.output_shapes)
    return one_line("; ".join(result.checked), 400) or f"expects nothing; gave {shapes or 'no output'}"


def _counted(results: Sequence[ReplayResult]) -> str:
    counts = [(status, sum(result.status == status for result in results)) for status in _STYLES]
    listed = ", ".join(f"{count} {status}" for status, count in counts if count) or "none found"
    seconds = sum(result.seconds for result in results)
    return f"{len(results)} scenario{'' if len(results) == 1 else 's'}: {listed} in {seconds:.1f} s"


def replay_json(results: Sequence[ReplayResult]) -> dict[str, Any]:
    """Everything that is known, ready for `json.dumps`; NaN and inf are the strings `nan`, `inf`, `-inf`."""
    return {
        "version": VERSION,
        "exit_status": exit_status(results),
        "results": [
            {
                "path": one_line(result.path, 4096),
                "name": one_line(result.name),
                "status": result.status.replace(" ", "_"),
                "reasons": list(result.reasons),
                "checked": list(result.checked),
                "output_shapes": {name: list(shape) for name, shape in result.output_shapes},
                "difference": _difference(result.difference),
                "seconds": round(result.seconds, 3),
            }
            for result in results
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


def replay_junit(results: Sequence[ReplayResult]) -> str:
    """JUnit XML as CI servers read it: failures are not as expected, errors could not be asked."""
    counts = {
        "tests": len(results),
        "failures": sum(result.status == "failed" for result in results),
        "errors": sum(result.status == "not checked" for result in results),
    }
    totals = {name: str(count) for name, count in counts.items()}
    totals["time"] = f"{sum(result.seconds for result in results):.3f}"
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "lstm-tui replay", **totals})
    for result in results:
        _case(suite, result)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: ElementTree.Element, result: ReplayResult) -> None:
    attributes = {
        "classname": result.path.parent.as_posix(),
        "name": result.path.name,
        "file": result.path.as_posix(),
        "time": f"{result.seconds:.3f}",
    }
    case = ElementTree.SubElement(suite, "testcase", {key: _xml(text) for key, text in attributes.items()})
    if result.status != "passed":
        told = _xml(many_lines("\n".join(result.reasons)))
        tag = "failure" if result.status == "failed" else "error"
        problem = ElementTree.SubElement(
            case, tag, {"message": told.splitlines()[0] if told else result.status}
        )
        problem.text = told


def _xml(text: str) -> str:
    return _NO_XML.sub("", text)
