"""Recall, first places and false alarms of a diagnosis, per code and in all, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.faults.examining import Examined

#: Of a normal distribution, for intervals that hold 95 of 100 times.
_Z = 1.96


def scores(results: Sequence[Examined]) -> str:
    """A markdown table: a row a code, one for each family, one for all, one for the healthy models."""
    lines = ["| code | found | in first place | false alarms beside it |", "|---|---|---|---|"]
    faulty = [result for result in results if result.code]
    lines += [_row(code, _of(code, faulty)) for code in dict.fromkeys(result.code for result in faulty)]
    families = dict.fromkeys(result.name.partition("/")[0] for result in faulty)
    lines += [
        _row(f"**{family}**", [each for each in faulty if each.name.startswith(f"{family}/")])
        for family in families
    ]
    lines += [_row("**all**", faulty)] if faulty else []
    healthy = [result for result in results if not result.code]
    alarmed = sum(bool(result.false_alarms) for result in healthy)
    crashed = sum(bool(result.failed) for result in results)
    lines += ["", f"Healthy models with a finding above info: {share(alarmed, len(healthy))}."]
    lines += [f"Specimens on which a check crashed: {crashed}."]
    return "\n".join([*lines, *_peers(results)])


def _peers(results: Sequence[Examined]) -> list[str]:
    """A row a tool: how many healthy models it flags, and how many faulty ones, for whatever reason."""
    asked = [result for result in results if result.peers]
    if not asked:
        return []
    lines = ["", "| rules of | healthy models flagged | faulty ones flagged |", "|---|---|---|"]
    for tool in asked[0].peers:
        healthy, faulty = (
            [bool(result.peers[tool]) for result in asked if bool(result.code) == is_faulty]
            for is_faulty in (False, True)
        )
        lines.append(f"| {tool} | {share(sum(healthy), len(healthy))} | {share(sum(faulty), len(faulty))} |")
    return lines


def _of(code: str, results: Sequence[Examined]) -> list[Examined]:
    return [result for result in results if result.code == code]


def _row(name: str, results: Sequence[Examined]) -> str:
    recalled = share(sum(result.recalled for result in results), len(results))
    first = share(sum(result.first for result in results), len(results))
    alarms = sum(bool(result.false_alarms) for result in results)
    return f"| {name} | {recalled} | {first} | {alarms} |"


def share(count: int, of: int) -> str:
    """`7 of 8, 88 % (53–98)`, the interval by Wilson's score (1927)."""
    if not of:
        return "none"
    low, high = wilson(count, of)
    return f"{count} of {of}, {count / of:.0%} ({low:.0%}–{high:.0%})"


def wilson(count: int, of: int) -> tuple[float, float]:
    """The interval that holds the true share 95 of 100 times (Wilson, 1927)."""
    share_of, square = count / of, _Z**2 / of
    middle = (share_of + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share_of * (1 - share_of) / of + square / (4 * of))
    return max(middle - half, 0.0), min(middle + half, 1.0)
