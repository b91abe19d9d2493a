"""Reads the command line and opens a shell: the workbench, or a headless command.

Heavy imports stand inside the commands that need them. Standard output carries the result alone.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from lstm_tui import __version__
from lstm_tui.cli_options import chosen_options, engine_options, needs_terminal, progress
from lstm_tui.errors import LstmTuiError, UsageError
from lstm_tui.plain_text import let_streams_fall_back

_SCENARIO_SUFFIXES = {".yaml", ".yml"}


class _DefaultToWorkbench(click.Group):
    """A group whose unknown first word is a model or a scenario to open."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert `open` where no command is named."""
        if not any(word in {"--help", "-h", "--version"} for word in args[:1]):
            first = next((word for word in args if not word.startswith("-")), None)
            if first is None or first not in self.commands or args[0].startswith("-"):
                if first is not None and first == args[0]:
                    _check_is_a_file(first)
                args = ["open", *args]
        return super().parse_args(ctx, args)


def _check_is_a_file(word: str) -> None:
    """A word that neither is a file here nor looks like one was meant as a command. Raises: UsageError."""
    path = Path(word)
    with contextlib.suppress(OSError):  # a name too long to be looked for
        if path.suffix or word != path.name or path.exists():
            return
    commands = [name for name, command in cli.commands.items() if not command.hidden]
    meant = difflib.get_close_matches(word.lower(), commands, 1)
    raise UsageError(
        f"there is no command {word} and no file of this name",
        expected="a model (.keras, .h5), a scenario (.yaml) or a command",
        todo=f"did you mean `lstm-tui {meant[0]}`?" if meant else "lstm-tui --help lists the commands",
    )


@click.group(
    cls=_DefaultToWorkbench,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="lstm-tui")
def cli() -> None:
    """A debugger for recurrent Keras models, at home in a terminal.

    \b
    lstm-tui                               the gallery of bundled scenarios
    lstm-tui model.keras --input x.npy     step through a prediction
    lstm-tui model.keras --follow x.csv    the same, live: steps as they are written
    lstm-tui scenario.yaml                 open a saved scenario
    lstm-tui *.yaml                        choose among several
    lstm-tui open --help                   all options of the workbench
    """


@cli.command("open", hidden=True)
@click.argument("first", metavar="[MODEL]", required=False)
@click.argument("scenario", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--input", "input_", type=click.Path(path_type=Path), help="Input: .npy, .npz, .csv, .json or .h5."
)
@click.option("--target", type=click.Path(path_type=Path), help="What the predictions should have been.")
@click.option("--reference", type=click.Path(path_type=Path), help="A sample of the training data.")
@click.option(
    "--follow",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Take as input what comes in this file; or open the scenarios that come in this folder.",
)
@click.option("--fresh", is_flag=True, help="As if opened for the first time, not as it was left.")
@engine_options
def open_(
    first: str | None,
    scenario: tuple[Path, ...],
    input_: Path | None,
    target: Path | None,
    reference: Path | None,
    follow: Path | None,
    **options: Any,
) -> None:
    """Open the workbench on a model or on scenarios; without either, on the gallery.

    One scenario opens at once. Of several, one chooses from a list, to which G comes back. A model named
    before scenarios takes the place of theirs.
    """
    if first is not None:
        _check_is_a_file(first)
    model = Path(first) if first is not None else None
    if model is not None and model.suffix in _SCENARIO_SUFFIXES:
        scenario, model = (model, *scenario), None
    needs_terminal()
    # The engine starts first: TensorFlow takes seconds, and the screen is drawn meanwhile.
    from lstm_tui.performing.named import Files, Named
    from lstm_tui.tui.start import start_workbench

    named = Named(model, scenario, Files(input_, target, reference), follow, options["fresh"])
    start_workbench(named, chosen_options(options), debug=options["debug"])


