"""Find the lines of a policy file's keys, in one pass over the text.

A TOML parser does not report the line of a key. This scanner handles just enough of TOML for that: headers,
keys, and the end of a value. Its time is linear in the text, since the text may come from any client.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

_PART: Final = re.compile(
    r"""[ \t]*(?:"([^"\\\n]*(?:\\.[^"\\\n]*)*)"|'([^'\n]*)'|([\w-]+))[ \t]*""", re.ASCII
)
"""One part of a dotted key: quoted, literal or bare."""

_SKIPPED: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_STRINGS: Final = {
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""(?:""?)?)?', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*+(?:'''(?:''?)?)?"),
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*+"?'),
    "'": re.compile(r"'[^'\n]*+'?"),
}
_PLAIN: Final = re.compile(r"[^\"'\[\]{}#\n]++")
_COMMENT: Final = re.compile(r"#[^\n]*+")

Path = tuple[str, ...]


def line_of(text: str, path: Sequence[str]) -> int:
    """The line (from 1) of the statement that sets the key at `path`, else of its nearest table, else 1."""
    best, deepest = 1, 0
    for line, given in statements(text):
        depth = _common(given, path)
        if depth > deepest:
            best, deepest = line, depth
    return best


def path_on(text: str, number: int) -> Path:
    """The key that line `number` sets, in a text that need not be valid TOML; empty if it sets none."""
    *before, line = text.split("\n")[:number]
    if header := header_on(line):
        return header
    key = _read_key(line, 0)
    if key is None or line[key[1] : key[1] + 1] != "=":
        return ()
    table = next((found for earlier in reversed(before) if (found := header_on(earlier))), ())
    return table + key[0]


def header_on(line: str) -> Path:
    """The table that a line opens (`[a.b]`, `[[a.b]]`); empty if it opens none."""
    stripped = line.strip()
    key = _read_key(stripped.lstrip("["), 0) if stripped.startswith("[") else None
    if key is None:
        return ()
    rest = stripped.lstrip("[")[key[1] :]
    closed = rest.lstrip("]").lstrip()
    return key[0] if rest.startswith("]") and (not closed or closed.startswith("#")) else ()


def statements(text: str) -> Iterator[tuple[int, Path]]:
    """Each header and key of a TOML text with its first line; stops where the text is no longer TOML."""
    table: Path = ()
    at, line, counted = 0, 1, 0
    while at < len(text):
        at = _end_of(_SKIPPED, text, at)
        line, counted = line + text.count("\n", counted, at), at
        opened = text.startswith("[", at)
        key = _read_key(text, at + (2 if text.startswith("[[", at) else 1) if opened else at)
        if key is None:
            return
        table = key[0] if opened else table
        yield line, table if opened else table + key[0]
        at = _end_of_value(text, key[1])


def _read_key(text: str, at: int) -> tuple[Path, int] | None:
    """A dotted key that begins at `at`, and its end."""
    parts: list[str] = []
    while found := _PART.match(text, at):
        parts.append(found[found.lastindex or 0])
        at = found.end()
        if not text.startswith(".", at):
            return tuple(parts), at
        at += 1
    return None


def _end_of_value(text: str, at: int) -> int:
    """The end of the statement that continues at `at`: the next line end outside strings and brackets."""
    depth = 0
    while at < len(text):
        mark = text[at]
        if mark == "\n" and depth <= 0:
            return at + 1
        if mark in "\"'":
            at = _end_of(_STRINGS[text[at : at + 3] if text[at : at + 3] in _STRINGS else mark], text, at)
        elif mark == "#":
            at = _end_of(_COMMENT, text, at)
        elif mark in "[]{}\n":
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
            at += 1
        else:
            at = _end_of(_PLAIN, text, at)
    return at


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _common(given: Path, path: Sequence[str]) -> int:
    """The length of the common prefix."""
    depth = 0
    for one, other in zip(given, path, strict=False):
        if one != other:
            break
        depth += 1
    return depth
