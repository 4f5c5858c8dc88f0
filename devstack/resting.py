"""The servers of a `dev` that does not run, without its roles."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from adapters.postgres.schema import migrate
from devstack import servers
from devstack.environment import OWNER, callers_environment, without_settings
from devstack.preflight import locked_folder
from devstack.processes import Process
from devstack.stack import stop_leftovers


class OwnServers(NamedTuple):
    """Where the servers of a data folder answer."""

    redis_url: str
    database_url: str


@asynccontextmanager
async def own_servers(data_dir: Path) -> AsyncIterator[OwnServers]:
    """Run the servers of this data folder, an absolute path, with the schema up to date.

    Raises:
        SettingsError: a `dev` runs on the folder.
        StartFailed, ServerMissing: with what to look at.
    """
    with locked_folder(data_dir):
        stop_leftovers(data_dir)
        env = {**without_settings(callers_environment()), OWNER: str(data_dir)}
        async with (
            Process(servers.valkey(data_dir, env=env)) as valkey,
            Process(servers.postgres(data_dir, env=env)) as postgres,
        ):
            await migrate(postgres.url)
            yield OwnServers(valkey.url, postgres.url)