@cli.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@click.option("--debug", is_flag=True, help="Show a traceback where something fails.")
def inspect(model: Path, as_json: bool, debug: bool) -> None:
    """Architecture, shapes at every layer, parameters and weight statistics; no TensorFlow is started."""
    del debug
    from lstm_tui.model_file import read_model_file, weight_statistics
    from lstm_tui.report.inspection import inspection_json, inspection_text

    facts = read_model_file(model)
    statistics = weight_statistics(model)
    if as_json:
        click.echo(json.dumps(inspection_json(facts, statistics), indent=2))
    else:
        click.echo(inspection_text(facts, statistics))


@cli.command()
@click.argument("source", metavar="MODEL|SCENARIO", type=click.Path(path_type=Path))
@click.option(
    "--input", "input_", type=click.Path(path_type=Path), help="Input: .npy, .npz, .csv, .json or .h5."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The .npz file to write."
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    metavar="MB",
    help="What the recording may take; a longer one is written in stretches.",
)
@engine_options
def trace(source: Path, input_: Path | None, output: Path, memory: int, **options: Any) -> None:
    """Run once and write every recorded array."""
    from lstm_tui.report.tracing import trace_to_file

    notes = trace_to_file(source, input_, output, chosen_options(options), progress, memory=memory << 20)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    for note in notes:
        click.echo(note, err=True)


@cli.command()
@click.argument("source", metavar="MODEL|SCENARIO", type=click.Path(path_type=Path))
@click.option(
    "--input", "input_", type=click.Path(path_type=Path), help="Input: .npy, .npz, .csv, .json or .h5."
)
@click.option("--reference", type=click.Path(path_type=Path), help="A sample of the training data.")
@click.option("--target", type=click.Path(path_type=Path), help="What the predictions should have been.")
@click.option(
    "--expect-shape", metavar="1,1", help="The shape that the output should have, for instance 1,24,1."
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@click.option(
    "--seconds", type=click.FloatRange(min=0), help="Begin no check after this time; the answer says so."
)
@engine_options
def diagnose(source: Path, as_json: bool, **options: Any) -> None:
    """Run all checks on this model and input, and print what was found, with the remedy tried on a copy."""
    from lstm_tui.report.diagnosing import Question, diagnose_and_print, shape_of

    question = Question(
        source=source,
        input=options["input_"],
        reference=options["reference"],
        target=options["target"],
        expected_shape=shape_of(options["expect_shape"]) if options["expect_shape"] else None,
        seconds=options["seconds"],
    )
    sys.exit(diagnose_and_print(question, chosen_options(options), progress, as_json=as_json))


@cli.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The .keras file to write."
)
@click.option("--stateless", is_flag=True, help="States are not kept between calls.")
@click.option("--batch-size", type=click.IntRange(1), help="Bind it to this batch size.")
@click.option("--timesteps", type=click.IntRange(1), help="Bind it to this window length.")
@click.option(
    "--input",
    "input_",
    type=click.Path(path_type=Path),
    help="Compare on this input too, not only on random ones.",
)
@engine_options
def rebuild(model: Path, output: Path, input_: Path | None, **options: Any) -> None:
    """Write the same model with the same weights in another form, if it predicts the same."""
    from lstm_tui.recurrent.forms import Form
    from lstm_tui.report.rebuilding import rebuild_and_print

    form = Form(options["stateless"], options["batch_size"], options["timesteps"])
    rebuild_and_print(model, output, form, input_, chosen_options(options), progress)


