"""Why a server cannot be used, in words for an operator."""

from adapters.configuration.unreachable import why_unreachable
from adapters.postgres.sqlstate import DatabaseAway
from adapters.postgres.troubles import database_trouble
from adapters.redis.client import RedisAway
from adapters.redis.troubles import redis_trouble
from domain.errors import ServerAway


def trouble_of(error: ServerAway) -> str:
    """Why a server cannot be used."""
    match error:
        case DatabaseAway():
            return database_trouble(error)
        case RedisAway():
            return redis_trouble(error)
    return why_unreachable(error)
