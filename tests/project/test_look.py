"""The pages of ingress and simulator have copies of the console's colours.

A copy, since the three import nothing from each other: the simulator plays the other side.
"""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ORIGINAL: Final = ROOT / "service/console/static/console.css"
COPIES: Final = [ROOT / "service/ingress/page.css", ROOT / "simulator/pages/page.css"]

_DARK: Final = "@media (prefers-color-scheme: dark)"
_COLOUR: Final = re.compile(r"(--[a-z-]+):\s*(#[0-9a-f]{6})\b")
_USED: Final = re.compile(r"var\((--[a-z-]+)\)")


def colours(style: str) -> tuple[dict[str, str], dict[str, str]]:
    """The colours by name, light and dark."""
    light, dark = style.split(_DARK, 1)
    return dict(_COLOUR.findall(light)), dict(_COLOUR.findall(dark))


@pytest.mark.parametrize("copy", COPIES, ids=lambda path: path.parts[-3])
def test_the_colours_are_the_consoles_in_light_and_dark(copy: Path) -> None:
    light, dark = colours(ORIGINAL.read_text())
    own_light, own_dark = colours(copy.read_text())
    assert own_light == {name: light[name] for name in own_light}
    assert own_dark == {name: dark[name] for name in own_light}


@pytest.mark.parametrize("copy", COPIES, ids=lambda path: path.parts[-3])
def test_every_colour_that_is_used_is_named(copy: Path) -> None:
    style = copy.read_text()
    named = {*colours(style)[0], "--tone"}
    assert set(_USED.findall(style)) <= named
    assert not re.search(r"#[0-9a-f]{3,8}", _COLOUR.sub("", style))
