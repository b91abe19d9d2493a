"""The finding that a smaller case must still show, and the checks that can tell.

The same finding has the same code on the same layer, above info, with a remedy where there was one, and one
that can be tried where it could. A check that would explain it is run too: where another cause takes its
place, it is not shown any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstm_tui.checks.catalogue import CHECKS
from lstm_tui.checks.finding import Diagnosis, Finding


@dataclass(frozen=True, eq=False)
class Target:
    """A finding to keep. `codes` are all above info that the case showed at the beginning."""

    finding: Finding
    codes: tuple[str, ...]

    @property
    def checks(self) -> tuple[str, ...]:
        """The codes that decide whether it shows."""
        code = self.finding.code
        return tuple(check.code for check in CHECKS if check.code == code or code in check.explains)

    def shows_in(self, diagnosis: Diagnosis) -> bool:
        """Whether it was found again; a check that crashed tells nothing."""
        return not diagnosis.failed and any(map(self._same, diagnosis.findings))

    def is_all_of(self, diagnosis: Diagnosis) -> bool:
        """Whether it was found again by all checks, and none found what was not there at the beginning."""
        return self.shows_in(diagnosis) and set(diagnosis.codes) <= set(self.codes)

    def _same(self, other: Finding) -> bool:
        mine = self.finding
        return (
            other.code == mine.code
            and other.layer == mine.layer
            and other.severity != "info"
            and _remedy(other) == _remedy(mine)
        )


def _remedy(finding: Finding) -> tuple[bool, bool]:
    """Whether there is one, and whether it can be tried."""
    return (finding.fix is not None, finding.fix is not None and finding.fix.can_be_tried)


def target_of(diagnosis: Diagnosis, wanted: Sequence[str] = ()) -> Target | None:
    """The finding to keep: the first that is `wanted`, else the first above info, if there is any."""
    above = [finding for finding in diagnosis.findings if finding.severity != "info"]
    chosen = [finding for finding in above if finding.code in wanted] or above
    return Target(chosen[0], diagnosis.codes) if chosen else None
