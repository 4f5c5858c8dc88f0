"""Read a policy file from TOML; every mistake is reported by file, line and key."""

import hashlib
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from domain.callback.parts import COUNTERS, LEVELS
from domain.errors import PolicyFileError
from domain.policy.file.config import PolicyConfig
from domain.policy.file.mistakes import say_mistake, say_toml_mistake, say_type_mistake
from domain.policy.reasons import Code

MAX_CHARACTERS: Final = 64 * 1024
"""Maximum length of a policy's text."""

_CODES: Final = frozenset(Code)
_BYTE_ORDER_MARK: Final = "\ufeff"
_MAX_DOTS: Final = 500
"""Dots on one line. tomllib's time is quadratic in the parts of a key; no policy has more than three."""


class FileProblem(msgspec.Struct, frozen=True):
    """A problem with one file; `detail` names file, line and key."""

    file: str
    detail: str


class Policy(msgspec.Struct, frozen=True):
    """A policy: its configuration, the file's text, and the text's hash.

    `content_hash` (SHA-256, hex) identifies the text that made a decision, independent of the version.
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
    """Parse the text of a policy file; `file` is its name in errors.

    Raises:
        PolicyFileError: `FILE:LINE: KEY: what is wrong`.
    """
    tree = _read_toml(text, file)
    try:
        config = msgspec.convert(tree, PolicyConfig)
    except msgspec.ValidationError as error:
        raise PolicyFileError(say_type_mistake(file, text, str(error), tree)) from None
    for path, what in _contradictions(config):
        raise PolicyFileError(say_mistake(file, text, path, what))
    return Policy(config, text, hashlib.sha256(text.encode()).hexdigest())


def _read_toml(text: str, file: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise PolicyFileError(f"{file}: longer than {MAX_CHARACTERS} characters")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MAX_DOTS:
            raise PolicyFileError(f"{file}:{number}: more than {_MAX_DOTS} dots on one line")
    if text.startswith(_BYTE_ORDER_MARK):
        raise PolicyFileError(f"{file}:1: begins with a byte order mark; save it as UTF-8 without one")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFileError(say_toml_mistake(file, text, str(error))) from None
    except (ValueError, RecursionError) as error:
        # A number with thousands of digits, or very deeply nested tables.
        raise PolicyFileError(f"{file}: no TOML that can be read ({type(error).__name__})") from None


def _contradictions(config: PolicyConfig) -> Iterator[tuple[list[str], str]]:
    """Keys that are valid separately but contradict each other, each with the problem."""
    face = config.face
    if LEVELS.index(face.review_level) > LEVELS.index(face.approve_level):
        yield (
            ["face", "review_level"],
            (
                f"{face.review_level} is stricter than approve_level {face.approve_level},"
                " so nothing could lie between them"
            ),
        )
    if face.comparisons != "auto" and len(set(face.comparisons)) < len(face.comparisons):
        yield ["face", "comparisons"], "one of them appears twice"
    for counter in config.liveness.max_counts:
        if counter.rpartition(".")[2] not in COUNTERS:
            # It would never count, without any notice.
            yield ["liveness", "max_counts", counter], f"unknown counter; allowed: {', '.join(COUNTERS)}"
    yield from _contradictions_of_velocity(config)
    yield from _contradictions_of_review(config)


def _contradictions_of_velocity(config: PolicyConfig) -> Iterator[tuple[list[str], str]]:
    month, day = config.velocity.max_same_number_30d, config.velocity.max_attempts_24h
    if month is not None and day is not None and day >= month:
        # What is counted in 24 hours is counted in 30 days too.
        yield (
            ["velocity", "max_attempts_24h"],
            f"not below max_same_number_30d {month}, so it would never count",
        )


def _contradictions_of_review(config: PolicyConfig) -> Iterator[tuple[list[str], str]]:
    for code in config.review.priority:
        if code != "default" and code not in _CODES:
            yield ["review", "priority", code], 'neither "default" nor a reason code of docs/policy.md'
    if len(set(config.review.four_eyes)) < len(config.review.four_eyes):
        yield ["review", "four_eyes"], "one of them appears twice"
