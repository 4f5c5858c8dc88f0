"""Reject or close many cases: the count first, then the step, and never twice."""

from typing import Any
from uuid import UUID

import httpx2

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import case, state_of
from tests.service.console.pages.reviews.forms import looking, value_of
from tests.service.console.rig.site import Site

REASON = {"choice": "rejected", "reason_code": "duplicate"}


async def test_a_reviewer_rejects_the_chosen_ones(site: Site, readers: Readers) -> None:
    chosen = [await case(site, n) for n in (1, 2)]
    other = await case(site, 3)
    reader = await readers.sign_in(Role.REVIEWER)
    await reader.open("/reviews")
    for case_id in chosen:
        await reader.page.check(f"[value='{case_id}']")
    await reader.page.click("#list .actions button >> nth=0")
    await reader.page.wait_for_url("**/reviews/bulk")
    assert [await state_of(site, each) for each in chosen] == ["open", "open"]
    await reader.look("reviews-bulk")
    await reader.page.check("details[open] [value=duplicate]")
    await reader.page.click("details[open] button.danger")
    await reader.page.wait_for_selector("[role=status]")
    await reader.look("reviews-bulk-done")
    assert [await state_of(site, each) for each in (*chosen, other)] == ["closed", "closed", "open"]


async def end(client: httpx2.AsyncClient, case_ids: list[UUID], **fields: Any) -> httpx2.Response:
    """Ask for the count, and then end them with these fields."""
    token = token_in((await client.get("/help")).text)
    ids = {"case_id": [str(each) for each in case_ids], "form_token": token}
    asked = (await client.post("/reviews/bulk", data=ids)).text
    return await client.post(
        "/reviews/bulk/end", data=ids | {"expected": value_of(asked, "expected")} | REASON | fields
    )


async def test_the_step_needs_the_count_that_was_shown_and_is_done_once(site: Site) -> None:
    cases = [await case(site, n) for n in (1, 2)]
    async with site.client(Role.REVIEWER) as client:
        wrong = await end(client, cases, expected="3")
        assert (wrong.status_code, "The number of these cases has changed" in wrong.text) == (422, True)
        assert (await end(client, cases, reason_code="other.code")).status_code == 422
        assert (await end(client, cases, reason_code="other")).status_code == 422
        assert (await end(client, cases, choice="approved", reason_code="person.matches")).status_code == 422
        assert [await state_of(site, each) for each in cases] == ["open", "open"]
        done = await end(client, cases)
        assert done.headers["location"] == "/reviews?ended=2&kept=0"
        token = token_in((await client.get("/help")).text)
        again = {"case_id": [str(each) for each in cases], "form_token": token, "expected": "2"}
        assert (await client.post("/reviews/bulk/end", data=again | REASON)).status_code == 422


async def test_what_another_works_on_or_another_app_has_stays(site: Site) -> None:
    held, mine, foreign = await case(site, 1), await case(site, 2), await case(site, 3, app_id="other")
    async with looking(site, Role.REVIEWER, held), site.client(Role.REVIEWER, "demo") as client:
        done = await end(client, [held, mine, foreign], choice="close")
    assert done.headers["location"] == "/reviews?ended=1&kept=1"
    assert [await state_of(site, each) for each in (held, mine, foreign)] == ["open", "closed", "open"]


async def test_all_that_match_are_counted(site: Site) -> None:
    for n in (1, 2, 3):
        await case(site, n, app_id="other" if n == 3 else "demo")
    async with site.client(Role.REVIEWER) as client:
        form = {"form_token": token_in((await client.get("/help")).text), "every": "1", "app": "demo"}
        asked = (await client.post("/reviews/bulk", data=form)).text
        none = (await client.post("/reviews/bulk", data={"form_token": form["form_token"]})).text
    assert value_of(asked, "expected") == "2"
    assert "No case is chosen" in none
