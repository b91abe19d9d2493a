"""Every serialized object in a configuration, with its place: the one walk that the judges share.

It follows JSON, not the architecture, so that nothing escapes it: what Keras would build from an unexpected
corner of the file is seen too. No recursion, however deep the configuration is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_tui.model_file.container import Config


@dataclass(frozen=True, eq=False)
class Found:
    """A mapping in the configuration.

    where: the path of the layer it belongs to (empty for the model itself).
    key: the key under which it stands, for instance `backward_layer`.
    owner: the class of the layer it belongs to.
    """

    entry: Config
    where: str
    key: str
    owner: str = ""

    @property
    def class_name(self) -> str:
        """Its class, empty for a mapping that is no object."""
        name = self.entry.get("class_name")
        return name if isinstance(name, str) else ""

    @property
    def module(self) -> str:
        """The module that the file names for its class, empty where it names none."""
        module = self.entry.get("module")
        return module if isinstance(module, str) else ""

    @property
    def config(self) -> Config:
        """Its configuration, empty where it has none."""
        config = self.entry.get("config")
        return config if isinstance(config, dict) else {}


def walk(root: Config) -> Iterator[Found]:
    """Every mapping below and including `root`, except the compile configuration of the whole model."""
    start = root
    if "compile_config" in root:
        start = {key: value for key, value in root.items() if key != "compile_config"}
    stack: list[tuple[Any, str, str, str]] = [(start, "", "", "")]
    while stack:
        value, where, key, owner = stack.pop()
        if isinstance(value, list):
            stack.extend((item, where, key, owner) for item in reversed(value))
        elif isinstance(value, dict):
            found = Found(value, _place(value, where, is_root=value is start), key, owner)
            yield found
            owner = found.class_name or owner
            stack.extend((item, found.where, inner, owner) for inner, item in reversed(value.items()))


def _place(entry: Config, where: str, is_root: bool) -> str:
    """`where`, one step down if the mapping is a named layer."""
    config = entry.get("config")
    if is_root or not isinstance(config, dict) or not isinstance(entry.get("class_name"), str):
        return where
    name = config.get("name")
    if not isinstance(name, str) or entry["class_name"].endswith("Policy"):  # a policy's name is a dtype
        return where
    return f"{where}/{name}" if where else name


def copied(root: Config) -> dict[str, Any]:
    """A copy of a configuration that may be changed; no recursion, however deep it is."""
    whole: dict[str, Any] = {}
    stack: list[tuple[Any, Any]] = [(root, whole)]
    while stack:
        source, copy = stack.pop()
        for key, value in source.items() if isinstance(source, Mapping) else enumerate(source):
            copy[key] = value
            if isinstance(value, dict | list):
                copy[key] = {} if isinstance(value, dict) else [None] * len(value)
                stack.append((value, copy[key]))
    return whole
