"""`doctor` reports what is not ready for production, one line per check, without secrets."""

import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.revisions import newest_revision
from adapters.postgres.schema import migrate
from adapters.redis.memory import read_memory
from adapters.settings.settings import load_settings
from cli.doctor.check import Check
from cli.doctor.doctor import VENDOR_PORTS, examine, run_doctor
from devstack import ports
from domain.errors import SettingsError
from tests.cli.conftest import CANARY, apps
from tests.support.servers.databases import fresh_database
from tests.support.servers.vendor import Ending, VendorServer, answers, parameters, refuses, serving

NOTIFY = "https://gw.example:8028/callbacks/demo/notify"


@pytest.fixture
async def vendor() -> AsyncIterator[VendorServer]:
    there = answers(404, date=format_datetime(datetime.now(UTC), usegmt=True))
    async with serving(there, refuses(400, "RESULT_NOT_FOUND")) as vendor:
        yield vendor


@pytest.fixture(autouse=True)
def fit(
    environment: pytest.MonkeyPatch, folder: Path, vendor: VendorServer, engine: AsyncEngine, redis: Redis
) -> None:
    """A configuration with nothing to object to."""
    environment.setenv("FACEID_KEYS_URL", (folder / "keys").as_uri())
    environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url, notify_url=NOTIFY))
    environment.setenv("FACEID_AUDIT_ANCHOR_FILE", "elsewhere")
    (folder / "spool").mkdir()
    environment.setenv("FACEID_SPOOL_DIR", str(folder / "spool"))
    environment.setenv("FACEID_SPOOL_MAX_BYTES", "1000000")


async def checks() -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    async for check in examine(load_settings()):
        found.setdefault(check.name, []).append(check)
    return found


async def put_revisions(engine: AsyncEngine, rows: list[str]) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
        for each in rows:
            await connection.execute(text("INSERT INTO alembic_version VALUES (:n)"), {"n": each})


async def failed() -> dict[str, str]:
    return {
        check.name: check.detail for each in (await checks()).values() for check in each if check.ok is False
    }


async def test_a_fit_configuration_passes_every_check(vendor: VendorServer) -> None:
    found = await checks()
    assert set(found) == {
        "secrets",
        "policies",
        "apps.demo.notify_url",
        "redis",
        "redis memory",
        "spool folder",
        "open files",
        "database",
        "key store",
        "audit",
        "people",
        "vendor",
        "clock",
        "apps.demo.credentials",
    }
    [audit] = found.pop("audit")
    assert audit.detail.startswith("this role may change"), "the tests' role owns the tables"
    assert all(check.ok for each in found.values() for check in each)
    assert len(vendor.requests) == 2
    assert "get_result" not in vendor.requests[0]


@pytest.mark.parametrize(
    ("ending", "ok", "wording"),
    [
        (refuses(400, "RESULT_NOT_FOUND"), True, "accepts api_key"),
        (refuses(403, "AUTHENTICATION_ERROR"), False, "(AUTHENTICATION_ERROR)"),
        (refuses(200, "AUTHORIZATION_ERROR: canary"), False, "(AUTHORIZATION_ERROR)"),
        (refuses(404, "API_NOT_FOUND"), False, "vendor_url"),
        (refuses(403, "CONCURRENCY_LIMIT_EXCEEDED"), None, "CONCURRENCY_LIMIT_EXCEEDED"),
        (answers(403, b"<h1>"), None, "HTTP_403"),
        (answers(200, b'{"status": "OK"}'), None, "unexpected answer"),
    ],
)
async def test_credentials_are_tried_without_spending_a_call(
    environment: pytest.MonkeyPatch, tmp_path: Path, ending: Ending, ok: bool | None, wording: str
) -> None:
    async with serving(answers(404), ending) as vendor:
        environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url, return_image=4))
        environment.setenv("FACEID_PICTURES_URL", (tmp_path / "pictures").as_uri())
        [check] = (await checks())["apps.demo.credentials"]
    assert (check.ok, wording in check.detail) == (ok, True)
    sent = parameters(vendor.targets[-1])
    assert re.fullmatch(r"[0-9]{10}%2C[0-9a-f-]{36}", sent["biz_id"]), "one that nobody has"
    assert "return_image" not in sent
    assert sent["api_secret"] not in check.detail


