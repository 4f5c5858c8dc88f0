"""One-line messages about mistakes in a policy file: file, line, key and the allowed values."""

import re
from collections.abc import Sequence
from typing import Any, Final

from domain.policy.file.lines import line_of, path_on
from domain.policy.file.values import nearest_key, values_at

_PATH: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = "object contains unknown field `"
_TOML_LINE: Final = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")
_GIVEN_TWICE: Final = re.compile(r"Cannot (overwrite a value|declare .* twice|mutate immutable namespace .*)")
_LONGEST: Final = 200
"""Maximum characters of a key or a message that are repeated."""


def say_mistake(file: str, text: str, path: Sequence[str], what: str) -> str:
    """`FILE:LINE: KEY: WHAT` for the key at `path`."""
    return f"{file}:{line_of(text, path)}: {_cut('.'.join(path))}: {what}"


def say_toml_mistake(file: str, text: str, message: str) -> str:
    """A tomllib error (`… (at line 3, column 7)`, `… (at end of document)`) with the key of that line."""
    match = _TOML_LINE.search(message)
    line = int(match["line"]) if match else text.rstrip().count("\n") + 1
    what = _lower(message[: match.start()] if match else message)
    path = path_on(text, line)
    if _GIVEN_TWICE.fullmatch(what[:1].upper() + what[1:]):
        what = "given twice"
    elif path and (values := values_at(path)) and what == "invalid value":
        what += f"; allowed: {values}"
    return ": ".join([f"{file}:{line}", *([_cut(".".join(path))] if path else []), _cut(what)])


def say_type_mistake(file: str, text: str, message: str, tree: dict[str, Any]) -> str:
    """A msgspec error (`Expected … - at `$.face.need``) about the file's `tree`."""
    match = _PATH.search(message)
    what = _lower(message[: match.start()] if match else message)
    parts = [part for part in re.split(r"[.\[]", match["path"]) if part] if match else []
    path = [part for part in parts if not part.endswith("]")]
    if what.startswith(_UNKNOWN):
        path.append(what.removeprefix(_UNKNOWN).removesuffix("`"))
        return say_mistake(file, text, path, _say_unknown(path))
    if not match and (missing := re.search(r"missing required field `([^`]+)`", what)):
        return say_mistake(file, text, [missing[1]], "must be given")
    if path == ["liveness", "max_counts"]:
        path += _bad_count(tree)
    return say_mistake(file, text, path, f"{_cut(what)}; allowed: {values_at(path)}")


def _say_unknown(path: Sequence[str]) -> str:
    meant = nearest_key(path)
    return f"unknown key, did you mean `{meant}`?" if meant else "unknown key"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _bad_count(tree: dict[str, Any]) -> list[str]:
    """The path of the counter with a wrong maximum, which msgspec does not name."""
    counts = tree["liveness"]["max_counts"]
    if not isinstance(counts, dict):
        return []
    return [name for name, most in counts.items() if type(most) is not int or most < 0][:1]
