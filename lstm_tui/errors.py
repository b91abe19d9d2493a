"""Every error that a user can meet.

    LstmTuiError
    ├── UsageError            the command line asks for something that cannot be asked
    ├── InputFileError        an array file that cannot be read as an array
    ├── ScalerFileError       a scaler file that cannot be read, or must not be
    ├── ModelFileError        a model file that cannot be opened, or must not be
    ├── ScenarioError         a scenario with mistakes, all of them, each with its place
    ├── EditError             a reset, rescale, reshape, poke … that does not fit
    │   └── InterventionError one inside the recording that found no place when it was run
    ├── QuestionError         a condition or an expression that cannot be asked, with its place in the text
    ├── CommandLineError      a line typed after `:` that cannot be understood
    ├── SettingsError         a settings file with mistakes
    └── EngineError           the process that runs TensorFlow could not answer
        ├── EngineUnavailable it cannot be started (TensorFlow is not installed, for instance)
        ├── EngineDied        it was killed or crashed; a new one can take over
        └── Cancelled         the user asked it to stop

Each says what happened, what was expected and what to do, in one to a few lines. Bugs are not in this
tree: they keep their traceback.
"""

from __future__ import annotations

from lstm_tui.plain_text import cells, many_lines, one_line


class LstmTuiError(Exception):
    """What happened, what was expected, what to do: each one plain sentence, the last two optional."""

    def __init__(self, happened: str, *, expected: str = "", todo: str = "") -> None:
        self.happened = many_lines(happened)
        self.expected = one_line(expected, 400)
        self.todo = one_line(todo, 400)
        super().__init__(self.happened, self.expected, self.todo)

    def __str__(self) -> str:
        expected = f"expected: {self.expected}" if self.expected else ""
        todo = f"to do: {self.todo}" if self.todo else ""
        return "\n".join(line for line in (self.happened, expected, todo) if line)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.happened, self.expected, self.todo))


def _rebuild(kind: type[LstmTuiError], happened: str, expected: str, todo: str) -> LstmTuiError:
    return kind(happened, expected=expected, todo=todo)


class UsageError(LstmTuiError):
    """The command line asks for something that cannot be asked."""


class InputFileError(LstmTuiError):
    """An array file that cannot be read as an array."""


class ScalerFileError(LstmTuiError):
    """A scaler file that cannot be read, or must not be."""


class ModelFileError(LstmTuiError):
    """A model file that cannot be opened, or must not be."""


class ScenarioError(LstmTuiError):
    """A scenario with mistakes: all of them, each as `file:line:column: path: what is wrong`."""


class EditError(LstmTuiError):
    """A reset, rescale or reshape that does not fit the array or the model."""


class InterventionError(EditError):
    """Something to be tried inside a loop that has no such place: known only when the call was traced."""


class QuestionError(LstmTuiError):
    """A condition or an expression that cannot be asked; the mistake is `text[start:stop]` of `at`."""

    def __init__(
        self,
        happened: str,
        *,
        expected: str = "",
        todo: str = "",
        text: str = "",
        at: tuple[int, int] = (0, 0),
    ) -> None:
        self.text, self.at = text, at
        super().__init__(happened, expected=expected, todo=todo)

    @property
    def pointed(self) -> tuple[str, str]:
        """The text, and under it a line of carets where the mistake is."""
        shown = "".join(one_line(character) or " " for character in self.text)
        start = min(max(self.at[0], 0), len(shown))
        stop = max(min(self.at[1], len(shown)), start)
        return shown, " " * cells(shown[:start]) + "^" * max(cells(shown[start:stop]), 1)

    def __str__(self) -> str:
        return "\n".join((*self.pointed, super().__str__()) if self.text else (super().__str__(),))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_question, (self.happened, self.expected, self.todo, self.text, self.at))


def _rebuild_question(
    happened: str, expected: str, todo: str, text: str, at: tuple[int, int]
) -> QuestionError:
    return QuestionError(happened, expected=expected, todo=todo, text=text, at=at)


class CommandLineError(LstmTuiError):
    """A line typed after `:`, or in a script, that cannot be understood or asks for what is not there."""


class SettingsError(LstmTuiError):
    """A settings file with mistakes: all of them, each with its place."""


class EngineError(LstmTuiError):
    """The process that runs TensorFlow could not answer."""


class EngineUnavailable(EngineError):  # noqa: N818 - what is the case, not that it is an error
    """The engine cannot be started."""


class EngineDied(EngineError):  # noqa: N818
    """The engine was killed or crashed; a new one can take over."""


class Cancelled(EngineError):  # noqa: N818
    """The user asked the engine to stop."""
