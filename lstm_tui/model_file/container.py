"""Opening a model file: a `.keras` archive with zipfile, a `.h5` with h5py, and nothing of Keras.

Every size is bounded before anything is read: the configuration by `CONFIG_BYTES`, an archive's members by
what they may unpack to. What this module does not do is understand the configuration; it is handed on as
JSON. h5py is imported only for `.h5` files, so that the first screen of a `.keras` file does not wait for it.
"""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.file_kinds import (
    HDF5_SIGNATURE,
    ZIP_SIGNATURE,
    directory_instead,
    not_a_model,
    other_archive,
)
from lstm_tui.model_file.refusals import CorruptModelError, NotAModelError
from lstm_tui.plain_text import one_line

Config = Mapping[str, Any]

#: Large functional models have configurations of about 1 MB.
CONFIG_BYTES = 8 * 2**20
#: Weights are read whole into memory, as Keras does.
WEIGHTS_BYTES = 8 * 2**30
#: Keras stores members uncompressed; float weights rarely shrink by more than a tenth.
_EXPANSION = 100
_EXPANSION_FLOOR = 64 * 2**20
_MEMBERS = 10_000

METADATA_MEMBER = "metadata.json"
CONFIG_MEMBER = "config.json"
WEIGHTS_MEMBER = "model.weights.h5"
_ASSETS = "assets/"

_TRUNCATED_TODO = "Copy or download the file again."


@dataclass(frozen=True, eq=False)
class StoredModel:
    """What a model file holds, unpacked as far as JSON.

    training: the compile configuration; it is not used to load, only looked at.
    weights_bytes: how large the HDF5 file with the weights is, 0 where it is missing.
    """

    path: Path
    format: Literal["keras", "h5"]
    config: Config
    keras_version: str
    training: Config
    weights_bytes: int
    obstacles: tuple[Obstacle, ...] = ()


def open_model_file(path: Path) -> StoredModel:
    """Read everything but the weights; raise a `ModelFileError` where there is no model to read."""
    head = _first_bytes(path)
    if head.startswith(ZIP_SIGNATURE):
        return _open_keras(path)
    if is_hdf5(path, head):
        from lstm_tui.model_file.legacy_hdf5 import open_legacy_hdf5

        return open_legacy_hdf5(path)
    raise not_a_model(path, head)


def _first_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise directory_instead(path)
        if not stat.S_ISREG(status.st_mode):
            raise NotAModelError(f"{path} is not a regular file.", todo="Name the model file itself.")
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise NotAModelError(f"There is no file {path}.", todo="Check the name and the folder.") from error
    except (OSError, ValueError) as error:
        raise NotAModelError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from error
    if not head:
        raise CorruptModelError(
            f"{path} is empty.", expected="a .keras or .h5 model file", todo=_TRUNCATED_TODO
        )
    return head


def is_hdf5(path: Path, head: bytes) -> bool:
    """Whether the file is HDF5, whose signature may stand at 0, 512, 1024, 2048, ..."""
    if head.startswith(HDF5_SIGNATURE):
        return True
    with path.open("rb") as file:
        for offset in (512, 1024, 2048, 4096):
            file.seek(offset)
            if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE:
                return True
    return False


def _open_keras(path: Path) -> StoredModel:
    with open_archive(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if CONFIG_MEMBER not in members:
            raise other_archive(path, members)
        obstacles = _archive_obstacles(archive)
        config = parse_config(read_member(archive, path, CONFIG_MEMBER), path, CONFIG_MEMBER)
        metadata: Config = {}
        if METADATA_MEMBER in members:
            metadata = parse_config(read_member(archive, path, METADATA_MEMBER), path, METADATA_MEMBER)
        weights = members.get(WEIGHTS_MEMBER)
    training = config.get("compile_config")
    return StoredModel(
        path=path,
        format="keras",
        config=config,
        keras_version=one_line(metadata.get("keras_version", ""), 40),
        training=training if isinstance(training, dict) else {},
        weights_bytes=weights.file_size if weights else 0,
        obstacles=(*name_obstacles(path, (".keras",), "a .keras archive"), *obstacles),
    )


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive, or `CorruptModelError` where it cannot be opened."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise CorruptModelError(
            f"{path} begins as a .keras archive and does not end as one: {one_line(error)}.",
            expected="a whole zip archive",
            todo=_TRUNCATED_TODO,
        ) from error


