"""Every text on the pages that users see can be read: WCAG 2, contrast of at least 4.5 to 1."""

import re
from pathlib import Path

import pytest

from service.ingress.pages import STYLE

FRAME = (Path(__file__).parents[2] / "simulator/pages/frame.html").read_text()
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


def simulators(scheme: str) -> dict[str, str]:
    light, dark = FRAME.split("@media (prefers-color-scheme: dark)", 1)
    part = light if scheme == "light" else dark.partition("}")[0]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", part))


def test_the_measure_is_the_known_one() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "soft", "blue", "amber"])
@pytest.mark.parametrize("ground", ["ground", "card"])
def test_the_simulators_texts(scheme: str, text: str, ground: str) -> None:
    colours = simulators(scheme)
    assert contrast(colours[text], colours[ground]) >= ENOUGH


def test_the_simulators_button() -> None:
    [(text, ground)] = re.findall(r"\.go \{[^}]*color: (#\w+); background: (#\w+)", FRAME)
    assert contrast(text, ground) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_return_pages_texts(scheme: str) -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme:dark)", 1)
    part = light if scheme == "light" else dark
    card = re.findall(r"main\{background:(#\w+)", part)[0]
    texts = re.findall(r"[{;]color:(#\w+)", part)
    assert len(texts) == 2
    assert [text for text in texts if contrast(text, card) < ENOUGH] == []
