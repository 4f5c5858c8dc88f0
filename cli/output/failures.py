"""The message of a command that fails: one line, or one line for each wrong setting."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from devstack.failures import OUR_LINES, StackFailed
from domain.errors import (
    BrokenSeal,
    EndpointNotEnabled,
    EpochInUse,
    GatewayError,
    NoSuchDelivery,
    NoSuchEndpoint,
    NoSuchLetter,
    PolicyFileError,
    RedisFull,
    SettingsError,
)
from domain.events.webhooks.mistakes import EndpointRefused
from domain.identity.errors import AlreadyErased, LegalHold, NoKeyStore, NoSuchVerification
from domain.identity.reading import ReadRefused

_WORDS_OF: Final[Mapping[type[GatewayError], Callable[[Any], str]]] = {
    BrokenSeal: lambda _: "no configured master key decrypts it",
    EndpointRefused: str,
    EpochInUse: lambda _: "the epoch has not ended yet, or less than a day ago",
    AlreadyErased: lambda _: "it is erased, or an erasure has begun",
    ReadRefused: lambda refused: f"{refused.code}: give a reason with words and without an ID number",
    LegalHold: lambda _: "a legal hold is on this verification; `faceid-gateway hold lift` lifts it",
    NoKeyStore: lambda _: "FACEID_KEYS_URL is not set: a backup would undo the erasure",
    NoSuchVerification: lambda _: "there is no such verification",
    EndpointNotEnabled: lambda _: "the endpoint is disabled or deleted",
    NoSuchDelivery: lambda _: "there is no such delivery",
    NoSuchEndpoint: lambda _: "there is no such endpoint",
    NoSuchLetter: lambda _: "there is no such dead letter",
    PolicyFileError: str,
    RedisFull: lambda full: (
        f"Redis has no memory left: {full.retried} retried, the others stay; `doctor` shows its memory"
    ),
    SettingsError: str,
}
"""The message for each domain error that may end a command."""


class CommandFailed(Exception):
    """A known failure of a command; the message says what to do."""


def words_of(error: Exception) -> list[str] | None:
    """The lines for a known failure; None for any other, which is a bug."""
    if isinstance(error, CommandFailed | StackFailed):
        return str(error).split("\n")
    for kind, words in _WORDS_OF.items():
        if isinstance(error, kind):
            return words(error).split("\n")
    if isinstance(error, OSError) and error.filename is not None:
        return [f"{error.filename}: {error.strerror}"]
    return _words_of_server(error)


def _words_of_server(error: Exception) -> list[str] | None:
    """The lines for a server that cannot be reached. The imports are cheap here: the command has done
    them.
    """
    from adapters.keys.away import KeysAway  # noqa: PLC0415 - as above
    from adapters.postgres.sqlstate import DatabaseAway  # noqa: PLC0415 - as above
    from adapters.postgres.troubles import database_trouble  # noqa: PLC0415 - as above
    from adapters.redis.client import RedisAway  # noqa: PLC0415 - takes a second, which a mistyped command saves
    from adapters.redis.troubles import redis_trouble  # noqa: PLC0415 - as above

    if isinstance(error, DatabaseAway):
        return [f"FACEID_DATABASE_URL: {database_trouble(error)}"]
    if isinstance(error, RedisAway):
        return [f"FACEID_REDIS_URL: {redis_trouble(error)}"]
    if isinstance(error, KeysAway):
        return [f"FACEID_KEYS_URL: {error.detail.removeprefix('FACEID_KEYS_URL: ')}"]
    return None


def say(line: str) -> None:
    """Print a line on stderr that begins with the program's name."""
    sys.stderr.write(f"{OUR_LINES}{line}\n")
