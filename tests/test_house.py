"""The rules of the house, each run for real: one `pytest` tells all that a reviewer would check by hand.

Imports are proven in fresh interpreters: what a module pulls in shows in `sys.modules`, not in its source.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lstm_tui"
HEAVY = {"tensorflow", "keras", "jax", "torch"}
#: Longer ones tell that something should be two things.
MOST_LINES, MOST_CLASS_LINES = 400, 250
SHORT_FUNCTION_LINES, SHORT_FUNCTIONS = 30, 0.9


def modules_of(package: str) -> list[str]:
    """The package and all modules below it, as they are imported; empty if nothing is there yet."""
    top = ROOT.joinpath(*package.split("."))
    if top.with_suffix(".py").is_file():
        return [package]
    files = sorted(top.rglob("*.py")) if top.is_dir() else []
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith(".__main__")]


#: What must stay out of each part of the house. `keras_adapter` is the one part that may know Keras.
FORBIDDEN = {
    "lstm_tui.tui": HEAVY | {"lstm_tui.keras_adapter"},
    "lstm_tui.cli_options": HEAVY | {"textual", "numpy", "pydantic", "h5py", "lstm_tui.tui"},
    "lstm_tui.cli": HEAVY | {"textual", "numpy", "pydantic", "h5py", "lstm_tui.tui"},
    # pytest imports it in every project where lstm-tui is installed
    "lstm_tui.pytest_plugin": HEAVY
    | {"textual", "numpy", "pydantic", "h5py", "rich", "lstm_tui.engine", "lstm_tui.report"},
    "lstm_tui.report": HEAVY | {"textual", "lstm_tui.keras_adapter"},
    "lstm_tui.command_line": HEAVY | {"textual", "lstm_tui.tui", "lstm_tui.report", "lstm_tui.keras_adapter"},
    "lstm_tui.performing": HEAVY | {"textual", "lstm_tui.tui", "lstm_tui.report", "lstm_tui.keras_adapter"},
    "lstm_tui.comparing": HEAVY | {"textual", "lstm_tui.tui", "lstm_tui.report", "lstm_tui.keras_adapter"},
    "lstm_tui.engine": HEAVY | {"textual", "pydantic", "h5py", "lstm_tui.keras_adapter"},
    "lstm_tui.engine.spawn": HEAVY | {"textual", "numpy", "asyncio", "multiprocessing", "lstm_tui.recurrent"},
    "lstm_tui.engine.host": HEAVY | {"textual", "multiprocessing"},
    "lstm_tui.session": HEAVY | {"textual", "lstm_tui.engine", "lstm_tui.tui"},
    "lstm_tui.charts": HEAVY | {"textual", "lstm_tui.engine", "lstm_tui.session"},
    "lstm_tui.shrinking": HEAVY | {"textual", "rich", "lstm_tui.engine", "lstm_tui.session"},
    "lstm_tui.interleaving": HEAVY | {"textual", "rich", "numpy", "lstm_tui.recurrent"},
    "lstm_tui.asking": HEAVY | {"textual", "rich", "pydantic", "h5py", "lstm_tui.engine"},
    "lstm_tui.checks": HEAVY | {"textual", "rich", "lstm_tui.engine", "lstm_tui.session"},
    "lstm_tui.scenario": HEAVY | {"textual", "rich", "lstm_tui.engine", "lstm_tui.session"},
    "lstm_tui.flight_recorder": HEAVY | {"textual", "rich", "click", "pydantic", "ruamel", "h5py", "asyncio"},
    "lstm_tui.arrays": HEAVY | {"textual", "rich", "sklearn", "joblib", "lstm_tui.engine"},
    "lstm_tui.model_file": HEAVY | {"textual", "rich", "lstm_tui.engine"},
    "lstm_tui.recurrent": HEAVY | {"textual", "rich", "pydantic", "h5py", "lstm_tui.engine"},
    "lstm_tui.errors": HEAVY | {"textual", "rich", "numpy"},
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_importing_a_part_of_the_house_leaves_out_what_it_must_not_know(package: str) -> None:
    modules = modules_of(package)
    if not modules:
        pytest.skip(f"{package} has no modules yet")
    program = (
        f"import sys, json, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = json.loads(done.stdout)
    unwanted = [name for name in imported if is_within(name, FORBIDDEN[package])]
    assert not unwanted, f"importing {package} imports {unwanted[:10]}"


def is_within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_every_part_of_the_house_has_its_import_rule() -> None:
    parts = {f"lstm_tui.{path.stem}" for path in PACKAGE.iterdir() if modules_of(f"lstm_tui.{path.stem}")}
    allowed_to_know_all = {
        "lstm_tui.keras_adapter",
        "lstm_tui.__init__",
        "lstm_tui.__main__",
        "lstm_tui.plain_text",
    }
    assert parts - allowed_to_know_all <= set(FORBIDDEN)


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "--output-format", "concise"],
        ["-m", "ruff", "format", "--check"],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
    ],
    ids=["ruff check", "ruff format", "mypy", "lint-imports"],
)
def test_a_tool_has_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, f"\n{done.stdout[-8000:]}{done.stderr[-2000:]}"


@cache
def tracked_files() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(file for file in files if file.is_file())


def python_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in tracked_files():
        if file.suffix == ".py" and file.is_relative_to(folder):
            yield file.relative_to(ROOT), file.read_text(encoding="utf-8")


def lines_of(node: ast.AST) -> int:
    assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {str(file): text.count("\n") for file, text in python_files(ROOT)}
    assert not {file: length for file, length in lengths.items() if length > MOST_LINES}


def test_no_class_knows_too_much() -> None:
    too_long = {
        f"{file}:{node.lineno} {node.name}": lines_of(node)
        for file, text in python_files(PACKAGE)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and lines_of(node) > MOST_CLASS_LINES
    }
    assert not too_long


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(
        lines_of(node)
        for _, text in python_files(PACKAGE)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    short = sum(1 for length in lengths if length < SHORT_FUNCTION_LINES)
    assert short >= SHORT_FUNCTIONS * len(lengths), f"the longest have {lengths[-5:]} lines"


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(file) for file, text in python_files(PACKAGE) if not ast.get_docstring(ast.parse(text))]
    assert not silent


def test_no_module_is_named_after_nothing() -> None:
    names = {file.stem for file, _ in python_files(PACKAGE)} | {
        file.parent.name for file, _ in python_files(PACKAGE)
    }
    assert not names & {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "base"}


#: Built from parts, or this file would find itself.
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["home", "root", "tmp", "work", "Users"]) + r")/[\w.]"
)
PACKAGE_HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "--(?:extra-)?index" + "-url"])
)


def text_files() -> Iterator[tuple[Path, str]]:
    for file in tracked_files():
        data = file.read_bytes()
        if b"\0" not in data[:8192] and file != Path(__file__):
            yield file.relative_to(ROOT), data.decode("utf-8", "replace")


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, PACKAGE_HOSTS], ids=["path of a machine", "package host"])
def test_no_file_names_a_particular_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{file}:{number}: {line.strip()[:100]}"
        for file, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_file_is_too_large_for_a_clone() -> None:
    """A bundled model is far below 100 KB."""
    large = {str(file.relative_to(ROOT)): file.stat().st_size for file in tracked_files()}
    assert not {file: size for file, size in large.items() if size > 300_000}
