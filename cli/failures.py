"""What a command says when it fails: one line for whoever typed it, or a line for each wrong setting."""

from typing import Final

from domain.errors import PolicyFileError, SettingsError

OUR_LINES: Final = "faceid-gateway: "
"""What each line begins with."""


class CommandFailed(Exception):
    """A known failure of a command; the message says what to do."""


def words_of(error: Exception) -> list[str] | None:
    """The lines for a known failure; None for any other, which is a mistake of ours."""
    if isinstance(error, CommandFailed | SettingsError | PolicyFileError):
        return str(error).split("\n")
    if isinstance(error, OSError) and error.filename is not None:
        return [f"{error.filename}: {error.strerror}"]
    return _words_of_server(error)


def _words_of_server(error: Exception) -> list[str] | None:
    """What connects to a server has imported this already."""
    from adapters.postgres.sqlstate import DatabaseAway  # noqa: PLC0415 - as above
    from adapters.processes.troubles import database_trouble, redis_trouble  # noqa: PLC0415 - as above
    from adapters.redis.client import RedisAway  # noqa: PLC0415 - a second, for whoever mistypes a command

    if isinstance(error, DatabaseAway):
        return [f"FACEID_DATABASE_URL: {database_trouble(error)}"]
    if isinstance(error, RedisAway):
        return [f"FACEID_REDIS_URL: {redis_trouble(error)}"]
    return None
