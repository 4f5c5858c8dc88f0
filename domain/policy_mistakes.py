"""Say what is wrong with a policy file in one line: the file, the line, the key, what it may say."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any, Final

from domain.policy_values import nearest_key, values_at

_PATH: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<key>.*)`$", re.DOTALL)
_TOML_LINE: Final = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")
_GIVEN_TWICE: Final = re.compile(r"Cannot (overwrite a value|declare .* twice|mutate immutable namespace .*)")
_HEADER: Final = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?")
_KEY: Final = re.compile(r"""\s*([\w."' -]+?)\s*=""")
_LONGEST_STATEMENT: Final = 2048
"""Characters up to which a line is looked for; without an end, a long array would be read once per line."""


def say_mistake(file: str, text: str, path: Sequence[str], what: str) -> str:
    """`FILE:LINE: KEY: WHAT` for the key at `path`."""
    return f"{file}:{_line_of(text, path)}: {'.'.join(path)}: {what}"


def say_toml_mistake(file: str, text: str, message: str) -> str:
    """What tomllib says (`… (at line 3, column 7)`, `… (at end of document)`), with the key of that line."""
    found = _TOML_LINE.search(message)
    line = int(found["line"]) if found else text.rstrip().count("\n") + 1
    what = _lower(message[: found.start()] if found else message)
    path = _path_on(text, line)
    if _GIVEN_TWICE.fullmatch(what[:1].upper() + what[1:]):
        what = "given twice"
    elif path and (values := values_at(path)) and what == "invalid value":
        what += f"; allowed: {values}"
    return ": ".join([f"{file}:{line}", *([".".join(path)] if path else []), what])


def say_type_mistake(file: str, text: str, message: str, tree: dict[str, Any]) -> str:
    """What msgspec says (`Expected … - at `$.face.need``) of the file's `tree`."""
    found = _PATH.search(message)
    what = _lower(message[: found.start()] if found else message)
    parts = [part for part in re.split(r"[.\[]", found["path"]) if part] if found else []
    path = [part for part in parts if not part.endswith("]")]
    if unknown := _UNKNOWN.search(what):
        return say_mistake(file, text, [*path, unknown["key"]], _say_unknown([*path, unknown["key"]]))
    if not found and (missing := re.search(r"missing required field `([^`]+)`", what)):
        return say_mistake(file, text, [missing[1]], "must be given")
    if path == ["liveness", "max_counts"]:
        path += _bad_count(tree)
    return say_mistake(file, text, path, f"{what}; allowed: {values_at(path)}")


def _say_unknown(path: Sequence[str]) -> str:
    meant = nearest_key(path)
    return f"unknown key, did you mean `{meant}`?" if meant else "unknown key"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _bad_count(tree: dict[str, Any]) -> list[str]:
    """The counter with a wrong maximum: msgspec says only that there is one."""
    counts = tree["liveness"]["max_counts"]
    if not isinstance(counts, dict):
        return []
    return [name for name, most in counts.items() if type(most) is not int or most < 0][:1]


def _path_on(text: str, number: int) -> list[str]:
    """The key that is given on this line of a text that is no TOML, as far as can be seen."""
    *before, line = text.split("\n")[:number]
    if header := _HEADER.fullmatch(line.rstrip("\r")):
        return _parts(header[1])
    if not (key := _KEY.match(line)):
        return []
    headers = [found[1] for earlier in before if (found := _HEADER.fullmatch(earlier.rstrip("\r")))]
    return _parts(headers[-1] if headers else "") + _parts(key[1])


def _parts(dotted: str) -> list[str]:
    return [part.strip(" \"'") for part in dotted.split(".") if part.strip()]


def _line_of(text: str, path: Sequence[str]) -> int:
    """The line (from 1) where the statement begins that gives the key of `path`, else its table's, else 1.

    A statement ends where TOML can be read: so arrays of many lines, dotted keys and inline tables are found.
    """
    header, statement, begins = "", "", 1
    best, deepest = 1, 0
    for number, line in enumerate(text.split("\n"), start=1):
        statement += f"{line}\n"
        if len(header) + len(statement) > _LONGEST_STATEMENT:
            return best
        try:
            tree = tomllib.loads(header + statement)
        except tomllib.TOMLDecodeError:
            continue
        if (depth := _depth_of(tree, path)) > deepest:
            best, deepest = begins, depth
        if statement.lstrip().startswith("["):
            header = statement
        statement, begins = "", number + 1
    return best


def _depth_of(tree: Any, path: Sequence[str]) -> int:
    """How many keys of `path` the tree has, from the root on."""
    for depth, key in enumerate(path):
        if not isinstance(tree, dict) or key not in tree:
            return depth
        tree = tree[key]
    return len(path)
