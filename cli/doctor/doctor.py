"""`doctor`: is this configuration fit for production? One line per check."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx2
from rich.console import Console
from rich.markup import escape

from adapters.logs.logs import silent_logs
from adapters.policies.folder import PolicyBook
from adapters.postgres.engine import create_engine
from adapters.postgres.schema import examine_database
from adapters.postgres.sqlstate import DatabaseAway
from adapters.postgres.troubles import database_trouble
from adapters.settings.apps import AppSettings
from adapters.settings.settings import Settings, strange_names
from adapters.store.decisions.policy_history import verify_policies
from cli.doctor.audit import check_audit
from cli.doctor.check import Check
from cli.doctor.credentials import check_credentials
from cli.doctor.files import check_open_files
from cli.doctor.keys import check_keys
from cli.doctor.people import check_people
from cli.doctor.pictures import check_pictures
from cli.doctor.redis import check_redis
from cli.doctor.spool import check_spool
from domain.errors import PolicyFileError
from domain.pulls.accounts import shared_accounts

VENDOR_PORTS: Final = frozenset({443, 5000, 16003, 8883, 8028})
"""Ports that the vendor calls (callback page, 1)."""

_CLOCK_TOLERANCE: Final = 60.0


async def run_doctor(settings: Settings, console: Console) -> bool:
    """Print every check; False if any fails."""
    with silent_logs():
        checks = [check async for check in examine(settings)]
    marks = {True: "[green]ok  [/]", False: "[bold red]FAIL[/]", None: "[yellow]note[/]"}
    for check in checks:
        console.print(f"{marks[check.ok]} {check.name}: {escape(check.detail)}", soft_wrap=True)
    return all(check.ok is not False for check in checks)


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Run every check, in the order in which an operator would fix them."""
    yield Check("secrets", True, f"{len(settings.master_keys)} master key(s), {len(settings.apps)} app(s)")
    yield _check_policies(settings)
    for name in strange_names():
        yield Check("settings", None, f"{name} is not a setting of this version")
    for app_id, app in settings.apps.items():
        for check in _check_urls(app_id, app):
            yield check
    for app_ids in sorted({each.app_ids for each in shared_accounts(settings.domain_apps()).values()}):
        detail = "share a vendor account: a biz_id belongs to the app that registers it, else to the first"
        yield Check("apps", None, f"{', '.join(app_ids)} {detail}")
    async for check in check_redis(settings):
        yield check
    yield check_spool(settings)
    yield check_open_files(settings)
    yield await _check_database(settings)
    async for check in _check_stored(settings):
        yield check
    if changed := await _find_changed_policies(settings):
        yield Check("policies", False, changed)
    async for check in _check_vendors(settings):
        yield check


async def _check_stored(settings: Settings) -> AsyncIterator[Check]:
    async for check in check_keys(settings):
        yield check
    async for check in check_pictures(settings):
        yield check
    async for check in check_audit(settings):
        yield check
    async for check in check_people(settings):
        yield check


async def _check_vendors(settings: Settings) -> AsyncIterator[Check]:
    vendors = {app.vendor_url.rstrip("/") + app.vendor_path for app in settings.apps.values()}
    for url in sorted(vendors):
        async for check in _check_vendor(url):
            yield check
    async for check in check_credentials(settings):
        yield check


def _check_policies(settings: Settings) -> Check:
    needed = settings.needed_policies()
    try:
        PolicyBook.open(settings.policy_dir, needed=needed)
    except PolicyFileError as error:
        return Check("policies", False, str(error).replace("\n", "; "))
    return Check("policies", True, f"{', '.join(sorted(needed))} in {settings.policy_dir}")


async def _find_changed_policies(settings: Settings) -> str | None:
    """Why a worker would not start: a policy's text changed although its version has already decided."""
    engine = create_engine(settings.database_url)
    try:
        book = PolicyBook.open(settings.policy_dir, needed=settings.needed_policies())
        await verify_policies(engine, book)
    except PolicyFileError as error:
        return str(error).replace("\n", "; ")
    finally:
        await engine.dispose()
    return None


def _check_urls(app_id: str, app: AppSettings) -> list[Check]:
    name = f"apps.{app_id}.notify_url"
    if app.notify_url is None:
        return [Check(name, None, "not set: its port cannot be checked")]
    url = urlsplit(app.notify_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    listed = ", ".join(map(str, sorted(VENDOR_PORTS)))
    checks = [
        Check(
            name,
            port in VENDOR_PORTS,
            f"port {port}" + ("" if port in VENDOR_PORTS else f" is not one of {listed}"),
        )
    ]
    if url.scheme == "https":
        checks.append(Check(name, True, "HTTPS, and every signature is checked"))
    else:
        checks.append(
            Check(name, None, "plain HTTP: signatures are checked, but identities travel unencrypted")
        )
    if not url.path.rstrip("/").endswith(f"/callbacks/{app_id}/notify"):
        checks.append(Check(name, None, f"the path does not end in /callbacks/{app_id}/notify"))
    return checks


async def _check_database(settings: Settings) -> Check:
    engine = create_engine(settings.database_url)
    try:
        fitness = await examine_database(engine)
    except DatabaseAway as error:
        return Check("database", False, database_trouble(error))
    finally:
        await engine.dispose()
    if fitness.problems:
        return Check("database", False, "; ".join(fitness.problems))
    if fitness.is_fit:
        return Check("database", True, f"at revision {fitness.newest}, takes writes")
    needs = f"needs {fitness.newest}: run `faceid-gateway migrate`"
    found = "has no tables yet" if fitness.revision is None else f"at revision {fitness.revision}"
    return Check("database", False, f"{found}, {needs}")


async def _check_vendor(url: str, *, now: Callable[[], float] = time.time) -> AsyncIterator[Check]:
    """Request `/`, which spends no call, and compare our clock with the answer's Date header."""
    try:
        async with asyncio.timeout(5), httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            answer = await client.get(f"{url}/")
    except (httpx2.HTTPError, TimeoutError, OSError) as error:
        yield Check("vendor", False, f"{url} cannot be reached ({type(error).__name__})")
        return
    answers = f"{url} answers ({answer.status_code})"
    yield Check("vendor", None if answer.is_server_error else True, answers)
    skew = _clock_skew(answer.headers.get("date"), now())
    if skew is not None:
        yield Check("clock", skew < _CLOCK_TOLERANCE, f"{skew:.0f} s off the vendor's")


def _clock_skew(date: str | None, now: float) -> float | None:
    if date is None:
        return None
    try:
        return abs(parsedate_to_datetime(date).timestamp() - now)
    except ValueError:
        return None
