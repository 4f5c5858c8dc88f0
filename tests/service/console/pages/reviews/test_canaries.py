"""Texts of others are shown as texts: in biz_no, in notes, in objections."""

import pytest

from adapters.store.statements.bulk import bulk_connection
from domain.people.roles import Role
from domain.reviews.case import Because
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import case
from tests.service.console.pages.reviews.forms import looking
from tests.service.console.rig.site import Site
from tests.support.storage.reviews import CHEN
from tests.support.storage.stores import biz_id

CANARIES = [
    "<script>document.title='taken'</script>",
    "\" onmouseover=\"document.title='taken'\" autofocus onfocus=\"document.title='taken'",
    "</textarea><img src=x onerror=\"document.title='taken'\">",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{ZERO WIDTH SPACE}\N{ZERO WIDTH JOINER}ok",
    "{{ 7 * 7 }} %(name)s %s",
]
BIZ_NO = "UPDATE verifications SET biz_no = $1"


@pytest.mark.parametrize("canary", CANARIES, ids=["script", "attribute", "textarea", "invisible", "template"])
async def test_a_text_is_shown_as_a_text(site: Site, english: Readers, canary: str) -> None:
    case_id = await case(site)
    async with bulk_connection(site.engine) as connection:
        await connection.execute(BIZ_NO, canary)
    await site.context.reviews.open(biz_id(), CHEN, Because.APPEAL, note=canary)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        stale = await browser.send(
            "propose", choice="approved", reason_code="person.matches", note=canary, evidence_hash="1"
        )
        assert stale.status_code == 409
        await browser.send("propose", choice="approved", reason_code="person.matches", note=canary)
    reader = await english.sign_in(Role.SENIOR)
    for path in ("/reviews", f"/reviews/{case_id}"):
        await reader.open(path)
        assert "taken" not in await reader.page.title()
        await reader.look()
    assert await reader.page.locator("blockquote").first.inner_text() != ""
    assert canary in str(await reader.page.locator(".proposal blockquote").text_content())
    assert canary in str(await reader.page.locator("dd.mono").first.text_content())
