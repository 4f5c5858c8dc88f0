"""Read a policy file: TOML in, a policy out, every mistake named by file, line and key."""

import hashlib
import re
import tomllib
from typing import Any, Final

import msgspec

from domain.errors import PolicyFileError
from domain.policy_config import LEVELS, PolicyConfig

_PATH: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<key>.*)`$", re.DOTALL)
_LONGEST_STATEMENT: Final = 2048
"""Characters up to which a line is looked for; without an end, a long array would be read once per line."""
_TOML_LINE: Final = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")


class Policy(msgspec.Struct, frozen=True):
    """A policy as it decides: its configuration, the file's text, and the text's hash.

    `content_hash` (SHA-256, hex) says which text a decision was made by, whatever the version claims.
    """

    config: PolicyConfig
    text: str
    content_hash: str

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def version(self) -> str:
        return self.config.version


def read_policy(text: str, *, file: str = "policy") -> Policy:
    """The policy that a file's text describes; `file` is how errors call it.

    Raises:
        PolicyFileError: `FILE:LINE: KEY: what is wrong`.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFileError(_describe_toml(str(error), text, file)) from None
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or tables within tables without end.
        raise PolicyFileError(f"{file}: no TOML that can be read ({type(error).__name__})") from None
    try:
        config = msgspec.convert(tree, PolicyConfig)
    except msgspec.ValidationError as error:
        raise PolicyFileError(_describe(str(error), tree, text, file)) from None
    _check_bands(config, text, file)
    return Policy(config, text, hashlib.sha256(text.encode()).hexdigest())


def _check_bands(config: PolicyConfig, text: str, file: str) -> None:
    face = config.face
    if LEVELS.index(face.review_level) > LEVELS.index(face.approve_level):
        raise PolicyFileError(
            f"{file}:{_line_of(text, ['face', 'review_level'])}: face.review_level: {face.review_level} is"
            f" stricter than approve_level {face.approve_level}, so nothing could lie between them"
        )


def _describe_toml(message: str, text: str, file: str) -> str:
    """`… (at line 3, column 7)` → `FILE:3: …`; `… (at end of document)` → the last line."""
    found = _TOML_LINE.search(message)
    line = found["line"] if found else text.rstrip().count("\n") + 1
    what = message[: found.start()] if found else message
    return f"{file}:{line}: {what[:1].lower()}{what[1:]}"


def _describe(message: str, tree: dict[str, Any], text: str, file: str) -> str:
    """`Expected … - at `$.face.need`` → `FILE:LINE: face.need: expected …`."""
    found = _PATH.search(message)
    path = [part for part in re.split(r"[.\[]", found["path"]) if part] if found else []
    what = message[: found.start()] if found else message
    keys = [part for part in path if not part.endswith("]")]
    if unknown := _UNKNOWN.search(what):
        keys.append(unknown["key"])
        what = "unknown key"
    if not found and (missing := re.search(r"missing required field `([^`]+)`", what)):
        keys, what = [missing[1]], "must be given"
    if keys == ["liveness", "max_counts"]:
        keys += _bad_count(tree)
    return f"{file}:{_line_of(text, keys)}: {'.'.join(keys)}: {what[:1].lower()}{what[1:]}"


def _bad_count(tree: dict[str, Any]) -> list[str]:
    """The counter with a wrong maximum: msgspec says only that there is one."""
    counts = tree["liveness"]["max_counts"]
    if not isinstance(counts, dict):
        return []
    return [name for name, most in counts.items() if type(most) is not int or most < 0][:1]


def _line_of(text: str, path: list[str]) -> int:
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


def _depth_of(tree: Any, path: list[str]) -> int:
    """How many keys of `path` the tree has, from the root on."""
    for depth, key in enumerate(path):
        if not isinstance(tree, dict) or key not in tree:
            return depth
        tree = tree[key]
    return len(path)


def policy_tree(policy: Policy) -> dict[str, Any]:
    """Every key of a policy with the value in force, defaults included."""
    return dict(msgspec.to_builtins(policy.config))