@pytest.mark.parametrize("port", sorted(VENDOR_PORTS))
async def test_the_vendors_ports_pass(environment: pytest.MonkeyPatch, port: int) -> None:
    environment.setenv("FACEID_APPS", apps(notify_url=NOTIFY.replace("8028", str(port))))
    assert all(check.ok for check in (await checks())["apps.demo.notify_url"])


@pytest.mark.parametrize(
    ("url", "marks", "word"),
    [
        ("https://gw.example/callbacks/demo/notify", [True, True], "443"),
        ("https://gw.example:8443/callbacks/demo/notify", [False, True], "8443 is not one of"),
        ("http://gw.example/callbacks/demo/notify", [False, None], "80 is not one of"),
        ("http://gw.example:5000/callbacks/demo/notify", [True, None], "unencrypted"),
        ("https://gw.example/callbacks/other/notify", [True, True, None], "does not end in"),
        ("https://gw.example/", [True, True, None], "does not end in"),
    ],
)
async def test_each_notify_url_is_judged(
    environment: pytest.MonkeyPatch, url: str, marks: list[bool | None], word: str
) -> None:
    environment.setenv("FACEID_APPS", apps(notify_url=url))
    found = (await checks())["apps.demo.notify_url"]
    assert [check.ok for check in found] == marks
    assert word in " ".join(check.detail for check in found)


