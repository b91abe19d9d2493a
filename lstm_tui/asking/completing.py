"""What can follow in a half-typed question: names, functions and layers, for who types."""

from __future__ import annotations

import re

from lstm_tui.asking.ground import Ground
from lstm_tui.asking.words import CHANNELS, FUNCTIONS, STATE, STEP

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*$")
_LAYER = re.compile(r"\bin +([^\s()\[\],<>=!\"']*)$")
_OF_CHANNEL = re.compile(rf"\b({'|'.join(CHANNELS)})\.(\w*)$")
#: A value has ended: what follows joins it to something.
_AFTER_VALUE = re.compile(r"(?<!\band)(?<!\bor)(?<!\bnot)(?<=[\w)\]]) +$")
_AFTER_DOT = re.compile(r"[\w\])]\.(\w*)$")


def completions(text: str, ground: Ground | None, here: str = "") -> tuple[str, ...]:
    """Whole texts that `text`, cut at the cursor, can become with its last word completed, likeliest first.

    here: the layer under the cursor, whose series are offered.
    """
    begun, words = _offered(text, ground, here)
    found = [word for word in words if word.startswith(begun) and word != begun]
    return tuple(text[: len(text) - len(begun)] + word for word in found)


def _offered(text: str, ground: Ground | None, here: str) -> tuple[str, list[str]]:
    """What has been typed of the last word, and what it may be."""
    if layer := _LAYER.search(text):
        paths = list(ground.cells) if ground is not None else []
        short = [path.rsplit("/", 1)[-1] for path in paths]
        return layer.group(1), [*[name for name in short if short.count(name) == 1], *paths]
    if (channel := _OF_CHANNEL.search(text)) and ground is not None:
        names = ground.names(channel.group(1))
        if len(names) > 1:
            return channel.group(2), [name for name in names if name.isidentifier()]
    if method := _AFTER_DOT.search(text):
        return method.group(1), [f"{name}()" for name, each in FUNCTIONS.items() if len(each.arguments) == 1]
    word = _WORD.search(text)
    begun = word.group() if word else ""
    if not begun:
        return "", []
    if _AFTER_VALUE.search(text[: len(text) - len(begun)]):
        return begun, ["and ", "or ", "in ", "changed sign"]
    series = list(ground.cells[here].series) if ground is not None and here in ground.cells else []
    functions = [f"{name}(" for name in FUNCTIONS]
    return begun, [*series, *CHANNELS, STATE, *functions, STEP, "not "]
