"""Every sample is what its golden twin says, whatever its line ends are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bounce_watch.notices.catalogue import Catalogue, load_catalogue
from tests.flow.samples import FIXTURES, SAMPLES, read, told, twin


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.relative_to(FIXTURES)))
def test_sample_is_what_its_twin_says(sample: Path, catalogue: Catalogue) -> None:
    expected = twin(sample)
    octets = sample.read_bytes()
    settings = expected.get("settings", {})
    found = read(octets, settings, catalogue)
    assert told(found, expected["expect"]) == expected["expect"], expected["why"]
    lines = octets.replace(b"\r\n", b"\n")
    for line_end in (b"\r\n", b"\r"):
        other = read(lines.replace(b"\n", line_end), settings, catalogue)
        assert other.result == found.result
        assert other.verdict == found.verdict
