"""A function of the program with the recorder round it: the same function to whoever calls it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from lstm_tui.flight_recorder.call import Manner

if TYPE_CHECKING:
    from lstm_tui.flight_recorder.recorder import CallInProgress, FlightRecorder

Function = TypeVar("Function", bound=Callable[..., Any])
#: Finds the input in a function's arguments, or the output in what it returns.
Find = Callable[..., Any] | None


class Wrapping:
    """How one function is watched.

    find_input: finds the model's input in the arguments; None takes the first.
    find_output: finds the model's output in what is returned; None takes it as it is.
    """

    def __init__(
        self,
        recorder: FlightRecorder,
        model: Any,
        find_input: Find,
        find_output: Find,
    ) -> None:
        self._recorder = recorder
        self._model = model
        self._find_input = find_input
        self._find_output = find_output

    def around(self, function: Function) -> Function:
        """`function` watched; a coroutine function stays one."""
        if inspect.iscoroutinefunction(function):
            return cast(Function, self._async(function))
        return cast(Function, self._plain(function))

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            progress = self._begin(function, args, kwargs)
            with self._recorder.until_end(progress):
                result = function(*args, **kwargs)
                self._found(progress, result)
            return result

        return _looking_like(function, watched)

    def _async(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            progress = self._begin(function, args, kwargs)
            with self._recorder.until_end(progress):
                result = await function(*args, **kwargs)
                self._found(progress, result)
            return result

        return _looking_like(function, watched)

    def _begin(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CallInProgress | None:
        if not self._recorder.enabled:
            return None
        with self._recorder.contained("finding the input among the arguments"):
            find = self._find_input or _first_argument
            value = find(*args, **kwargs)
            return self._recorder.begin(value, self._manner(function, value, args, kwargs))
        return None

    def _found(self, progress: CallInProgress | None, result: Any) -> None:
        if progress is None:
            return
        if self._find_output is None:
            progress.output = result
            return
        with self._recorder.contained("finding the output in the result"):
            progress.output = self._find_output(result)

    def _manner(
        self, function: Callable[..., Any], value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Manner:
        """What a replay has to do: a method of the model says it, anything else is taken for `predict`."""
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if function is self._model or (owner is self._model and name in {"__call__", "call"}):
            return Manner("call", training=kwargs.get("training"))
        if owner is self._model and name == "predict_on_batch":
            return Manner(batch_size=max(1, len(np.asarray(value))) if hasattr(value, "shape") else None)
        if owner is self._model and name == "predict":
            return Manner(batch_size=args[1] if len(args) > 1 else kwargs.get("batch_size"))
        return Manner()


def _first_argument(*args: Any, **kwargs: Any) -> Any:
    return args[0] if args else next(iter(kwargs.values()))


def _looking_like(function: Callable[..., Any], watched: Callable[..., Any]) -> Callable[..., Any]:
    """Name, documentation and signature of `function`, where it is a function and not a model."""
    if inspect.isroutine(function):
        return functools.wraps(function)(watched)
    return watched
