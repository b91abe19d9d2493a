"""Names that a user wrote, held against those that there are; the nearest right one where one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lstm_tui.arrays.opening import nearest
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line


def known(name: str, names: Sequence[str] | Mapping[str, object], what: str) -> str:
    """`name`, if it is one of `names`. Raises: EditError with the nearest right one."""
    if name in names:
        return name
    meant = nearest(name, names)
    raise EditError(
        f"There is no {what} {one_line(name, 60)}.",
        expected=f"one of {', '.join(one_line(each, 60) for each in names)}"
        if names
        else f"a model with one {what}",
        todo=f"did you mean {one_line(meant)}?" if meant else "",
    )


def recurrent_path(name: str, facts: ModelFacts) -> str:
    """The full path of a recurrent layer: `lstm_1` may stand for `encoder/lstm_1`, `lstm_1#2` for its second
    call.

    Raises: EditError for a layer that is not there, or one that holds several.
    """
    base, call, number = name.partition("#")
    paths = [layer.path for layer in facts.recurrent_layers]
    found = [path for path in paths if f"/{base}/" in f"/{path}/"]
    if base in paths or not facts.from_keras or len(found) == 1:
        return f"{base if base in paths or not found else found[0]}{call}{number}"
    if found:
        listed = ", ".join(one_line(path, 60) for path in found)
        raise EditError(f"{one_line(name, 60)} holds several recurrent layers.", expected=f"one of {listed}")
    is_cell = any(layer.path == base.rpartition("/")[0] for layer in facts.layers)
    return name if is_cell else known(base, paths, "recurrent layer")
