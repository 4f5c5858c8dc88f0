"""Where commands find the servers of a gateway, and how they narrow what they read of stored decisions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from adapters.database import create_engine
from adapters.redis_names import DEFAULT_NAMES, DEFAULT_PREFIX, RedisNames
from adapters.settings import load_settings
from adapters.store.stored_decisions import PgStoredDecisions, Selection
from cli.environment import master_keys
from domain.errors import SettingsError
from domain.registration import RECONCILE_RULES, ReconcileRules

DEV_FOLDER: Final = Path(".faceid")


def parse_time(text: str) -> datetime:
    """An ISO 8601 day or time; UTC where it names no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("not a day or time like 2026-03-07 or 2026-03-07T12:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


AppOption = Annotated[str | None, typer.Option("--app", help="Only this app; otherwise all")]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", parser=parse_time, metavar="TIME", help="Decided from this day or time (UTC) on"),
]
DataDirOption = Annotated[
    Path | None, typer.Option(help="Read from the `dev` that runs on this folder, not from the settings'")
]


class Servers(msgspec.Struct, frozen=True):
    """What a command that works on a running gateway needs to know of it."""

    redis_url: str
    database_url: str
    master_keys: list[bytes]
    reconcile_rules: ReconcileRules = RECONCILE_RULES
    names: RedisNames = DEFAULT_NAMES


def find_servers(data_dir: Path | None) -> Servers:
    """The servers of the settings, or of the `dev` that runs on `data_dir`.

    Without any settings they are those of the `dev` in this folder, if there is one.

    Raises:
        SettingsError: neither is to be found.
    """
    if data_dir is None:
        try:
            settings = load_settings()
        except SettingsError:
            if not (DEV_FOLDER / "dev.json").exists():
                raise
        else:
            return Servers(
                settings.redis_url,
                settings.database_url,
                settings.key_bytes(),
                settings.reconcile_rules(),
                RedisNames(settings.redis_prefix),
            )
    folder = data_dir or DEV_FOLDER
    try:
        found = msgspec.json.decode((folder / "dev.json").read_bytes(), type=_Description)
        keys, names = master_keys(folder), RedisNames(found.redis_prefix)
        return Servers(found.redis_url, found.database_url, keys, names=names)
    except (OSError, msgspec.DecodeError):
        raise SettingsError(f"{folder / 'dev.json'} cannot be read: no `dev` runs on this folder") from None


@asynccontextmanager
async def stored_decisions(data_dir: Path | None) -> AsyncIterator[PgStoredDecisions]:
    """The stored decisions, inside the block. Raises SettingsError."""
    engine = create_engine(find_servers(data_dir).database_url)
    try:
        yield PgStoredDecisions(engine)
    finally:
        await engine.dispose()


async def select(
    stored: PgStoredDecisions, *, app: str | None, since: datetime | None, limit: int | None = None
) -> Selection:
    """The decisions of one app, or of every app that there is."""
    return Selection(await stored.app_ids() if app is None else [app], since=since, limit=limit)


class _Description(msgspec.Struct):
    redis_url: str
    database_url: str
    redis_prefix: str = DEFAULT_PREFIX
