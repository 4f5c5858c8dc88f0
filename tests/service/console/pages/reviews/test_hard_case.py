"""A case with much to see: an appeal, an attack, one side alone, and an earlier review."""

from typing import Any

from domain.people.roles import Role
from domain.reviews.case import Because
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import state_of
from tests.service.console.pages.reviews.forms import looking
from tests.service.console.rig.day import run, tree
from tests.service.console.rig.site import Site
from tests.support.storage.reviews import CHEN, Reviews
from tests.support.storage.stores import NOW, biz_id

ATTACK: dict[str, Any] = {
    "liveness_result.face_genuineness.synthetic_face_confidence": 0.88,
    "verify_result.result_faceid.confidence": 41.2,
}
COMPARISONS = ("result_faceid", "result_ref1", "result_idcard_photo", "result_idcard_datasource")
FOLD = 900
"""The height of a desktop's window."""


async def test_the_reason_and_the_scores_are_seen_without_scrolling(site: Site, readers: Readers) -> None:
    await run(site.store, 1, ATTACK, at=NOW)
    opened = await site.context.reviews.open(biz_id(), CHEN, Because.OPERATOR, note=None)
    async with looking(site, Role.REVIEWER, opened.case_id) as first:
        await first.propose("incomplete")
    objection = "That was me. 我本人操作，请复核。 " * 6
    again = await site.context.reviews.open(biz_id(), CHEN, Because.APPEAL, note=objection)
    reader = await readers.sign_in(Role.SENIOR)
    await reader.open(f"/reviews/{again.case_id}")
    await reader.page.click("[data-press=c]")
    await reader.page.wait_for_selector("#lease")
    for seen in (".evidence .reasons", ".evidence blockquote", ".evidence .chart >> nth=0", ".over"):
        box = await reader.page.locator(seen).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= FOLD, seen
    await reader.look("review-appeal")
    assert await state_of(site, again.case_id) == "open"


async def test_what_differs_is_seen_without_scrolling(site: Site, english: Readers) -> None:
    whole = tree(1, {})["verify_result"]["result_faceid"]
    several = {f"verify_result.{name}": whole for name in COMPARISONS}
    lower = {f"verify_result.{name}": whole | {"confidence": 41.206} for name in COMPARISONS}
    recorded = await run(site.store, 1, several, at=NOW, result=lower)
    case_id = await Reviews(site.store).case_of(recorded.verification_id)
    reader = await english.sign_in(Role.REVIEWER)
    await reader.open(f"/reviews/{case_id}")
    assert await reader.page.locator("tr.differs").count() == len(COMPARISONS)
    box = await reader.page.locator("tr.differs").last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= FOLD
    await reader.look("review-many")
