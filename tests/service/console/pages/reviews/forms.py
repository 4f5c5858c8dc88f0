"""The forms of the page of a case, filled without a browser."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2

from domain.people.roles import Grant, Role
from tests.service.console.rig.site import Site

NOTE = "Seen at the counter"


class Browser:
    """A signed-in client that remembers the page of one case."""

    def __init__(self, client: httpx2.AsyncClient, case_id: UUID) -> None:
        self.client = client
        self.path = f"/reviews/{case_id}"
        self.page = ""

    async def look(self) -> str:
        """Open the page."""
        self.page = (await self.client.get(self.path)).text
        return self.page

    async def send(self, step: str, **fields: Any) -> httpx2.Response:
        """Send a form of the remembered page; `fields` are typed over its hidden ones."""
        hidden = {name: value_of(self.page, name) for name in ("form_token", "fence", "evidence_hash")}
        answer = await self.client.post(f"{self.path}/{step}", data=hidden | fields)
        if answer.status_code != 303:
            self.page = answer.text
        return answer

    async def propose(self, choice: str = "rejected", **fields: Any) -> httpx2.Response:
        """Send a conclusion."""
        reason = {"rejected": "document.doubtful", "approved": "person.matches"}.get(choice, "decision.holds")
        typed = {"choice": choice, "reason_code": reason, "note": NOTE}
        return await self.send("propose", **(typed | fields))


def value_of(page: str, name: str) -> str:
    """The value of the first field with this name on a page; "" if there is none."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


@asynccontextmanager
async def looking(
    site: Site, role: Role, case_id: UUID, *, app_id: str | None = None, claims: bool = True
) -> AsyncIterator[Browser]:
    """A new person who looks at the case, and has claimed it."""
    async with site.client(role, app_id) as client:
        browser = Browser(client, case_id)
        await browser.look()
        if claims:
            assert (await browser.send("claim")).status_code == 303
            await browser.look()
        yield browser


async def two_sessions(site: Site, role: Role) -> tuple[str, str]:
    """The cookies of two sessions of one person."""
    person = await site.people.person("li.na", Grant(role, None))
    return await site.people.cookie(person), await site.people.cookie(person)
