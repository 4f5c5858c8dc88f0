"""Cases on the site of a test, and persons who review them."""

from typing import Any
from uuid import UUID

from domain.reviews.case import Because
from tests.service.console.rig.day import run
from tests.service.console.rig.site import Site
from tests.support.storage.reviews import Reviews
from tests.support.storage.stores import NOW

DIFFERING: dict[str, Any] = {"verify_result.result_faceid.confidence": 68.918}
"""What the result says otherwise than the callback, so that a person must look."""

_CASE = "SELECT id FROM review_cases WHERE verification_id = '{}' AND state <> 'closed'"


async def case(site: Site, n: int = 1, *, app_id: str = "demo", because: Because = Because.DECISION) -> UUID:
    """An open case, whose callback and result differ in the score."""
    recorded = await run(site.store, n, {}, at=NOW, app_id=app_id, result=DIFFERING)
    if because is not Because.DECISION:
        await Reviews(site.store).case_of(recorded.verification_id, because=because)
    rows = await site.store.rows(_CASE.format(recorded.verification_id))
    return UUID(str(rows[0][0]))


async def state_of(site: Site, case_id: UUID) -> str:
    """The stored state of a case."""
    [[state]] = await site.store.rows(f"SELECT state FROM review_cases WHERE id = '{case_id}'")
    return str(state)


async def kinds_of(site: Site, case_id: UUID) -> list[str]:
    """What happened to a case."""
    rows = await site.store.rows(f"SELECT kind FROM review_events WHERE case_id = '{case_id}' ORDER BY seq")
    return [str(kind) for (kind,) in rows]
