"""Finds and reads the settings file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from bounce_watch.errors import SettingsError
from bounce_watch.settings.build import make_settings
from bounce_watch.settings.faults import first_fault, refused
from bounce_watch.settings.model import File
from bounce_watch.settings.values import Settings, config_folder, folder_of
from bounce_watch.suppression.preset import preset_names

CONFIG_VARIABLE = "BOUNCE_WATCH_CONFIG"
CONFIG_NAME = "settings.toml"
LARGEST = 1024 * 1024
"""Octets of a settings file; a larger one is something else."""

LARGEST_NUMBER_BITS = 63
"""TOML promises no more than numbers of 64 bits, one of them the sign."""


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `path`, else of BOUNCE_WATCH_CONFIG, else of the user's configuration folder, else defaults.

    A file that was named and is missing, and any file that breaks a rule, raises SettingsError.
    """
    named = path or (Path(value) if (value := environment.get(CONFIG_VARIABLE)) else None)
    found = named or config_folder() / CONFIG_NAME
    if named is None and not found.exists():
        return make_settings(File(), None)
    content = _read(found)
    _check_presets(content, found)
    return make_settings(content, found)


def _read(path: Path) -> File:
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
        if len(octets) > LARGEST:
            raise refused(path, "it is larger than 1 MiB")
        table = tomllib.loads(octets.decode("utf-8-sig"))
        if fault := next((fault for each in _leaves(table) if (fault := _unusable(each))), None):
            raise refused(path, fault)
        return File.model_validate(table)
    except OSError as error:
        raise SettingsError(
            f"The settings {path} can't be read ({error.strerror}).",
            "Check --config, or BOUNCE_WATCH_CONFIG.",
        ) from error
    except ValidationError as error:
        raise refused(path, first_fault(error)) from None
    except (ValueError, RecursionError) as error:  # tomllib raises a plain ValueError for an endless number
        raise refused(path, f"it is not valid TOML: {error}") from error


def _check_presets(content: File, path: Path) -> None:
    """Refuse an export whose preset is neither one of the program nor one of the seller's own."""
    wanted = [(name, preset) for name, section in content.accounts.items() for preset in section.exports]
    known = preset_names(folder_of(path) / "presets") if wanted else ()
    for name, preset in wanted:
        if preset not in known:
            there = f"there is no preset {preset!r}; there are {', '.join(known)}"
            raise refused(path, f"accounts.{name}.exports: {there}")


def _leaves(value: object) -> Iterator[object]:
    """Every key and every single value in a TOML table."""
    if isinstance(value, dict):
        yield from value
        yield from _leaves([*value.values()])
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _unusable(leaf: object) -> str | None:
    """Why TOML allows this and nothing behind it can work with it; None for what is usual."""
    if isinstance(leaf, str) and "\0" in leaf:
        return "a key or value in it has the character NUL, which no name or path can have"
    if isinstance(leaf, int) and leaf.bit_length() > LARGEST_NUMBER_BITS:
        return "a number in it is too large"
    return None
