"""`doctor` says who may change the audit, whether blocks keep up, and whether anchors are kept."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.settings.settings import load_settings
from cli.doctor.audit import check_audit
from devstack import ports
from tests.support.storage.audit.audits import close_all, write_rows


async def found() -> list[tuple[bool | None, str]]:
    return [(check.ok, check.detail) async for check in check_audit(load_settings())]


async def test_what_protects_the_audit_is_named(environment: pytest.MonkeyPatch, engine: AsyncEngine) -> None:
    (role_ok, role), (anchor_ok, anchor) = await found()
    assert (role_ok, anchor_ok) == (None, None)
    assert role.startswith("this role may change")
    assert anchor.startswith("neither a file nor a time stamp")
    environment.setenv("FACEID_AUDIT_ANCHOR_FILE", "elsewhere")
    assert [detail for _, detail in await found()] == [role]


async def test_blocks_that_are_behind_fail(environment: pytest.MonkeyPatch, engine: AsyncEngine) -> None:
    await write_rows(engine, 2)
    await close_all(engine)
    await write_rows(engine, 3)
    assert len(await found()) == 2, "they are young"
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET at = at - interval '2 hours'"))
    assert (await found())[0] == (
        False,
        "3 rows of more than an hour ago are in no block: does a worker run?",
    )
    await close_all(engine)
    assert len(await found()) == 2


async def test_a_database_that_is_away_is_a_remark(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{ports.free_port()}/nowhere")
    [(ok, detail)] = await found()
    assert ok is None
    assert detail.startswith("cannot be checked")
