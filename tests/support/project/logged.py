"""What the modules log, read from their source."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
_PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = _PYPROJECT["tool"]["importlinter"]["root_packages"]

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_CATALOGUE = "import LogEvent"
"""In the modules that describe the events: an event is not logged because it is there."""


def levels_of_events() -> dict[str, set[str]]:
    """The levels that each event is logged at: `log.warning("event", …)`."""
    levels: dict[str, set[str]] = {}
    for tree in _modules():
        for node in ast.walk(tree):
            for event, method in _logged(node):
                levels.setdefault(event, set()).add("error" if method == "exception" else method)
    return levels


def names_in_the_code() -> set[str]:
    """Every text of the code that may be an event; some pass through a variable."""
    return {text for tree in _modules() for text in _constants(tree) if _EVENT.fullmatch(text)}


def _logged(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        target = node.func.value
        if isinstance(target, ast.Name) and target.id == "log":
            for event in filter(_EVENT.fullmatch, _constants(node.args[0])):
                yield event, node.func.attr


def _constants(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


@cache
def _modules() -> tuple[ast.Module, ...]:
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    texts = (path.read_text() for path in files)
    return tuple(ast.parse(text) for text in texts if _CATALOGUE not in text)
