"""Scenarios to choose from: the bundled ones in the order in which they are told, or some files.

The first screen waits for this, so it reads nothing but the `name` and the `description` at the head of each
file, line by line, and validates nothing: `reading` does that when a scenario is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from textwrap import dedent

#: Where the scenarios lie: in a wheel inside the package, in a source checkout beside it.
_PLACES = (Path(__file__).parents[1] / "scenarios", Path(__file__).parents[2] / "scenarios")


@dataclass(frozen=True)
class GalleryEntry:
    """One scenario: its file, the heading that it stands under, its name and its story."""

    path: Path
    heading: str
    name: str
    description: str


def gallery() -> tuple[GalleryEntry, ...]:
    """The bundled scenarios; none where the installation came without them."""
    folder = gallery_folder()
    return gallery_in(folder) if folder is not None else ()


def gallery_folder() -> Path | None:
    """The folder of the bundled scenarios, None where there is none."""
    return next((place for place in _PLACES if next(_question_folders(place), None) is not None), None)


def gallery_in(folder: Path) -> tuple[GalleryEntry, ...]:
    """The scenarios of `folder`: `1-the-question/1-the-scenario.yaml` and so on."""
    return tuple(
        GalleryEntry(path, _question(question), name or path.stem, description)
        for question in sorted(_question_folders(folder), key=_number)
        for path in sorted(question.glob("*.yaml"), key=_number)
        for name, description in [_head(path)]
    )


def entries_of(paths: Iterable[Path]) -> tuple[GalleryEntry, ...]:
    """These files in their order, each under its folder."""
    found = ((path, _head(path)) for path in paths)
    return tuple(
        GalleryEntry(path, str(path.parent), f"{path.name}  {name}".rstrip(), description)
        for path, (name, description) in found
    )


def _question_folders(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("[0-9]*-*") if path.is_dir())


def _number(path: Path) -> tuple[int, str]:
    """`10-x` after `9-x`."""
    digits = "".join(takewhile(str.isdecimal, path.name))
    return (int(digits) if digits else 0, path.name)


def _question(folder: Path) -> str:
    """`1  No prediction` for the folder `1-no-prediction`."""
    number, _, words = folder.name.partition("-")
    return f"{number}  {words.replace('-', ' ').capitalize()}"


def _head(path: Path) -> tuple[str, str]:
    """Name and story of a scenario."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return _value(lines, "name"), _value(lines, "description")


def _value(lines: list[str], key: str) -> str:
    """The text of a top-level `key: text` or `key: |` with an indented block; empty where there is none."""
    for index, line in enumerate(lines):
        if line.startswith(f"{key}:"):
            text = line.partition(":")[2].strip()
            return _block(lines[index + 1 :]) if text[:1] in ("|", ">") else text.strip("\"'")
    return ""


def _block(lines: list[str]) -> str:
    """The indented lines at the head of `lines`, without their indentation."""
    return dedent("\n".join(takewhile(lambda line: not line.strip() or line[0] == " ", lines))).strip()
