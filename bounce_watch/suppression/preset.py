"""The presets by name: those that come with the program, and a seller's own beside the settings."""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from bounce_watch.errors import DataError
from bounce_watch.suppression.preset_shape import (
    INSTANTS,
    Column,
    Format,
    FormatEvidence,
    InstantForm,
    Key,
    Preset,
    Source,
)
from bounce_watch.suppression.preset_toml import parse_preset
from bounce_watch.text.inert import inert

__all__ = [
    "INSTANTS",
    "Column",
    "Format",
    "FormatEvidence",
    "InstantForm",
    "Key",
    "Preset",
    "Source",
    "load_preset",
    "own_preset_names",
    "parse_preset",
    "preset_names",
]

LARGEST = 64 * 1024
"""Octets of a preset's file; a larger one is something else."""

_NAME = re.compile(r"[^\W_][\w-]{0,63}")


def preset_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the presets that come with the program and of the seller's own in `folder`, sorted."""
    return tuple(sorted({*_shipped(), *own_preset_names(folder)}))


def own_preset_names(folder: Path | None) -> tuple[str, ...]:
    """The names of the seller's own presets, sorted: the files `NAME.toml`, NAME of letters, digits, `-` and `_`."""
    try:
        stems = [file.stem for file in folder.iterdir() if file.suffix == ".toml"] if folder else []
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise DataError(
            f"The folder {folder} can't be read: {error.strerror}.", "Let this user read it."
        ) from error
    return tuple(sorted(stem for stem in stems if _NAME.fullmatch(stem) and inert(stem) == stem))


def load_preset(name: str, folder: Path | None = None) -> Preset:
    """The preset of this name, of the program or of the seller's own in `folder`.

    DataError when there is none, when it is wrong (with its line), and when a preset of the seller's has the name of one of
    the program's: nobody should have to wonder which of them made a file.
    """
    names = preset_names(folder)
    if name not in names:
        near = get_close_matches(name, names, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise DataError(f"There is no preset called {name!r}.", f"{meant}There are: {', '.join(names)}.")
    if folder is None or name not in own_preset_names(folder):
        text = resources.files(__package__).joinpath("presets", f"{name}.toml").read_text("utf-8")
        return parse_preset(name, text)
    file = folder / f"{name}.toml"
    if name in _shipped():
        raise DataError(
            f"{file} has the name of a preset of the program.", "Give the file another name, and use that."
        )
    return parse_preset(name, _read(file), file)


def _shipped() -> tuple[str, ...]:
    files = resources.files(__package__).joinpath("presets").iterdir()
    return tuple(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            octets = opened.read(LARGEST + 1)
    except OSError as error:
        raise DataError(f"{file} can't be read: {error.strerror}.", "Let this user read it.") from error
    if len(octets) > LARGEST:
        raise DataError(
            f"{file} is larger than {LARGEST // 1024} KiB.", "A preset is a few lines; look what it is."
        )
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise DataError(f"{file} is not UTF-8 (line {line}).", "Save it as UTF-8.") from error
