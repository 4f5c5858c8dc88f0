"""Find the servers of a running gateway for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from adapters.configuration.values import read_reference
from adapters.people.settings import DEFAULT_CONSOLE_URL
from adapters.processes.process import NO_KEY_STORE, KeyPlace
from adapters.redis.names import DEFAULT_NAMES, DEFAULT_PREFIX, RedisNames
from adapters.settings.settings import load_settings, servers_given
from devstack.environment import callers_environment, keys_url, master_keys
from domain.errors import SettingsError
from domain.events.webhooks.addresses import NOTHING, Allowed, parse_allowed
from domain.identity.retention import EVERY_APP, Retention, Retentions, SharedRetention
from domain.limits.memory_room import MEMORY_RULES, MemoryRules
from domain.pulls.accounts import Accounts, shared_accounts
from domain.pulls.reconciliation import RECONCILE_RULES, ReconcileRules

DEV_FOLDER: Final = Path(".faceid")

DataDirOption = Annotated[
    Path | None, typer.Option(help="Use the running `dev` in this folder instead of the configured servers")
]


class WebhookRules(msgspec.Struct, frozen=True):
    """What endpoints may be. `app_ids` None means that the apps are not known here."""

    allowed: Allowed = NOTHING
    proxy: str | None = None
    limit: int = 50
    app_ids: frozenset[str] | None = None


_DEV_WEBHOOKS: Final = WebhookRules(parse_allowed(["127.0.0.0/8"]))


def _dev_retentions() -> Retentions:
    return {"demo": Retention(), EVERY_APP: SharedRetention()}


class Servers(msgspec.Struct, frozen=True):
    """The servers of a running gateway, with its keys, names and rules."""

    redis_url: str
    database_url: str
    master_keys: list[bytes]
    reconcile_rules: ReconcileRules = RECONCILE_RULES
    names: RedisNames = DEFAULT_NAMES
    memory_rules: MemoryRules = MEMORY_RULES
    webhooks: WebhookRules = _DEV_WEBHOOKS
    key_place: KeyPlace = NO_KEY_STORE
    console_url: str = DEFAULT_CONSOLE_URL
    with_passwords: bool = True
    accounts: Accounts = {}
    retentions: Retentions = msgspec.field(default_factory=_dev_retentions)
    spool: Path | None = None
    identity_reads: int = 200


def find_servers(data_dir: Path | None) -> Servers:
    """The configured servers, or those of the `dev` that runs on `data_dir`.

    If the settings name no server, the `dev` in the current folder is used, if there is one.

    Raises:
        SettingsError: no server is configured and no `dev` runs.
    """
    # Wrong settings must raise, rather than lead to the servers of a `dev` that happens to run here.
    if data_dir is None and (servers_given() or not (DEV_FOLDER / "dev.json").exists()):
        return configured_servers()
    folder = data_dir or DEV_FOLDER
    found = _description(folder)
    keys, names = master_keys(folder), RedisNames(found.redis_prefix)
    place = NO_KEY_STORE if found.keys_url is None else KeyPlace(found.keys_url)
    return Servers(
        found.redis_url,
        found.database_url,
        keys,
        names=names,
        key_place=place,
        console_url=found.console_url or DEFAULT_CONSOLE_URL,
        spool=folder / "spool",
    )


@asynccontextmanager
async def servers_at_rest(data_dir: Path | None) -> AsyncIterator[Servers]:
    """As `find_servers`; the own servers of a `dev` that does not run are started for the block.

    Raises:
        SettingsError: as `find_servers`, or a `dev` starts on the folder now.
        StackFailed: a server cannot be started.
    """
    folder = _folder_at_rest(data_dir)
    if folder is None:
        yield find_servers(data_dir)
        return
    from devstack.resting import own_servers  # noqa: PLC0415 - PostgreSQL, for this case alone

    caller = {name: value for name, value in callers_environment().items() if name != "FACEID_DATABASE_URL"}
    async with own_servers(folder) as own:
        yield Servers(
            own.redis_url,
            own.database_url,
            master_keys(folder),
            key_place=KeyPlace(keys_url(caller, folder)),
            spool=folder / "spool",
        )


def _folder_at_rest(data_dir: Path | None) -> Path | None:
    """The data folder, if it has a database and no `dev` runs on it; None if servers are configured."""
    if data_dir is None and servers_given():
        return None
    folder = (data_dir or DEV_FOLDER).resolve()
    return folder if (folder / "postgres").is_dir() and not (folder / "dev.json").exists() else None


def configured_servers() -> Servers:
    """The servers of the settings. Raises SettingsError."""
    settings = load_settings()
    return Servers(
        settings.redis_url,
        settings.database_url,
        settings.key_bytes(),
        settings.reconcile_rules(),
        RedisNames(settings.redis_prefix),
        settings.memory_rules(),
        WebhookRules(
            parse_allowed(settings.webhook_allow),
            settings.webhook_proxy,
            settings.webhook_endpoints,
            frozenset(settings.apps),
        ),
        KeyPlace.of(settings),
        settings.console_address(),
        settings.oidc_client() is None,
        shared_accounts(settings.domain_apps()),
        settings.retentions(),
        settings.spool_dir,
        settings.identity_reads_a_day,
    )


class ApiPlace(msgspec.Struct, frozen=True):
    """The api of a gateway, and a token for it, which the repr does not show."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"ApiPlace(url={self.url!r})"


def find_api(data_dir: Path | None, *, url: str | None, token: str | None) -> ApiPlace:
    """The api at `url`, with `token` (or `env:NAME`); without both, that of the `dev` on `data_dir`.

    Raises:
        SettingsError: only one of them is given, a variable is not set, or no `dev` runs.
    """
    if url is None and token is None:
        found = _description(data_dir or DEV_FOLDER)
        return ApiPlace(found.api_url, found.api_token)
    if url is None or token is None:
        raise SettingsError("--url and --token belong together")
    try:
        return ApiPlace(url.rstrip("/"), read_reference(token))
    except ValueError as error:
        raise SettingsError(f"--token: {error}") from None


def _description(folder: Path) -> "_Description":
    try:
        return msgspec.json.decode((folder / "dev.json").read_bytes(), type=_Description)
    except (OSError, msgspec.DecodeError):
        raise SettingsError(f"{folder / 'dev.json'} cannot be read: no `dev` runs on this folder") from None


class _Description(msgspec.Struct):
    redis_url: str
    database_url: str
    api_url: str = ""
    api_token: str = ""
    redis_prefix: str = DEFAULT_PREFIX
    keys_url: str | None = None
    console_url: str | None = None
