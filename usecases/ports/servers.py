"""The servers and processes behind the api, as an operator sees them. Every method raises ServerAway."""

from datetime import datetime
from typing import Protocol

from domain.views.operations.backlog import Backlog
from domain.views.operations.figures import StoreFigures
from domain.views.operations.processes import SeenHeartbeat
from domain.views.operations.servers import DatabaseFitness, RedisFitness, RedisRoom


class RedisFigures(Protocol):
    """Redis."""

    async def backlog(self, now: datetime) -> Backlog:
        """The backlog of the workers."""

    async def room(self) -> RedisRoom:
        """Redis's memory, and whether it takes writes."""

    async def examine(self) -> RedisFitness:
        """Whether it can do the gateway's work."""


class StoreReadings(Protocol):
    """PostgreSQL's figures."""

    async def read(self, now: datetime) -> StoreFigures:
        """The numbers of undecided verifications, of those near loss, and of dead letters at `now`."""


class Database(Protocol):
    """PostgreSQL."""

    async def examine(self) -> DatabaseFitness:
        """Whether it can do the gateway's work."""


class Processes(Protocol):
    """The gateway's processes."""

    async def alive(self) -> list[SeenHeartbeat]:
        """The live processes, by role and id."""