@cli.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--input",
    "inputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Input of a model; given twice, the first is for A and the second for B.",
)
@click.option(
    "--call",
    "calls",
    multiple=True,
    type=click.IntRange(1),
    metavar="N",
    help="Compare this call of a scenario; given twice, the first is of A and the second of B.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@engine_options
def diff(a: Path, b: Path, inputs: tuple[Path, ...], calls: tuple[int, ...], **options: Any) -> None:
    """Where two runs first part (layer, timestep, gate, unit), and why. Exit status 1 where they do.

    A and B are scenarios, models, or traces that `lstm-tui trace` wrote. A model beside a scenario runs what
    the scenario says.
    """
    from lstm_tui.report.diffing import diff_and_print

    as_json = options["as_json"]
    sys.exit(diff_and_print((a, b), inputs, calls, chosen_options(options), progress, as_json=as_json))


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Replay against this model instead of each scenario's own.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@click.option("--junit", type=click.Path(path_type=Path), help="Also write a JUnit XML report here.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Engines at work at once."
)
@engine_options
def replay(
    paths: tuple[Path, ...], model: Path | None, as_json: bool, junit: Path | None, jobs: int, **options: Any
) -> None:
    """Replay scenario files, or folders of them, and check what they expect."""
    from lstm_tui.report.replaying import replay_paths

    sys.exit(replay_paths(paths, model, as_json, junit, chosen_options(options), progress, jobs))


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The .yaml to write; else beside the scenario."
)
@click.option("--finding", default="", metavar="CODE", help="The finding to keep; else the first one.")
@click.option(
    "--most", type=click.IntRange(1), default=200, show_default=True, help="Diagnoses to search with."
)
@click.option("--model", type=click.Path(path_type=Path), help="This model instead of the scenario's own.")
@engine_options
def shrink(
    scenario: Path, output: Path | None, finding: str, most: int, model: Path | None, **options: Any
) -> None:
    """Write the smallest scenario that still shows the same finding."""
    from lstm_tui.report.shrinking import ShrinkQuestion, shrink_and_print

    question = ShrinkQuestion(scenario, output, finding, most, model)
    sys.exit(shrink_and_print(question, chosen_options(options), progress))


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="This model instead of the scenario's own.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@click.option(
    "--most",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="Orders to try; where there are more, as many by chance.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the orders that are drawn.")
@engine_options
def interleave(
    scenario: Path, model: Path | None, as_json: bool, most: int, seed: int, **options: Any
) -> None:
    """Run the sessions of a scenario (its `threads`) in every order of their calls, and say what changes."""
    from lstm_tui.report.interleaving import InterleaveQuestion, interleave_and_print

    question = InterleaveQuestion(scenario, most, seed, model)
    sys.exit(interleave_and_print(question, chosen_options(options), progress, as_json=as_json))


@cli.command()
@click.argument("source", metavar="MODEL|SCENARIO", type=click.Path(path_type=Path))
@click.option("--input", "input_", type=click.Path(path_type=Path), help="Input, where a model is named.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@engine_options
def history(source: Path, input_: Path | None, as_json: bool, **options: Any) -> None:
    """Make the calls and say which weights and states each of them moved, and by how much."""
    from lstm_tui.report.diagnosing import Question
    from lstm_tui.report.history import history_and_print

    question = Question(source, input_)
    sys.exit(history_and_print(question, chosen_options(options), progress, as_json=as_json))


@cli.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("source", metavar="MODEL|SCENARIO", type=click.Path(path_type=Path))
@click.option("--input", "input_", type=click.Path(path_type=Path), help="Input, where a model is named.")
@engine_options
def run(script: Path, source: Path, input_: Path | None, **options: Any) -> None:
    """Run a file of command lines, as typed after `:` in the workbench, and print what each answers.

    Exit status 1 where an `assert` does not hold, 2 where a line cannot be done; nothing after it is.
    """
    from lstm_tui.report.scripting import run_script

    sys.exit(run_script(script, source, input_, chosen_options(options), progress))


@cli.command()
def schema() -> None:
    """JSON Schema of the scenario format, on standard output."""
    from lstm_tui.scenario.json_schema import scenario_json_schema

    click.echo(json.dumps(scenario_json_schema(), indent=2))


@cli.command()
@click.option("--path", "only_path", is_flag=True, help="Print only where the file is looked for.")
def settings(only_path: bool) -> None:
    """Say where the settings file is and whether it is right; list what may stand in it."""
    from lstm_tui.tui.settings import settings_path, settings_text

    click.echo(settings_path() if only_path else settings_text())


def main() -> NoReturn:
    """Entry point: an error of ours is one to a few lines and exit status 2."""
    debug = "--debug" in sys.argv
    let_streams_fall_back(sys.stdout, sys.stderr)
    try:
        sys.exit(cli.main(standalone_mode=False, prog_name="lstm-tui"))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except LstmTuiError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"lstm-tui: {error}", err=True)
        sys.exit(2)
