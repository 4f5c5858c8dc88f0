"""Read a policy file: TOML in, a policy out, every mistake named by file, line and key."""

import hashlib
import re
import tomllib
from typing import Any, Final

import msgspec

from domain.errors import PolicyFileError
from domain.policy_config import LEVELS, PolicyConfig

_PATH: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<key>[^`]+)`")
_TABLE: Final = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]")


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
        raise PolicyFileError(f"{file}: {error}") from None
    try:
        config = msgspec.convert(tree, PolicyConfig)
    except msgspec.ValidationError as error:
        raise PolicyFileError(_describe(str(error), text, file)) from None
    _check_bands(config, text, file)
    return Policy(config, text, hashlib.sha256(text.encode()).hexdigest())


def _check_bands(config: PolicyConfig, text: str, file: str) -> None:
    face = config.face
    if LEVELS.index(face.review_level) > LEVELS.index(face.approve_level):
        raise PolicyFileError(
            f"{file}:{_line_of(text, ['face', 'review_level'])}: face.review_level: {face.review_level} is"
            f" stricter than approve_level {face.approve_level}, so nothing could lie between them"
        )


def _describe(message: str, text: str, file: str) -> str:
    """`Expected … - at `$.face.need`` → `FILE:LINE: face.need: expected …`."""
    found = _PATH.search(message)
    path = [part for part in re.split(r"[.\[]", found["path"]) if part] if found else []
    what = message[: found.start()] if found else message
    if unknown := _UNKNOWN.search(what):
        path.append(unknown["key"])
        what = "unknown key"
    if not found and (missing := re.search(r"missing required field `([^`]+)`", what)):
        path, what = [missing[1]], "must be given"
    keys = [part for part in path if not part.endswith("]")]
    return f"{file}:{_line_of(text, keys)}: {'.'.join(keys)}: {what[:1].lower()}{what[1:]}"


def _line_of(text: str, path: list[str]) -> int:
    """The line (from 1) on which the key of `path` stands, else its table's, else 1."""
    table, best = "", 1
    tables, key = [".".join(path[:depth]) for depth in range(len(path))], path[-1] if path else ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.match(line)
        if header:
            table = header["name"].strip()
            if table == ".".join(path):
                return number
            best = number if table in tables[1:] else best
        elif table == (tables[-1] if tables else "") and re.match(
            rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line
        ):
            return number
    return best


def policy_tree(policy: Policy) -> dict[str, Any]:
    """Every key of a policy with the value in force, defaults included."""
    return dict(msgspec.to_builtins(policy.config))