def read_member(archive: zipfile.ZipFile, path: Path, name: str, limit: int = CONFIG_BYTES) -> bytes:
    """One member's bytes, at most `limit` of them."""
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, KeyError) as error:
        raise CorruptModelError(
            f"{path}: {name} cannot be read: {one_line(error)}.",
            expected="a whole archive",
            todo=_TRUNCATED_TODO,
        ) from error
    if len(data) > limit:
        raise CorruptModelError(f"{path}: {name} is larger than {limit:,} bytes.", expected="a Keras model")
    return data


def parse_config(data: bytes | str, path: Path, what: str) -> Config:
    """JSON as an object, or `CorruptModelError`."""
    try:
        parsed = json.loads(data)
    except RecursionError as error:
        raise CorruptModelError(f"{path}: {what} is nested too deeply to be a model.") from error
    except ValueError as error:
        raise CorruptModelError(
            f"{path}: {what} is not JSON: {one_line(error)}.", expected="the configuration of a Keras model"
        ) from error
    if not isinstance(parsed, dict):
        raise CorruptModelError(
            f"{path}: {what} is not the configuration of a model.",
            expected="a JSON object with class_name and config",
        )
    return parsed


def name_obstacles(path: Path, suffixes: tuple[str, ...], what: str) -> tuple[Obstacle, ...]:
    """Keras goes by the name: a right file under a wrong suffix does not load."""
    if path.name.endswith(suffixes):
        return ()
    todo = f"Rename it to {path.stem}{suffixes[0]}."
    return (Obstacle("load-format", path.name, f"This is {what}, and Keras goes by the file's name.", todo),)


def _archive_obstacles(archive: zipfile.ZipFile) -> list[Obstacle]:
    infos = archive.infolist()
    if len(infos) > _MEMBERS:
        return [_unsafe("the archive", f"It has {len(infos):,} members; a model has three.")]
    found = [obstacle for info in infos for obstacle in _member_obstacles(info)]
    for name, times in Counter(info.filename for info in infos).items():
        if times > 1:
            found.append(
                _unsafe(name, f"The archive holds it {times} times, so readers may differ in what they see.")
            )
    names = {info.filename for info in infos}
    if METADATA_MEMBER not in names:
        todo = "None: it only tells which Keras wrote the file."
        found.append(Obstacle("load-corrupt", METADATA_MEMBER, "It is missing.", todo, blocking=False))
    if WEIGHTS_MEMBER not in names:
        found.append(Obstacle("load-corrupt", WEIGHTS_MEMBER, "The archive has no weights.", _TRUNCATED_TODO))
    return found


def _member_obstacles(info: zipfile.ZipInfo) -> list[Obstacle]:
    found = []
    name = info.filename
    if name not in {METADATA_MEMBER, CONFIG_MEMBER, WEIGHTS_MEMBER} and not _is_asset(name):
        found.append(_unsafe(name, "A .keras archive has no such member."))
    if info.flag_bits & 1:
        found.append(Obstacle("load-corrupt", name, "It is encrypted.", "Save the model without a password."))
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        found.append(_unsafe(name, "It is compressed in a way that Keras never uses."))
    if (
        info.file_size > max(_EXPANSION_FLOOR, _EXPANSION * info.compress_size)
        or info.file_size > WEIGHTS_BYTES
    ):
        found.append(
            _unsafe(name, f"It would unpack to {info.file_size:,} bytes from {info.compress_size:,}.")
        )
    return found


def _is_asset(name: str) -> bool:
    """Vocabularies of lookup layers lie under `assets/`; nothing may point out of it."""
    return name.startswith(_ASSETS) and ".." not in name.split("/") and "\\" not in name


def _unsafe(where: str, what: str) -> Obstacle:
    todo = "Do not load it unless you trust where it comes from; then --trust loads it."
    return Obstacle("load-unsafe", one_line(where), what, todo)
