"""The same weights in another form, and the file to write: `stateless`, `timesteps 1 step.keras`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lstm_tui.errors import UsageError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.forms import Form, refuse_as_target
from lstm_tui.session.form_commands import RebuildModel
from lstm_tui.tui.dialogues.line import LineDialogue

_WORDS = "stateless, batch N, timesteps N, several of them, and the name of a .keras file at the end"


class RebuildDialogue(LineDialogue[RebuildModel]):
    """Asks for a form; a file beside the model is proposed where none is named."""

    def __init__(self, model: ModelFacts) -> None:
        super().__init__(
            "Write the model in another form, if it predicts the same (its own file is never changed)",
            placeholder="stateless free.keras",
            choices=[
                ("stateless: every call begins at zero, any batch size", "stateless"),
                ("bound to a batch of 1", "batch 1"),
                ("one timestep a call, the state carried", "timesteps 1"),
            ],
        )
        self._model = model.path

    def answer_of(self, text: str) -> RebuildModel:
        """Form and file."""
        form, name = _read(text)
        out = Path(name).expanduser() if name else self._beside(form)
        refuse_as_target(self._model, out)
        if out.exists():
            raise UsageError(f"there is a file {one_line(out)} already", todo="name another at the end")
        return RebuildModel(form, out)

    def comment_on(self, text: str) -> str:
        """Which file would be written."""
        if not text.strip():
            return _WORDS
        try:
            return f"writes {one_line(self.answer_of(text.strip()).out)}"
        except UsageError as error:
            return str(error)

    def _beside(self, form: Form) -> Path:
        parts = [
            "stateless" if form.stateless else "",
            f"batch-{form.batch_size}" if form.batch_size is not None else "",
            f"timesteps-{form.timesteps}" if form.timesteps is not None else "",
        ]
        return self._model.with_name("-".join([self._model.stem, *filter(None, parts)]) + ".keras")


def _read(text: str) -> tuple[Form, str]:
    """The form and the name of the file, empty where none is typed. Raises: UsageError."""
    words, form = text.split(), Form()
    while words and words[0] in {"stateless", "batch", "timesteps"}:
        word = words.pop(0)
        if word == "stateless":
            form = replace(form, stateless=True)
            continue
        if not words or not words[0].isdecimal() or not int(words[0]):
            raise UsageError(f"{word} takes a number", expected=f"{word} 1")
        count = int(words.pop(0))
        form = replace(form, batch_size=count) if word == "batch" else replace(form, timesteps=count)
    if form.same:
        raise UsageError(f"{one_line(text)!r} names no form", expected=_WORDS)
    return form, " ".join(words)
