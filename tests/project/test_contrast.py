"""Every text on the pages that users see can be read: WCAG 2, contrast of at least 4.5 to 1."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIMULATOR, INGRESS = "simulator/pages/page.css", "service/ingress/page.css"
ENOUGH = 4.5


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours_of(style: str, scheme: str) -> dict[str, str]:
    """The colours of a file, by name."""
    light, dark = (ROOT / style).read_text().split("@media (prefers-color-scheme: dark)", 1)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))


def test_the_measure_is_the_known_one() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["text", "soft", "accent", "ok", "no", "ask"])
@pytest.mark.parametrize("ground", ["page", "card"])
def test_the_simulators_texts(scheme: str, text: str, ground: str) -> None:
    colours = colours_of(SIMULATOR, scheme)
    assert contrast(colours[text], colours[ground]) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [("accent-text", "accent"), ("ask", "ask-back")])
def test_the_simulators_button_and_note(scheme: str, text: str, ground: str) -> None:
    colours = colours_of(SIMULATOR, scheme)
    assert contrast(colours[text], colours[ground]) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["text", "soft"])
@pytest.mark.parametrize("ground", ["page", "card"])
def test_the_return_pages_texts(scheme: str, text: str, ground: str) -> None:
    colours = colours_of(INGRESS, scheme)
    assert contrast(colours[text], colours[ground]) >= ENOUGH
