"""The site is built from the pages as a forge shows them: links lead to files of the repository.

Before a build, the pages are copied to `.pages`, those above docs under other names. So are the other files
that a page links to. Links lead to where everything is.
"""

import re
import shutil
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from pymdownx.slugs import slugify

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ROOT / ".pages"
ABOVE: Final = {
    "README.md": "index.md",
    "README.zh-CN.md": "index.zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "report.md",
}
"""Pages above docs, and what they are called in the site."""

_CHINESE: Final = {"README.zh-CN.md": "README.md"}
_SLUG: Final = slugify(case="lower")
_HEADING: Final = re.compile(r"^(##+) (.+)$", re.MULTILINE)
_CHINESE_LINES: Final = re.compile(r"(?<=[，。：；）])\n(?=[\u4e00-\u9fff])")
"""One sentence a line; a browser would show a space between them, which Chinese has not."""

_LINK: Final = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?\)")
_OTHER_LANGUAGE: Final = re.compile(r"^\[(?:中文|English)\]\(README\S*\)\n\n", re.MULTILINE)


@event_priority(100)  # before the plugin that sorts the pages by language
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Copy the pages, and have the site built from the copies."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in [*ABOVE, *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]:
        text = _OTHER_LANGUAGE.sub("", _with_english_anchors(page))
        _write(_place(page), _LINK.sub(lambda link, page=page: _moved(link, page), text))
    shutil.copy(Path(__file__).with_name("site.css"), PAGES)
    config.docs_dir = str(PAGES)
    _add_decisions(config.nav)
    return config


def _add_decisions(nav: Any) -> None:
    """Give every decision its place below their index."""
    for chapters in (chapters for part in nav for chapters in part.values() if isinstance(chapters, list)):
        for chapter in (each for each in chapters if "Decisions" in each):
            chapter["Decisions"] += sorted(
                f"decisions/{page.name}" for page in (PAGES / "decisions").glob("0*.md")
            )


def _with_english_anchors(page: str) -> str:
    """The text of a page. A Chinese one also gets the anchors of the English one, in the same order.

    Pages that have no translation lead to them.
    """
    text = (ROOT / page).read_text("utf-8")
    english = _CHINESE.get(page, page.replace(".zh.md", ".md"))
    if english == page:
        return text
    titles = (heading[1] for heading in _HEADING.findall((ROOT / english).read_text("utf-8")))
    text = _CHINESE_LINES.sub("", text)
    return _HEADING.sub(lambda heading: f'<a id="{_SLUG(next(titles), "-")}"></a>\n\n{heading[0]}', text)


def _moved(link: re.Match[str], page: str) -> str:
    """The link of a page, leading to the copy of its file. Others, and broken ones, stay as they are."""
    path = normpath(str(PurePosixPath(page).parent / link[2]))
    if re.match(r"[a-z]+:", link[2]) or not (ROOT / path).is_file():
        return link[0]
    if path.endswith(".png"):
        _copy(path)
    elif _place(path).endswith(".txt"):
        _write(_place(path), (ROOT / path).read_text("utf-8"))
    return f"{link[1]}{relpath(_place(path), PurePosixPath(_place(page)).parent)}{link[3] or ''})"


def _place(path: str) -> str:
    """Where a file of the repository is in the site. A browser shows a text file, whatever its name was."""
    if path in ABOVE:
        return ABOVE[path]
    is_page = path.startswith("docs/") and path.endswith((".md", ".png"))
    return path.removeprefix("docs/") if is_page else f"source/{path.replace('.', '-')}.txt"


def _copy(picture: str) -> None:
    place = PAGES / _place(picture)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / picture, place)


def _write(place: str, text: str) -> None:
    file = PAGES / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
