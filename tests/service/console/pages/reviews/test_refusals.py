"""What a case refuses: a clear page, nothing that was typed is lost, and nothing is done twice."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from domain.people.roles import Role
from domain.reviews.case import LEASE
from tests.service.console.pages.reviews.desks import case, kinds_of, state_of
from tests.service.console.pages.reviews.forms import NOTE, Browser, looking, two_sessions
from tests.service.console.rig.day import tree
from tests.service.console.rig.site import Site
from tests.support.http.clients import plain_client
from tests.support.storage.stores import NOW, callback


async def evidence_comes(site: Site) -> None:
    """Another callback of the same verification."""
    later = NOW + timedelta(minutes=1)
    await site.store.record(
        callback(tree(1, {"verify_result.result_faceid.confidence": 90.1}), received_at=later)
    )


async def test_a_stale_form_says_what_changed_and_keeps_what_was_typed(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        await evidence_comes(site)
        answer = await browser.propose("approved")
        assert answer.status_code == 409
        assert "The evidence changed" in answer.text
        assert "documents that arrived" in answer.text
        assert f">{NOTE}</textarea>" in answer.text
        assert answer.text.count("checked>") == 1
        assert await state_of(site, case_id) == "open"
        assert (await browser.propose("approved")).status_code == 303
    assert await state_of(site, case_id) == "proposed"


@pytest.mark.parametrize(
    "forged",
    [{"evidence_hash": ""}, {"evidence_hash": "1-x"}, {"fence": "7"}, {"fence": "-1"}, {"fence": "x"}],
)
async def test_a_forged_form_changes_nothing(site: Site, forged: dict[str, str]) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        assert (await browser.propose(**forged)).status_code == 409
    assert await kinds_of(site, case_id) == ["opened", "claimed"]


async def test_a_claim_that_has_ended_is_taken_again_with_the_text(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        site.clock.go_on(LEASE + timedelta(seconds=1))
        answer = await browser.propose("approved")
        assert answer.status_code == 409
        assert "Your claim has ended" in answer.text
        assert f">{NOTE}</textarea>" in answer.text
        kept = {"choice": "approved", "note": NOTE, "reason_code": "person.matches"}
        again = await browser.send("claim", **kept)
        assert (again.status_code, f">{NOTE}</textarea>" in again.text) == (200, True)
        assert (await browser.propose("approved")).status_code == 303
    assert await state_of(site, case_id) == "proposed"


async def test_who_takes_over_ends_the_claim_of_the_other(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as reviewer:
        async with looking(site, Role.SENIOR, case_id, claims=False) as senior:
            held = await senior.send("claim")
            assert (held.status_code, "works on this case now" in held.text) == (409, True)
            assert (await senior.send("take-over")).status_code == 303
        answer = await reviewer.propose()
        assert answer.status_code == 409
        assert "Your claim has ended" in answer.text
        assert "senior-" in answer.text
        assert "The case is yours now" not in answer.text
        assert f">{NOTE}</textarea>" in answer.text
    assert await kinds_of(site, case_id) == ["opened", "claimed", "taken_over"]


async def test_a_reviewer_neither_takes_over_nor_approves(site: Site) -> None:
    case_id = await case(site)
    async with (
        looking(site, Role.REVIEWER, case_id) as first,
        looking(site, Role.REVIEWER, case_id, claims=False) as second,
    ):
        for step in ("take-over", "approve", "return"):
            assert (await second.send(step, note=NOTE)).status_code == 403
        await first.propose("approved")
        await second.look()
        assert 'data-press="c"' not in second.page
        answer = await second.send("claim")
        assert (answer.status_code, "Only a person who may approve" in answer.text) == (403, True)
    assert await kinds_of(site, case_id) == ["opened", "claimed", "proposed"]


async def test_who_proposed_cannot_approve_in_another_session_either(site: Site) -> None:
    case_id = await case(site)
    first, second = await two_sessions(site, Role.SENIOR)
    async with session_of(site, first) as one, session_of(site, second) as other:
        here, there = Browser(one, case_id), Browser(other, case_id)
        await here.look()
        await here.send("claim")
        await here.look()
        await here.propose("approved")
        assert "You proposed it" in await there.look()
        for step in ("claim", "approve"):
            answer = await there.send(step)
            assert (answer.status_code, "Another person must do this" in answer.text) == (403, True)
    assert await state_of(site, case_id) == "proposed"


def session_of(site: Site, cookie: str) -> httpx2.AsyncClient:
    return plain_client(site.url, cookies={"faceid": cookie}, headers={"origin": site.url})


@pytest.mark.parametrize("choice", ["rejected", "approved", "close"])
async def test_the_same_form_twice_concludes_once(site: Site, choice: str) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        answers = [await browser.propose(choice) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(await kinds_of(site, case_id)) == 3


async def test_a_form_twice_approves_once(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        await browser.propose("approved")
    async with looking(site, Role.SENIOR, case_id) as senior:
        answers = [await senior.send("approve") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert (await kinds_of(site, case_id)).count("approved") == 1


async def test_new_evidence_stops_an_approval_too(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        await browser.propose("approved")
    async with looking(site, Role.SENIOR, case_id) as senior:
        await evidence_comes(site)
        answer = await senior.send("approve")
        assert (answer.status_code, "documents that arrived" in answer.text) == (409, True)
        assert await state_of(site, case_id) == "proposed"
        assert (await senior.send("approve")).status_code == 303


async def test_a_closed_case_stays_as_it_is(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        await browser.propose()
        answer = await browser.propose("approved")
        assert (answer.status_code, "closed already" in answer.text, NOTE in answer.text) == (409, True, True)
    assert len(await kinds_of(site, case_id)) == 3


@pytest.mark.parametrize("step", ["", "claim", "propose", "renew", "release", "snooze"])
async def test_a_case_of_another_app_is_not_there(site: Site, step: str) -> None:
    case_id = await case(site, app_id="other")
    async with site.client(Role.REVIEWER, "demo") as client:
        browser = Browser(client, await case(site, 2))
        await browser.look()
        browser.path = f"/reviews/{case_id}"
        answer = await (
            browser.send(step, choice="close", reason_code="other") if step else client.get(browser.path)
        )
        assert answer.status_code == 404
        assert str(case_id) not in (await client.get("/reviews")).text
    assert await kinds_of(site, case_id) == ["opened"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"choice": "maybe"}, "Choose what the case comes to"),
        ({"choice": "review"}, "Choose what the case comes to"),
        ({"reason_code": ""}, "Choose at least one reason"),
        ({"reason_code": "person.matches"}, "Choose at least one reason"),
        ({"choice": "approved", "reason_code": "person.matches", "note": " "}, "An approval needs a note"),
        ({"note": "x" * 2001}, "The note is too long"),
    ],
)
async def test_an_incomplete_conclusion_says_what_is_missing(
    site: Site, fields: dict[str, str], says: str
) -> None:
    case_id = await case(site)
    whole = {"choice": "rejected", "reason_code": "document.doubtful", "note": NOTE}
    async with looking(site, Role.REVIEWER, case_id) as browser:
        answer = await browser.send("propose", **(whole | fields))
    assert (answer.status_code, says in answer.text) == (422, True)
    assert await kinds_of(site, case_id) == ["opened", "claimed"]


async def test_no_id_is_no_case(site: Site) -> None:
    async with site.client(Role.REVIEWER) as client:
        for name in ("x", "bulk", str(UUID(int=0))):
            assert (await client.get(f"/reviews/{name}")).status_code == 404


async def test_a_text_is_kept_where_the_session_ends(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        browser.client.cookies.clear()
        answer = await browser.propose("approved")
    assert (answer.status_code, NOTE in answer.text) == (403, True)
