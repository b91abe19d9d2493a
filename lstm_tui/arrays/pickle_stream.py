"""Reads a pickle as data: a stack machine that pushes numbers, text and containers, and calls nothing.

Pickle is a small programming language. Its dangerous words are those that fetch a name and call it; here a
name is checked against an exact list the moment it is read and stays a pair of strings (`Name`), and what
the words REDUCE, NEWOBJ and BUILD would call is handed to a `Builder`, which makes plain values of its own.
No module is imported, no attribute looked up, nothing of the file's choosing runs.

Time and memory: the number of opcodes is bounded, every length was checked against the bytes that are there,
and keys are text, whose hash cannot be made to recurse.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

#: A scaler of 100,000 named features takes about 200,000; half a million take about a second to read.
MAX_OPCODES = 500_000
_MAX_NESTED = 3


class PickleContentError(Exception):
    """The pickle is damaged, or asks for something that is not built. The text is one plain sentence."""


@dataclass(frozen=True)
class Name:
    """What a pickle calls a class or function: two strings, nothing more."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Builder(Protocol):
    """Makes values of what a pickle would call."""

    def allows(self, name: Name) -> bool:
        """Whether `name` may be read at all."""

    def make(self, name: Name, arguments: tuple[object, ...]) -> object:
        """What calling `name` with `arguments` stands for."""

    def set_state(self, value: object, state: object, reader: PickleReader) -> None:
        """Give `value`, made above, its state; may read raw bytes that follow in `reader.stream`."""


@dataclass
class PickleReader:
    """Reads pickles from `stream`; what they would call is made by `builder`."""

    stream: BinaryIO
    builder: Builder
    opcodes: int = 0
    depth: int = 0

    def read(self) -> object:
        """The value of the pickle that begins here; `stream` is left behind its end."""
        if self.depth >= _MAX_NESTED:
            raise PickleContentError("it holds pickles inside pickles")
        self.depth += 1
        machine = _Machine(self)
        try:
            for opcode, argument, _ in pickletools.genops(self.stream):
                self.opcodes += 1
                if self.opcodes > MAX_OPCODES:
                    raise PickleContentError(f"it has more than {MAX_OPCODES} instructions")
                if opcode.name == "STOP":
                    return machine.pop()
                machine.step(opcode.name, argument)
        # pickletools raises ValueError and its kin on damage; on nonsense the stack runs empty.
        except (ValueError, IndexError) as problem:
            raise PickleContentError(f"it is damaged ({type(problem).__name__})") from None
        finally:
            self.depth -= 1
        raise PickleContentError("it ends in the middle")


_MARK = object()


@dataclass
class _Machine:
    reader: PickleReader
    stack: list[object] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)

    def step(self, opcode: str, argument: object) -> None:
        if opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode in _ACTIONS:
            _ACTIONS[opcode](self, argument)
        elif opcode not in _IGNORED:
            raise PickleContentError(f"it uses the instruction {opcode}, which no scaler needs")

    def pop(self) -> object:
        value = self.stack.pop()
        if value is _MARK:
            raise PickleContentError("it is damaged (a mark where a value was expected)")
        return value

    def pop_to_mark(self) -> list[object]:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise PickleContentError("it is damaged (a mark is missing)")

    def pop_many(self, count: int) -> list[object]:
        return [self.pop() for _ in range(count)][::-1]

    def push_name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleContentError("it names a class by something that is not text")
        found = Name(module, name)
        if not self.reader.builder.allows(found):
            raise PickleContentError(f"it wants {found}, which is not built")
        self.stack.append(found)

    def call(self) -> None:
        function, arguments = self.pop_many(2)
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise PickleContentError("it calls something that is not a name")
        self.stack.append(self.reader.builder.make(function, arguments))

    def build(self) -> None:
        state = self.pop()
        self.reader.builder.set_state(self.stack[-1], state, self.reader)

    def set_items(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise PickleContentError("it is damaged (items for something that is no mapping)")
        target.update(_mapping(items))

    def extend(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise PickleContentError("it is damaged (items for something that is no list)")
        target.extend(items)

    def memoise(self, index: object) -> None:
        if not isinstance(index, int) or self.stack[-1] is _MARK:
            raise PickleContentError("it is damaged (a memo without a value)")
        self.memo[index] = self.stack[-1]

    def recall(self, index: object) -> object:
        if not isinstance(index, int) or index not in self.memo:
            raise PickleContentError("it is damaged (a memo that was never written)")
        return self.memo[index]


def _mapping(items: list[object]) -> dict[str, object]:
    """Keys and values in turn. Text keys alone: the hash of nested tuples can take for ever."""
    keys = items[::2]
    if not all(isinstance(key, str) for key in keys):
        raise PickleContentError("it has a mapping whose keys are not text")
    return dict(zip((str(key) for key in keys), items[1::2], strict=True))


_CONSTANTS: dict[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
    "MARK": _MARK,
}
#: FRAME says only how many bytes to read ahead.
_IGNORED = frozenset({"PROTO", "FRAME"})
#: Opcodes whose argument, as pickletools has read it, is the value itself.
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_ACTIONS: dict[str, Callable[[_Machine, object], None]] = {
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "DICT": lambda machine, _: machine.stack.append(_mapping(machine.pop_to_mark())),
    "LIST": lambda machine, _: machine.stack.append(machine.pop_to_mark()),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.pop_to_mark())),
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine.pop_many(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine.pop_many(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine.pop_many(3))),
    "SETITEM": lambda machine, _: machine.set_items(machine.pop_many(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_to_mark()),
    "APPEND": lambda machine, _: machine.extend(machine.pop_many(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_to_mark()),
    "PUT": lambda machine, index: machine.memoise(index),
    "BINPUT": lambda machine, index: machine.memoise(index),
    "LONG_BINPUT": lambda machine, index: machine.memoise(index),
    "MEMOIZE": lambda machine, _: machine.memoise(len(machine.memo)),
    "GET": lambda machine, index: machine.stack.append(machine.recall(index)),
    "BINGET": lambda machine, index: machine.stack.append(machine.recall(index)),
    "LONG_BINGET": lambda machine, index: machine.stack.append(machine.recall(index)),
    "GLOBAL": lambda machine, words: machine.push_name(*str(words).split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.push_name(*machine.pop_many(2)),
    "NEWOBJ": lambda machine, _: machine.call(),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
