"""Erase every verification of an app with one ID number."""

import msgspec

from domain.identity.erasure import ErasureCause, Receipt
from domain.identity.errors import LegalHold, NoSuchVerification
from domain.people.actor import Actor
from usecases.identity.erase import ErasureDesk
from usecases.identity.read import MOST, IdentityDesk


class PersonEnd(msgspec.Struct, frozen=True):
    """What became of a verification; `receipt` None: a legal hold is on it."""

    biz_id: str
    receipt: Receipt | None


class PersonErasure:
    """Finds a person's verifications by the blind index, and erases each."""

    def __init__(self, identity: IdentityDesk, erasures: ErasureDesk) -> None:
        self._identity = identity
        self._erasures = erasures

    async def of(
        self, app_id: str, number: str, *, actor: Actor, reason: str
    ) -> tuple[list[PersonEnd], bool]:
        """What became of the newest 200, and whether there may be more. What is erased is found no longer.

        Raises as `IdentityDesk.search` and `ErasureDesk.erase`; what is erased stays erased.
        """
        found = await self._identity.search([app_id], number, actor=actor, reason=reason)
        ends = [await self._end(app_id, each.biz_id, actor, reason) for each in found]
        return ends, len(found) == MOST

    async def _end(self, app_id: str, biz_id: str, actor: Actor, reason: str) -> PersonEnd:
        try:
            receipt = await self._erasures.erase(
                app_id, biz_id, actor=actor, reason=reason, because=ErasureCause.PERSON
            )
        except (LegalHold, NoSuchVerification):
            return PersonEnd(biz_id, None)
        return PersonEnd(biz_id, receipt)
