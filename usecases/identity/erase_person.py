"""Erase every verification of an app with one ID number."""

import msgspec

from domain.identity.erasure import ErasureCause, Receipt
from domain.identity.errors import LegalHold, NoSuchVerification
from domain.people.actor import Actor
from usecases.identity.erase import ErasureDesk
from usecases.identity.read import MOST, IdentityDesk
from usecases.ports.identity.erasure import ErasedPersons


class PersonEnd(msgspec.Struct, frozen=True):
    """What became of a verification; `receipt` None: a legal hold is on it."""

    biz_id: str
    receipt: Receipt | None


class PersonErasure:
    """Finds a person's verifications by the blind index, and erases each. `persons`: remembers which."""

    def __init__(self, identity: IdentityDesk, erasures: ErasureDesk, persons: ErasedPersons) -> None:
        self._identity = identity
        self._erasures = erasures
        self._persons = persons

    async def of(
        self, app_id: str, number: str, *, actor: Actor, reason: str
    ) -> tuple[list[PersonEnd], bool]:
        """What became of the newest 200, and whether there may be more.

        What is erased is found no longer by its number. Of what was erased by it within 30 days, the receipts
        follow, up to 200: so the same again has the same receipts.

        Raises as `IdentityDesk.search` and `ErasureDesk.erase`; what is erased stays erased.
        """
        found = await self._identity.search([app_id], number, actor=actor, reason=reason)
        earlier = await self._persons.receipts(app_id, number, limit=MOST)
        # Before the erasures, which take the number away: a process may end in between.
        await self._persons.note(app_id, number, [each.id for each in found])
        ends = [await self._end(app_id, each.biz_id, actor, reason) for each in found]
        known = {each.biz_id for each in ends}
        ends += [PersonEnd(each.biz_id, each) for each in earlier if each.biz_id not in known]
        return ends, len(found) == MOST

    async def _end(self, app_id: str, biz_id: str, actor: Actor, reason: str) -> PersonEnd:
        try:
            receipt = await self._erasures.erase(
                app_id, biz_id, actor=actor, reason=reason, because=ErasureCause.PERSON
            )
        except (LegalHold, NoSuchVerification):
            return PersonEnd(biz_id, None)
        return PersonEnd(biz_id, receipt)
