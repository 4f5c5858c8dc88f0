"""The environment of the roles of `dev` and `demo`: the caller's settings, completed with defaults."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.configuration.sources import read_dotenv, read_table
from domain.errors import SettingsError

APP_ID: Final = "demo"
_PAUSE: Final = 2
"""Seconds before the second pull: shorter than with the real vendor."""

ALLOWED_RECEIVERS: Final = "127.0.0.0/8"
"""Receivers of webhooks on this machine."""

OWNER: Final = "FACEID_DEV_DATA_DIR"
"""Marks the processes of a data folder, so that a later `dev` finds those that a killed one left."""


class DevSecrets(msgspec.Struct, frozen=True):
    """Secrets created once per data folder and stored there, so that its data stays readable."""

    master_key: str
    api_key: str
    api_secret: str
    api_token: str


def load_secrets(data_dir: Path) -> DevSecrets:
    """The folder's secrets, created at the first start and readable only by their owner."""
    file = data_dir / "secrets.json"
    if not file.exists():
        from adapters.sealing.random_secrets import new_secret  # noqa: PLC0415 - SQLAlchemy, for the first start alone

        dev_secrets = DevSecrets(
            master_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            api_key=secrets.token_urlsafe(16),
            api_secret=secrets.token_urlsafe(24),
            api_token=new_secret(),
        )
        write_atomically(file, msgspec.json.encode(dev_secrets))
    return msgspec.json.decode(file.read_bytes(), type=DevSecrets)


def master_keys(data_dir: Path) -> list[bytes]:
    """The master keys of this folder's roles, newest first."""
    given = callers_environment().get("FACEID_MASTER_KEYS") or load_secrets(data_dir).master_key
    return [base64.b64decode(key) for key in given.split(",")]


def keys_url(caller: Mapping[str, str], data_dir: Path) -> str | None:
    """The key store of this folder's roles.

    On a database that is not the folder's own, only the caller's: it stays when the folder is deleted.
    """
    given = caller.get("FACEID_KEYS_URL")
    if given or caller.get("FACEID_DATABASE_URL"):
        return given
    return (data_dir / "keys").absolute().as_uri()


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a private file: readers see the old content or the new, never a part."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(file)


def callers_environment() -> dict[str, str]:
    """The environment, with `.env` below it."""
    return {**read_dotenv(), **os.environ}


def without_settings(caller: Mapping[str, str]) -> dict[str, str]:
    """The environment without the gateway's settings: servers and simulator need no secrets of its apps."""
    return {
        name: value
        for name, value in caller.items()
        if not name.startswith("FACEID_") or name.startswith("FACEID_SIMULATOR_")
    }


def gateway_environment(
    caller: Mapping[str, str],
    dev_secrets: DevSecrets,
    *,
    data_dir: Path,
    redis_url: str,
    database_url: str,
    vendor_url: str,
    ingress_url: str,
) -> dict[str, str]:
    """The environment of ingress, api, console and worker: the caller's apps and an app `demo`.

    The caller's keys for `demo` override ours, one by one.
    """
    apps = _callers_apps(caller)
    ours = _demo_app(dev_secrets, vendor_url=vendor_url, ingress_url=ingress_url)
    apps[APP_ID] = {**ours, **apps.get(APP_ID, {})}
    url = keys_url(caller, data_dir)
    needed = role_settings(redis_url, database_url, master_key=dev_secrets.master_key, apps=apps)
    return {
        **needed,
        "FACEID_SPOOL_DIR": str(data_dir / "spool"),
        **({} if url is None else {"FACEID_KEYS_URL": url}),
        "FACEID_PICTURES_URL": (data_dir / "pictures").absolute().as_uri(),
        "FACEID_PULL_SPACING": str(_PAUSE),
        "FACEID_WEBHOOK_ALLOW": ALLOWED_RECEIVERS,
        **_zone_here(),
        **caller,
        OWNER: str(data_dir),
        **{name: needed[name] for name in ("FACEID_REDIS_URL", "FACEID_DATABASE_URL", "FACEID_APPS")},
    }


def _zone_here() -> dict[str, str]:
    """The setting of the console's time zone, as this machine has it; nothing where that cannot be seen."""
    _, found, zone = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return {"FACEID_CONSOLE_TIMEZONE": zone} if found else {}


def role_settings(
    redis_url: str, database_url: str, *, master_key: str, apps: Mapping[str, Any]
) -> dict[str, str]:
    """What no role starts without. `master_key` is base64; `apps` is the content of FACEID_APPS."""
    return {
        "FACEID_REDIS_URL": redis_url,
        "FACEID_DATABASE_URL": database_url,
        "FACEID_MASTER_KEYS": master_key,
        "FACEID_APPS": json.dumps(apps),
        # The roles of one machine have no load balancer.
        "FACEID_SHUTDOWN_DELAY": "0",
    }


def _callers_apps(caller: Mapping[str, str]) -> dict[str, Any]:
    """The apps of FACEID_APPS. Raises SettingsError."""
    text = caller.get("FACEID_APPS")
    apps = read_table(text, place="the environment") if text else {}
    if not (isinstance(apps, dict) and isinstance(apps.get(APP_ID, {}), dict)):
        raise SettingsError("FACEID_APPS: must be an object of apps")
    return apps


def simulator_environment(
    caller: Mapping[str, str], dev_secrets: DevSecrets, *, data_dir: Path, port: int, ingress_url: str
) -> dict[str, str]:
    """The environment of the simulator, which plays the vendor for the app `demo`."""
    app = {
        "api_key": dev_secrets.api_key,
        "api_secret": dev_secrets.api_secret,
        "notify_url": f"{ingress_url}/callbacks/{APP_ID}/notify",
        "return_url": f"{ingress_url}/callbacks/{APP_ID}/return",
    }
    return {
        **without_settings(caller),
        OWNER: str(data_dir),
        "FACEID_SIMULATOR_PORT": str(port),
        "FACEID_SIMULATOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FACEID_SIMULATOR_APPS": json.dumps({APP_ID: app}),
    }


def _demo_app(dev_secrets: DevSecrets, *, vendor_url: str, ingress_url: str) -> dict[str, Any]:
    return {
        "api_key": dev_secrets.api_key,
        "api_secrets": [dev_secrets.api_secret],
        "vendor_url": vendor_url,
        "notify_url": f"{ingress_url}/callbacks/{APP_ID}/notify",
        "return_url": f"{ingress_url}/callbacks/{APP_ID}/return",
        "pull_retry_delays": [_PAUSE, _PAUSE],
    }
