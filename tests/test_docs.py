"""The pages are true where a test can tell: their links, their log events, what their samples show."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from adapters.revisions import newest_revision

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "bench/README.md",
        ROOT / "tests/samples/README.md",
    ]
)
PACKAGES = ("adapters", "cli", "domain", "service", "simulator", "workers")

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_NO_EVENTS = {"library.message"}
"""Written as a word of its own, not through structlog."""


def constants(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def logged(tree: ast.AST) -> Iterator[str]:
    """The events of a module: first arguments of `log.warning(…)` and its like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            target = node.func.value
            if isinstance(target, ast.Name) and target.id == "log":
                yield from filter(_EVENT.fullmatch, constants(node.args[0]))


@cache
def modules() -> dict[Path, ast.Module]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {path: ast.parse(path.read_text()) for path in files}


def section(page: Path, heading: str) -> str:
    _, _, rest = page.read_text().partition(f"\n## {heading}\n")
    assert rest, f"{page.name} has no section {heading}"
    return rest.partition("\n## ")[0]


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def test_every_log_event_is_in_the_runbook() -> None:
    table = section(ROOT / "docs/operations.md", "Log events")
    written = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", table))
    missing = {event for tree in modules().values() for event in logged(tree)} - written
    assert not missing


def test_no_event_in_the_runbook_is_unknown_to_the_code() -> None:
    table = section(ROOT / "docs/operations.md", "Log events")
    named = {
        event for row in re.findall(r"^\| ([^|]+)\|", table, re.MULTILINE) for event in _EVENT.findall(row)
    }
    known = {text for tree in modules().values() for text in constants(tree)}
    assert named - known - _NO_EVENTS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_alert_leads_to_its_chapter() -> None:
    rules = (ROOT / "deploy/prometheus-alerts.yml").read_text()
    runbooks = re.findall(r"runbook: (\S+)#(\S+)", rules)
    assert runbooks
    assert [each for each in runbooks if each[1] not in anchors(ROOT / each[0])] == []


def test_samples_show_the_revision_of_this_version() -> None:
    shown = {
        found
        for page in (ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "docs/operations.md")
        for found in re.findall(r"(?:at revision |\"(?:revision|newest)\": \")(\d{4})", page.read_text())
    }
    assert shown == {newest_revision()}


def test_both_readmes_name_the_same_settings_and_commands() -> None:
    english, chinese = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    for shape in (r"FACEID_[A-Z_]+", r"faceid-gateway [a-z]+(?: [a-z]+)?", r"`/v1/[^`]*`"):
        assert set(re.findall(shape, english)) == set(re.findall(shape, chinese))
