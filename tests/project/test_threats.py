"""Each threat of docs/security.md names its tests, and they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`((?:tests/[\w/.]+|test_\w+\.py))`")


def threats() -> dict[str, str]:
    """The last column of the table, by the first."""
    today = (ROOT / "docs/security.md").read_text().partition("## Today")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in today.splitlines() if line.startswith("| ")]
    return {row[0].strip(): row[-1] for row in rows[1:]}


def test_there_are_threats() -> None:
    assert len(threats()) > 30


@pytest.mark.parametrize("threat", threats())
def test_every_named_test_exists(threat: str) -> None:
    named, folder = _NAMED.findall(threats()[threat]), ROOT
    assert named
    for name in named:
        path = ROOT / name if name.startswith("tests/") else folder / name
        assert path.exists(), name
        folder = path.parent
