"""The commands that the pages show, and their output there."""

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[3]
DOCS: Final = ROOT / "docs"
PAGES: Final = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        ROOT / "bench/README.md",
        ROOT / "tests/support/samples/README.md",
    ]
)
"""Every page."""


_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LEFT_OUT: Final = "…"
_CHANGING: Final = (
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"\b\d{10},", "SECONDS,"),
    (r"\b[0-9a-f]{64}\b", "SHA256"),
    (r"\btoken=\w+", "token=TOKEN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[.\d]*(?:Z|\+00:00| UTC)", "TIME"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r'"confidence": [\d.]+', '"confidence": FIGURE'),
    (r'"id_number": "[^"]*"', '"id_number": MASKED'),
    (r"测\*+", "MASKED"),
)
"""What differs from run to run."""


class Sample(NamedTuple):
    """A command line of a page, and the lines that it prints there."""

    command: str
    shown: list[str]


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    return [text for named, text in _BLOCK.findall(page.read_text("utf-8")) if named == language]


def samples(page: Path) -> list[Sample]:
    """Every command of the page's consoles."""
    found: list[Sample] = []
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Sample(line[2:], []))
            else:
                found[-1].shown.append(line)
    return found


def sample(page: Path, begins: str) -> Sample:
    """The one whose command begins so."""
    [found] = [each for each in samples(page) if each.command.startswith(begins)]
    return found


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    for shape, word in _CHANGING:
        text = re.sub(shape, word, text)
    return text


def shows(shown: list[str], printed: str) -> bool:
    """Whether a sample shows what was printed, up to what differs from run to run; `…` is any lines."""
    lines = (r"[\s\S]*?" if line.strip() == _LEFT_OUT else re.escape(masked(line)) for line in shown)
    found = "\n".join(line.rstrip() for line in masked(printed).strip("\n").splitlines())
    return re.fullmatch("\n".join(lines), found) is not None
