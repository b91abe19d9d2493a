"""Plain values as YAML that people like to read: block style, leaves on one line, long text as it was typed.

Text that a reader could take for a number, a truth value or nothing is quoted, by the rules that read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from lstm_tui.scenario.yaml_text import plain_scalar

_WIDTH = 100


def yaml_text(value: Mapping[str, Any]) -> str:
    """`value` (mappings, sequences, text, numbers, truth values) as one YAML document."""
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_mapping(value, 0), stream)
    return stream.getvalue()


def _styled(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, str):
        return _text(value)
    return _sequence(value, depth) if isinstance(value, Sequence) else value


def _mapping(value: Mapping[str, Any], depth: int) -> CommentedMap:
    styled = CommentedMap({_text(key): _styled(item, depth + 1) for key, item in value.items()})
    leaves = all(_is_scalar(item) or _is_flat_list(item) for item in value.values())
    if depth and leaves and len(str(dict(value))) < _WIDTH - 4 * depth:
        styled.fa.set_flow_style()
    return styled


def _sequence(value: Sequence[Any], depth: int) -> CommentedSeq:
    styled = CommentedSeq([_styled(item, depth + 1) for item in value])
    if _is_flat_list(value):
        styled.fa.set_flow_style()
    return styled


def _is_scalar(value: Any) -> bool:
    return "\n" not in value if isinstance(value, str) else not isinstance(value, Mapping | Sequence)


def _is_flat_list(value: Any) -> bool:
    return (
        isinstance(value, Sequence) and not isinstance(value, str) and all(_is_scalar(item) for item in value)
    )


def _text(text: str) -> Any:
    if "\n" in text and _fits_a_block(text):
        return LiteralScalarString(text)
    # ruamel.yaml writes `{?0: x}` for the key "?0" and reads it back as "0": no bare text begins with a sign.
    is_word = text[:1].isalnum() and isinstance(plain_scalar(text), str)
    return text if is_word else DoubleQuotedScalarString(text)


def _fits_a_block(text: str) -> bool:
    """Whether a literal block holds `text` exactly: no blanks at the ends of lines, nothing to escape."""
    lines = text.removesuffix("\n").split("\n")
    begins_plainly = lines[0][:1] not in ("", " ")
    return begins_plainly and all(line == line.rstrip() and line.isprintable() for line in lines)