async def test_without_a_notify_url_it_is_a_remark(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_APPS", apps())
    [check] = (await checks())["apps.demo.notify_url"]
    assert check.ok is None


async def test_a_policy_that_is_not_there_fails(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_APPS", apps(policy="strict"))
    assert "apps.demo.policy: there is no policy 'strict'" in (await failed())["policies"]


async def test_a_variable_of_no_setting_is_a_remark(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_COLOUR", "blue")
    [check] = (await checks())["settings"]
    assert (check.ok, "FACEID_COLOUR" in check.detail) == (None, True)


async def test_a_wrong_password_for_redis_is_reported(redis: Redis) -> None:
    await redis.config_set("requirepass", "right")
    try:
        found = await failed()
    finally:
        await redis.config_set("requirepass", "")
    assert found["redis"] == "the server requires a password"


async def test_a_redis_that_loses_writes_fails(redis: Redis) -> None:
    await redis.config_set("appendfsync", "everysec")
    try:
        found = await failed()
    finally:
        await redis.config_set("appendfsync", "always")
    assert list(found) == ["redis"]
    assert "appendfsync is everysec, must be always" in found["redis"]


@pytest.mark.parametrize(
    ("maxmemory", "word"), [("1mb", "takes no writes (OutOfMemoryError)"), ("small", "spooled")]
)
async def test_a_redis_without_room_fails(redis: Redis, maxmemory: str, word: str) -> None:
    # The server makes the value itself: a client's buffer would count as used, and be freed meanwhile.
    await redis.setrange("ballast", 16_000_000, b"x")
    if maxmemory == "small":
        maxmemory = str((await read_memory(redis)).used + 500_000)
    await redis.config_set("maxmemory", maxmemory)
    try:
        found = await failed()
    finally:
        await redis.config_set("maxmemory", "0")
    assert list(found) == ["redis memory"]
    assert word in found["redis memory"]


async def test_servers_that_are_away_fail(environment: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    environment.setenv("FACEID_REDIS_URL", f"redis://127.0.0.1:{port}/0")
    environment.setenv("FACEID_DATABASE_URL", f"postgresql://u:{CANARY}@127.0.0.1:{port}/x")
    environment.setenv("FACEID_APPS", apps(vendor_url=f"http://127.0.0.1:{port}"))
    found = await failed()
    assert set(found) == {"redis", "database", "vendor"}
    assert all("cannot be reached" in detail for detail in found.values())


@pytest.mark.parametrize("rows", [["0000"], []])
async def test_an_old_schema_fails(engine: AsyncEngine, rows: list[str]) -> None:
    try:
        await put_revisions(engine, rows)
        found = await failed()
    finally:
        await put_revisions(engine, [newest_revision()])
    assert found["database"].startswith("at revision 0000, needs" if rows else "has no tables yet, needs")
    assert "run `faceid-gateway migrate`" in found["database"]


async def test_a_read_only_database_fails(engine: AsyncEngine) -> None:
    async with engine.connect() as admin:
        name = (await admin.execute(text("SELECT current_database()"))).scalar_one()
        await admin.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        await admin.commit()
        try:
            found = await failed()
        finally:
            await admin.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
            await admin.commit()
    assert found["database"] == "is read-only: default_transaction_read_only is on"


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_an_encoding_that_cannot_hold_every_text_fails(
    environment: pytest.MonkeyPatch, engine: AsyncEngine, database_url: str, encoding: str
) -> None:
    async with fresh_database(engine, database_url, encoding=encoding) as url:
        environment.setenv("FACEID_DATABASE_URL", url)
        found = await failed()
        with pytest.raises(
            SettingsError, match=f"^FACEID_DATABASE_URL: the database has .* {encoding}, must"
        ):
            await migrate(url)
    assert found["database"].startswith(f"has the encoding {encoding}, must be UTF8")


async def test_a_vendor_that_answers_with_500_is_a_remark(environment: pytest.MonkeyPatch) -> None:
    async with serving(answers(500)) as vendor:
        environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url))
        [check] = (await checks())["vendor"]
    assert (check.ok, check.detail.endswith("answers (500)")) == (None, True)


@pytest.mark.parametrize(("apart", "ok"), [(0, True), (55, True), (-55, True), (70, False), (-3600, False)])
async def test_the_clock_is_compared_with_the_vendors(
    environment: pytest.MonkeyPatch, apart: int, ok: bool
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=apart), usegmt=True)
    async with serving(answers(404, date=date)) as vendor:
        environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url))
        [check] = (await checks())["clock"]
    assert check.ok is ok


@pytest.mark.parametrize(
    "ending", [answers(404), answers(404, date="yesterday")], ids=["no date", "strange date"]
)
async def test_without_a_date_the_clock_is_not_judged(
    environment: pytest.MonkeyPatch, ending: Ending
) -> None:
    async with serving(ending) as vendor:
        environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url))
        found = await checks()
    assert "clock" not in found
    assert found["vendor"][0].ok


@pytest.mark.parametrize(("url", "fine"), [(NOTIFY, True), (NOTIFY.replace("8028", "1"), False)])
async def test_every_check_is_a_line_without_secrets(
    environment: pytest.MonkeyPatch, vendor: VendorServer, url: str, fine: bool
) -> None:
    environment.setenv("FACEID_APPS", apps(vendor_url=vendor.url, notify_url=url))
    out = io.StringIO()
    assert await run_doctor(load_settings(), Console(file=out, width=80)) is fine
    lines = out.getvalue().splitlines()
    assert {line.split()[0] for line in lines} == {"ok", "note"} | ({"FAIL"} if not fine else set())
    assert len(lines) == 15
    assert CANARY not in out.getvalue()


async def test_apps_with_one_vendor_key_are_a_remark(environment: pytest.MonkeyPatch) -> None:
    one = json.loads(apps(notify_url=NOTIFY))["demo"]
    environment.setenv("FACEID_APPS", json.dumps({"demo": one, "lax": one}))
    [check] = (await checks())["apps"]
    assert check.ok is None
    assert check.detail.startswith("demo, lax share a vendor account")
