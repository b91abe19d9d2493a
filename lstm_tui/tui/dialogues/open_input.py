"""Open an input: type or pick a file, or take a random sequence of the right shape."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lstm_tui.arrays.assignment import assign
from lstm_tui.arrays.files import INPUT_SUFFIXES, read_arrays
from lstm_tui.arrays.random_input import DEFAULT_TIMESTEPS, random_input
from lstm_tui.errors import InputFileError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.performing.typed import found_in
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.session.commands import OpenInputs
from lstm_tui.tui.dialogues.line import LineDialogue

_RANDOM = "random"
_MOST_FILES = 200


class OpenInputDialogue(LineDialogue[OpenInputs]):
    """Lists array files at hand; the word `random` draws a sequence that fits the model."""

    def __init__(self, model: ModelFacts, folders: Sequence[Path]) -> None:
        found = _array_files([*folders, model.path.parent], model.path)
        files = [(f"{path.name}  {path.parent}".removesuffix("  ."), str(path)) for path in found]
        super().__init__(
            "Open an input: .npy, .npz, .csv, .json or .h5",
            placeholder="a path, or: random, or: random 200 (timesteps)",
            choices=[("random sequence of the right shape", _RANDOM), *files],
        )
        self._model = model
        self._folders = folders

    def answer_of(self, text: str) -> OpenInputs:
        """Read the file, or draw the sequence."""
        words = text.split()
        if words[:1] == [_RANDOM]:
            return OpenInputs(random_inputs(self._model, words[1:]), "random sequence, seed 0")
        if not text:
            raise InputFileError("no file was named", expected="a path, or the word random")
        path = found_in(text, self._folders) / Path(text).expanduser()
        return OpenInputs(assign(read_arrays(path), self._model.inputs), path.name)


def random_inputs(model: ModelFacts, words: list[str]) -> Inputs:
    """A random array for each input of the model; `words` may hold the number of timesteps."""
    try:
        timesteps = int(words[0]) if words else DEFAULT_TIMESTEPS
    except ValueError:
        raise InputFileError(
            f"{words[0]!r} is not a number of timesteps", expected="random, or random 200"
        ) from None
    return {
        tensor.name: random_input(
            tensor.shape, tensor.dtype, seed=0, timesteps=timesteps, batch=model.stateful_batch or 1
        )
        for tensor in model.inputs
    }


def _array_files(folders: Sequence[Path], model: Path) -> list[Path]:
    """Array files in the folders and in folders called `inputs` within them, the model itself left out."""
    places = dict.fromkeys(place for folder in folders for place in (folder, folder / "inputs"))
    found = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    arrays = {path.resolve(): path for path in found if path.suffix in INPUT_SUFFIXES}
    arrays.pop(model.resolve(), None)
    return list(arrays.values())[:_MOST_FILES]
