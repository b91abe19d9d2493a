"""What several commands of the command line share: the engine's options, a terminal, a line of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from lstm_tui.errors import UsageError


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every command that runs a model."""
    for option in (
        click.option("--debug", is_flag=True, help="Show a traceback where something fails."),
        click.option("--gpu", is_flag=True, help="Let TensorFlow use a GPU; otherwise it does not see any."),
        click.option("--trust", is_flag=True, help="Allow Lambda layers: the model file may run code."),
        click.option(
            "--custom-objects",
            multiple=True,
            metavar="MODULE",
            help="Import this module (a dotted name or a .py file) for your own layers. May be given again.",
        ),
    ):
        command = option(command)
    return command


def chosen_options(options: dict[str, Any]) -> Any:
    """What `engine_options` read, as the engine takes it."""
    from lstm_tui.engine.options import EngineOptions

    return EngineOptions(
        gpu=options["gpu"], trust=options["trust"], custom_objects=tuple(options["custom_objects"])
    )


def needs_terminal() -> None:
    """Refuse to open a screen where there is none. Raises: UsageError."""
    streams = {"input": sys.stdin, "output": sys.stdout, "error": sys.stderr}  # Textual draws on the last
    others = [f"standard {name}" for name, stream in streams.items() if not stream.isatty()]
    if others:
        raise UsageError(
            f"the workbench needs a terminal, which is not what there is for {', '.join(others)}",
            todo="run it in a terminal (ssh -t), or use a headless command: inspect, trace, replay",
        )


def progress(stage: str, fraction: float | None) -> None:
    """One line of progress on standard error, only where a person watches."""
    if sys.stderr.isatty():
        share = "" if fraction is None else f" {fraction:4.0%}"
        click.echo(f"\r\x1b[K{stage}{share}", err=True, nl=False)
