"""Opens what the command line names together with a file or folder to follow (`--follow`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lstm_tui.arrays.opening import shown
from lstm_tui.errors import UsageError
from lstm_tui.performing.following import follow, newest_scenario
from lstm_tui.performing.named import Named
from lstm_tui.performing.opening import Opened, open_named
from lstm_tui.session.following_commands import Follow
from lstm_tui.session.update import update


def open_live(named: Named, source: Path, *, memory: int) -> Opened:
    """A session that follows `source`: of the model or scenario named, else of the folder's newest scenario.

    Raises: LstmTuiError where there is nothing to begin with.
    """
    command = follow(source, named.model)
    if len(named.scenarios) > 1:
        raise UsageError("--follow goes with one scenario", expected="lstm-tui case.yaml --follow x.csv")
    if named.model is None and not named.scenarios:
        named = replace(named, scenarios=(_newest_in(command),))
    opened, _ = open_named(replace(named, follow=None), memory=memory)
    assert opened is not None
    session, effects = update(opened.session, command)
    return Opened(session, (*opened.effects, *effects))


def _newest_in(command: Follow) -> Path:
    newest = newest_scenario(command.source) if command.folder else None
    if newest is None:
        what = "holds no scenario yet" if command.folder else "goes with a model or a scenario"
        raise UsageError(
            f"--follow {shown(command.source)} {what}",
            expected=f"lstm-tui model.keras --follow {shown(command.source)}",
        )
    return newest
