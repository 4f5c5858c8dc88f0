"""What a call raises while Redis or PostgreSQL cannot be reached."""

from adapters.database import DATABASE_AWAY
from adapters.redis_client import REDIS_AWAY

AWAY = (*REDIS_AWAY, *DATABASE_AWAY)
"""Nothing is wrong with the callback or the verification, so it is tried again."""
