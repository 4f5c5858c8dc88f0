"""The texts of the console, as the code and the templates have them, and the Chinese catalogue.

`python -m tests.service.console.strings` adds missing texts to the catalogue, drops those that are
gone, and prints what is untranslated. Translations may be given in a file, one a line: `English = 中文`.
"""

import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import service.console

ROOT: Final = Path(service.console.__file__).parent
CHINESE: Final = ROOT / "translations" / "zh" / "LC_MESSAGES" / "console.po"
_KEYWORDS: Final[dict[str, Any]] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
_HEADER: Final = """\
# The console in Chinese. `python -m tests.service.console.strings` keeps it up to date.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: zh\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def used() -> Catalog:
    """Every text that the code marks and the templates show, by file."""
    catalog = Catalog(locale="zh", charset="utf-8", fuzzy=False)
    for where, text in sorted(_texts(), key=lambda each: (each[0], str(each[1]))):
        catalog.add(text, locations=[(where, 0)])
    return catalog


def translated() -> Catalog:
    """The Chinese catalogue."""
    with CHINESE.open("rb") as po:
        return read_po(po, locale="zh")


def _texts() -> Iterator[tuple[str, Any]]:
    found = extract_from_dir(ROOT, _METHODS, _OPTIONS, keywords=_KEYWORDS)
    for name, _line, text, _comments, _context in found:
        yield name, text


def write(given: Mapping[str, str]) -> list[str]:
    """Bring the catalogue up to the texts, with these translations; returns what is untranslated."""
    catalog, old = used(), translated()
    for message in catalog:
        if message.id:
            before = old.get(message.id)
            message.string = given.get(str(message.id)) or (before.string if before else "")
    content = BytesIO()
    write_po(content, catalog, width=0, omit_header=True, include_lineno=False)
    CHINESE.write_bytes(_HEADER.encode() + content.getvalue())
    return [str(message.id) for message in catalog if message.id and not message.string]


def _given(file: str) -> dict[str, str]:
    lines = [line.partition(" = ") for line in Path(file).read_text().splitlines()]
    return {english: chinese for english, _, chinese in lines if chinese}


def main() -> None:
    """Write the catalogue."""
    missing = write(_given(sys.argv[1]) if sys.argv[1:] else {})
    print("\n".join(missing) or "Nothing is untranslated.")  # noqa: T201


if __name__ == "__main__":
    main()
