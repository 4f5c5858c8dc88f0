"""The gateway's own state on its page."""

from datetime import timedelta

from adapters.processes.heartbeats import beating
from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site

EVERY = timedelta(seconds=60)
SPOOLING = {"can_accept": False, "spool_bytes": 3 * 1024 * 1024, "circuit": "open"}
REFUSED = {
    "keys": {"up": False, "left": 2400.0},
    "circuits": {"demo": "open"},
    "refusals": {"demo": "AUTHENTICATION_ERROR"},
}


async def test_an_operator_sees_processes_queue_spool_and_settings(site: Site, readers: Readers) -> None:
    async with (
        beating(site.redis, "worker", every=EVERY, status=lambda: REFUSED),
        beating(site.redis, "ingress", every=EVERY, status=lambda: SPOOLING),
    ):
        await site.seen_alive(2)
        reader = await readers.sign_in(Role.OPERATOR)
        await reader.open("/system")
        text = await reader.text()
        assert "3 MiB" in text
        assert "AUTHENTICATION_ERROR" in text
        assert "40 min" in text
        await reader.page.click("summary")
        assert "FACEID_API_RATE" in await reader.text()
        await reader.look("system")


async def test_without_processes_the_page_says_so(site: Site) -> None:
    async with site.client(Role.OPERATOR) as client:
        page = (await client.get("/system")).text
    assert "No process is heard." in page
    assert "nothing is decided" in page
