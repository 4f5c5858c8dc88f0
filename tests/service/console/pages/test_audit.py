"""The audit on its page, and its export."""

import json
from datetime import UTC, datetime

from sqlalchemy import text

from adapters.store.audit.log import PgAuditLog
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.roles import Role
from service.console.pages.audit import PAGE
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site


async def fill(site: Site, count: int, *, app_id: str | None = "demo", actor: str = "token:orders") -> None:
    """Rows about endpoints."""
    log = PgAuditLog(site.engine)
    for n in range(count):
        row = AuditRow(action=Action.ENDPOINT_TESTED, actor=actor, app_id=app_id, subject=f"endpoint-{n}",
                       address="192.0.2.7", reason="<b>why</b>", detail={"count": n})  # fmt: skip
        await log.note(row)


async def test_an_auditor_filters_and_exports(site: Site, readers: Readers) -> None:
    await fill(site, 3)
    await fill(site, 2, actor="person:li.na")
    reader = await readers.sign_in(Role.AUDITOR)
    await reader.open("/audit")
    await reader.look("audit")
    await reader.page.fill("[name=actor]", "person:li.na")
    await reader.page.press("[name=actor]", "Enter")
    await reader.page.wait_for_url("**actor=person**")
    await reader.page.wait_for_function("document.querySelectorAll('#list tbody tr').length === 2") if (
        reader.with_scripts
    ) else None
    assert await reader.page.locator("#list tbody tr").count() == 2
    assert "<b>why</b>" in await reader.text()
    async with reader.page.expect_download() as downloading:
        await reader.page.click("form[action='/audit/export'] button")
    path = await (await downloading.value).path()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["subject"] for line in lines] == ["endpoint-1", "endpoint-0"]
    [(detail,)] = await site.store.rows("SELECT detail FROM audit WHERE action = 'audit.exported'")
    assert detail == {"actor": "person:li.na"}


async def test_a_span_of_another_year_is_shown_and_exported(site: Site) -> None:
    await fill(site, 3)
    async with site.engine.begin() as connection:
        moved = "UPDATE audit SET at = CAST(:at AS timestamptz) WHERE subject = :subject"
        for n, at in enumerate(
            (datetime(2023, 12, 31, 15, 59, tzinfo=UTC), datetime(2023, 12, 31, 16, tzinfo=UTC))
        ):
            await connection.execute(text(moved), {"at": at, "subject": f"endpoint-{n}"})
    async with site.client(Role.AUDITOR) as client:
        shown = (await client.get("/audit?since=2023-12-31T00:00&until=2024-01-01T00:00")).text
        form = {"form_token": token_in(shown), "until": "2024-01-01T00:00"}
        exported = (await client.post("/audit/export", data=form)).text
    assert ">2023-12-31 23:59:00<" in shown
    assert ("endpoint-1" in shown, "endpoint-2" in shown) == (False, False)
    assert 'name="until" value="2024-01-01T00:00"' in shown
    assert [json.loads(line)["subject"] for line in exported.splitlines()] == ["endpoint-0"]


async def test_an_auditor_of_one_app_sees_no_other_rows(site: Site) -> None:
    await fill(site, 1, app_id="other", actor="token:others")
    await fill(site, 1, app_id=None, actor="command:root")
    await fill(site, 1)
    async with site.client(Role.AUDITOR, "demo") as client:
        paths = ("/audit", "/audit?app=other", "/audit?actor=command:root")
        pages = [(await client.get(path)).text for path in paths]
        form = {"form_token": token_in(pages[0]), "app": "other"}
        exported = (await client.post("/audit/export", data=form)).text
    assert "token:orders" in pages[0]
    assert all("token:others" not in each for each in (*pages, exported))
    assert pages[2].count("192.0.2.7") == 0
    assert exported == ""


async def test_pages_of_the_audit_follow_each_other(site: Site) -> None:
    await fill(site, PAGE + 3)
    async with site.client(Role.AUDITOR) as client:
        first = (await client.get("/audit?action=endpoint.tested")).text
        after = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = (await client.get(after)).text
        assert (await client.get("/audit?after=x&action=nothing&since=never")).status_code == 200
    assert (first.count("192.0.2.7"), second.count("192.0.2.7")) == (PAGE, 3)
    assert len(first.encode()) <= 120_000
