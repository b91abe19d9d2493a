"""`lstm-tui run`: a file of command lines, carried out one after the other without a screen.

Each line is printed with what it answers. The first line that cannot be done ends the script: what follows
was written for a session that it left otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lstm_tui.command_line.reading import understood
from lstm_tui.command_line.word import Deed, FollowSource, Leave, OpenFile, Said, SaveTo
from lstm_tui.engine.local import LocalEngine
from lstm_tui.engine.options import EngineOptions
from lstm_tui.errors import CommandLineError, LstmTuiError, QuestionError, UsageError
from lstm_tui.performing.at_once import AtOnce
from lstm_tui.performing.named import Files
from lstm_tui.performing.opening import open_model, open_scenario, opened_input
from lstm_tui.performing.saving import save_session, stamp_of
from lstm_tui.plain_text import aligned_lines, many_lines, one_line
from lstm_tui.session.commands import Saved
from lstm_tui.session.effects import Announce

OnProgress = Callable[[str, float | None], None]

_MOST_BYTES = 1 << 20


def run_script(
    script: Path, source: Path, input_: Path | None, options: EngineOptions, on_progress: OnProgress
) -> int:
    """Print what each line answers. The exit status: 0, or 1 where an assertion does not hold.

    Raises: LstmTuiError where the script, what it is run on or one of its lines cannot be had.
    """
    lines = _lines(script)
    engine = LocalEngine(options)
    if source.suffix in {".yaml", ".yml"}:
        if input_ is not None:
            raise UsageError(
                f"--input {input_} goes with a model, and a scenario names its own",
                todo="open FILE in the script takes another input",
            )
        opened = open_scenario(source)
    else:
        opened = open_model(source, Files(input=input_))
    shell = AtOnce(opened, lambda request: engine.ask(request, on_progress))
    on_progress("", None)
    _print(shell.said)
    held = True
    for number, line in lines:
        print(f": {one_line(line.strip().lstrip(':').strip(), 400)}")
        try:
            said = understood(line, shell.session)
            held = _carried_out(said, shell) and held
        except LstmTuiError as error:
            where = f"{one_line(script)}:{number}:{_column(line, error)}: "
            raise CommandLineError(
                where + error.happened, expected=error.expected, todo=error.todo
            ) from error
        if isinstance(said.deed, Leave):
            break
    return 0 if held else 1


def _column(line: str, error: LstmTuiError) -> int:
    """Where in the line the mistake is, from 1: of a question it is known."""
    if not isinstance(error, QuestionError) or error.text not in line:
        return len(line) - len(line.lstrip()) + 1
    return line.index(error.text) + error.at[0] + 1


def _lines(script: Path) -> list[tuple[int, str]]:
    """Lines that say something, with their numbers. Raises: UsageError."""
    try:
        if script.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{one_line(script)} is too large for a script", expected="at most 1 MiB")
        text = script.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise UsageError(
            f"{one_line(script)} cannot be read: {why}", expected="a file of command lines"
        ) from None
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in numbered if line.strip() and line.strip()[0] != "#"]


def _carried_out(said: Said, shell: AtOnce) -> bool:
    """Do what a line means and print its answer; whether what it asserts holds. Raises: LstmTuiError."""
    for command in said.commands:
        told = shell.dispatch(command)
        refusals = [each.text for each in told if each.severity == "error"]
        if refusals:
            raise CommandLineError("\n".join(refusals))
        _print(told)
    if said.deed is not None:
        _do(said.deed, shell)
    if said.show is not None:
        print(aligned_lines(said.show(shell.session)))
    return said.holds is None or said.holds(shell.session)


def _do(deed: Deed, shell: AtOnce) -> None:
    match deed:
        case SaveTo(path):
            save_session(shell.session, path)
            shell.dispatch(Saved(path, stamp_of(path)))
            print(f"saved {one_line(path)}")
        case OpenFile(path):
            _print(shell.dispatch(opened_input(shell.session, path)))
        case FollowSource():
            raise CommandLineError(
                "a script follows nothing: it ends",
                expected="follow on the command line of the workbench, or lstm-tui MODEL --follow FILE",
                todo="open FILE takes what is there now",
            )
        case Leave():
            pass


def _print(said: list[Announce]) -> None:
    for each in said:
        print(many_lines(each.text))
