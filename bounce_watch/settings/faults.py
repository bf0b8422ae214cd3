"""What is wrong with a settings file, in one sentence that never holds the value."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bounce_watch.errors import SettingsError
from bounce_watch.settings.model import File

_PLAINER = {
    "missing": "this key is needed",
    "tuple_type": 'must be a list, for example ["..."]',
    "path_type": "must be the path of a file, in quotes",
}
"""What pydantic says of these faults speaks of Python."""


def refused(path: Path, reason: str) -> SettingsError:
    """The error of a settings file."""
    return SettingsError(
        f"The settings {path} can't be used: {reason}.",
        "docs/reference/settings.md lists every key with an example.",
    )


def first_fault(error: ValidationError) -> str:
    """The first fault in words, with the nearest known key for an unknown one; never the value."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    # A key that is misspelt is missing as well; the misspelling says more.
    fault = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    location = fault["loc"]
    place = ".".join(str(part) for part in location)
    if fault["type"] == "extra_forbidden":
        return _unknown(location, place)
    if fault["type"] != "value_error" and (said := _not_the_secret(location)):
        return f"{place} {said}"
    said = _PLAINER.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{place}: {said[:1].lower()}{said[1:]}"


Location = tuple[int | str, ...]


def _unknown(location: Location, place: str) -> str:
    known = _keys_at(location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    if not near and _not_the_secret(location[:-1]):
        # What stands where a key should be may be the secret, so it is not repeated.
        return f"{place.rpartition('.')[0]}: name exactly one of {', '.join(known)}"
    return f"the key {place} is unknown" + (f" (did you mean {near[0]}?)" if near else "")


def _not_the_secret(location: Location) -> str:
    """What must stand in a place where somebody may have written a secret; "" for any other place."""
    if location[-1:] == ("password",):
        return 'must say where the password is, for example { env = "UK_PASSWORD" }, not be the password'
    if location[:2] == ("alerts", "to") and len(location) <= 3:
        return 'must say where each address is, for example [{ env = "ALERT_URL" }], for the address holds a secret'
    return ""


def _keys_at(location: Location) -> list[str]:
    """The keys that the model at `location` knows."""
    model: object = File
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = _plain(model.model_fields[str(part)].annotation)
        else:  # the accounts, by name, or one of a list
            model = next(each for each in typing.get_args(model) if each not in {str, ...})
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _plain(annotation: object) -> object:
    """The type without `| None`."""
    if isinstance(annotation, types.UnionType):
        return next(part for part in typing.get_args(annotation) if part is not type(None))
    return annotation
