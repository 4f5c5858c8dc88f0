"""The docs have a picture of every screen in both languages, and show each."""

from pathlib import Path

import pytest

from service.console.app.paths import navigation
from tests.service.console.pictures import FOLDER, LARGEST, ON_A_PHONE, SCREENS

DOCS = Path(__file__).parents[3] / "docs"
NAMES = [*SCREENS, *(f"{name}-phone" for name in ON_A_PHONE)]


def test_every_screen_of_the_navigation_is_pictured() -> None:
    assert {screen.path for screen in navigation.SCREENS} <= set(SCREENS.values())


@pytest.mark.parametrize(("language", "page"), [("en", "console.md"), ("zh", "console.zh.md")])
def test_the_walk_shows_every_picture_and_each_is_small(language: str, page: str) -> None:
    text = (DOCS / page).read_text()
    for name in NAMES:
        picture = FOLDER / f"{name}-{language}.png"
        assert picture.stat().st_size <= LARGEST
        assert f"(pictures/{picture.name})" in text


def test_no_picture_is_left_over() -> None:
    taken = {f"{name}-{language}.png" for name in NAMES for language in ("en", "zh")}
    assert {picture.name for picture in FOLDER.iterdir()} == taken
