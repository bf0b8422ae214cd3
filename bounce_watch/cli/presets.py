"""`suppressions presets` tells which shapes of export there are, how well each is known, and what to beware of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AsJson, Config, settings
from bounce_watch.cli.talk import colour, out, unicode, width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bounce_watch.reports.layout import Section


def presets(
    preset: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this one, with its columns.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the shapes in which the list can be exported: the program's own, and yours beside the settings.

    Example: bounce-watch suppressions presets
    """
    from bounce_watch.reports.terminal import render_sections
    from bounce_watch.suppression.preset import load_preset
    from bounce_watch.upkeep.presets import all_presets, preset_json, preset_section, presets_section

    folder = settings(config).presets_folder
    found, wrong = all_presets(folder) if preset is None else ([load_preset(preset, folder)], [])

    def sections(columns: int) -> Iterable[Section]:
        return [presets_section(found, columns) if preset is None else preset_section(found[0], columns)]

    if as_json:
        out("".join(map(preset_json, found)))
    else:
        out(render_sections(sections, width=width(), colour=colour(), unicode=unicode()))
    if wrong:
        raise wrong[0]
