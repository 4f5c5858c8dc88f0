"""The pages are true where a test can tell: their links, what their samples show."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from adapters.postgres.revisions import newest_revision
from tests.support.project.pages import PAGES, ROOT, samples

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


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
        for page in PAGES
        for found in re.findall(r"(?:at revision |\"(?:revision|newest)\": \")(\d{4})", page.read_text())
    }
    assert shown == {newest_revision()}


def test_the_changelog_has_one_sentence_on_a_line() -> None:
    """A merge keeps the lines of both sides, and so can bring back what was rewritten."""
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert [line for line in lines if re.search(r"[\w)`]\.\** [A-Z`]", line)] == []
    assert [line for line in set(lines) if line.startswith("- ") and lines.count(line) > 1] == []


def translated() -> list[tuple[Path, Path]]:
    """Every page that exists in both languages."""
    pages = {page: page.with_name(page.name.replace(".zh.md", ".md")) for page in PAGES}
    pairs = [(english, chinese) for chinese, english in pages.items() if english != chinese]
    return [(ROOT / "README.md", ROOT / "README.zh-CN.md"), *pairs]


@pytest.mark.parametrize(("english", "chinese"), translated(), ids=lambda page: page.name)
def test_both_languages_have_the_same(english: Path, chinese: Path) -> None:
    """Headings, tables, settings, commands, addresses; and what programs print."""
    assert [each.shown for each in samples(english)] == [each.shown for each in samples(chinese)]
    for shape in (
        r"^#+ (?!.*\d).*$",
        r"^\|",
        r"FACEID_[A-Z_]+",
        r"faceid-gateway [a-z]+(?: [a-z]+)?",
        r"`(?:GET|PUT|POST|DELETE) /[^`]*`",
        r"^[│┃].*$",
    ):
        of_each = [re.findall(shape, page.read_text(), re.MULTILINE) for page in (english, chinese)]
        if shape.startswith("^#"):
            assert len(of_each[0]) == len(of_each[1])
        else:
            assert sorted(of_each[0]) == sorted(of_each[1]), shape


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_front_page_is_short(page: str) -> None:
    assert len((ROOT / page).read_text().splitlines()) <= 160


def test_every_page_for_an_audience_is_translated() -> None:
    chinese = {english.name for english, _ in translated()}
    assert {f"{page}.md" for page in ("try", "integrate", "operate", "decide", "understand")} <= chinese


@pytest.mark.parametrize(
    "decision", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=lambda page: page.stem[:4]
)
def test_every_decision_has_a_status_and_a_date(decision: Path) -> None:
    status = decision.read_text().splitlines()[2]
    found = re.fullmatch(r"Status: (?:proposed|accepted|rejected|superseded), (\d{4}-\d{2}-\d{2})\.", status)
    assert found, f"the third line is not a status with the date of the decision: {status}"
    date.fromisoformat(found[1])
