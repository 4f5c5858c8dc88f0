"""The first screen: what needs somebody now."""

from datetime import UTC, datetime, timedelta

from adapters.processes.heartbeats import beating
from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import fill
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW, callback

WORDS = {"en": "Dead letters by reason", "zh": "按原因统计的死信"}
EVERY = timedelta(seconds=60)


async def test_it_shows_what_needs_somebody(site: Site, readers: Readers) -> None:
    await fill(site.store, NOW)
    for n, reason in enumerate(["undecodable", "undecodable", "processing_failed"]):
        letter = callback({"n": n})
        await site.store.dead_letters.keep(letter, reason=reason, detail="", now=datetime.now(UTC))
    status = {"pulls": {"demo": {"done": 12, "busy": 3}}, "circuits": {"demo": "open"}, "refusals": {}}
    spool = {"spool_bytes": 5_000_000, "spool_oldest_seconds": 75.0}
    async with (
        beating(site.redis, "worker", every=EVERY, status=lambda: status),
        beating(site.redis, "ingress", every=EVERY, status=lambda: spool),
    ):
        await site.seen_alive(2)
        reader = await readers.sign_in(Role.OPERATOR)
        await reader.open("/")
        text = await reader.text()
        assert WORDS[reader.language] in text
        assert "4.8 MiB" in text
        assert "undecodable" in text
        link = "a[href='/dead-letters?reason=undecodable&app=demo']"
        assert await reader.page.locator(link).count() == 1
        assert await reader.page.locator("svg[role=img]").count() == 2
        assert await reader.page.locator("svg rect.rejected").count() > 2
        await reader.look("today")


async def test_a_viewer_of_one_app_sees_its_figures_alone(site: Site) -> None:
    await site.store.dead_letters.keep(
        callback({"n": 1}, app_id="other"), reason="undecodable", detail="", now=NOW
    )
    async with site.client(Role.VIEWER, "demo") as client:
        mine = (await client.get("/")).text
    async with site.client(Role.VIEWER, "other") as client:
        theirs = (await client.get("/")).text
    assert ("undecodable" in mine, "undecodable" in theirs) == (False, True)
    assert "Last heartbeat" not in mine


async def test_an_empty_gateway_has_a_first_screen(site: Site, english: Readers) -> None:
    reader = await english.sign_in(Role.ADMIN)
    await reader.open("/")
    assert "No process is alive." in await reader.text()
    await reader.look("today-empty")
