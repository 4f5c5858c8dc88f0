"""Erase a verification, hold it, and apply the ledger to a restored database."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.identity.erasure import ErasureCause, ErasureView, Hold, Receipt, ledger_key, verification_of
from domain.identity.errors import NoKeyStore
from domain.identity.reading import checked_reason
from domain.model import verification_id
from domain.people.actor import Actor
from usecases.ports.audit import AuditLog
from usecases.ports.identity.erasure import Applied, Erasures, Holds, Ledger, Places


def _alone(app_id: str) -> Sequence[str]:
    return (app_id,)


class ErasureDesk:
    """What api, command line and workers call. `ledger` None: FACEID_KEYS_URL is not set.

    `sharing`: the apps of an app's vendor account, among which a verification may have moved.
    """

    def __init__(
        self,
        erasures: Erasures,
        holds: Holds,
        places: Places,
        *,
        ledger: Ledger | None,
        clock: Callable[[], datetime],
        sharing: Callable[[str], Sequence[str]] = _alone,
    ) -> None:
        self._erasures = erasures
        self._holds = holds
        self._places = places
        self._ledger = ledger
        self._clock = clock
        self._sharing = sharing

    async def erase(
        self,
        app_id: str,
        biz_id: str,
        *,
        actor: Actor,
        reason: str,
        because: ErasureCause = ErasureCause.REQUEST,
    ) -> Receipt:
        """Erase the identity of a verification. The same again returns the same receipt.

        Where none is recorded, the dead letters that name it are erased.
        If a server fails on the way, nothing is erased, or a worker completes it.

        Raises:
            NoKeyStore: there is no ledger.
            ReadRefused: the reason is blank, or has an ID number.
            NoSuchVerification: the app has neither one with this biz_id nor a dead letter of it.
            LegalHold: it is held, or its like at another app of the vendor account.
            ServerAway: the key store or PostgreSQL is away.
        """
        if self._ledger is None:
            raise NoKeyStore
        why = checked_reason(reason)
        # An absent key store is noticed before anything begins.
        await self._ledger.state()
        mine, now = verification_id(app_id, biz_id), self._clock()
        audit = AuditRow.by(actor, Action.ERASED, reason=why)
        others = [verification_id(each, biz_id) for each in self._sharing(app_id) if each != app_id]
        known = await self._erasures.begin(
            app_id, biz_id, beside=others, at=now, because=because, audit=audit
        )
        if known is not None:
            return known
        for other in others:
            await self._complete(self._ledger, other, now)
        receipt = await self._complete(self._ledger, mine, now)
        if receipt is None:
            raise AssertionError("an erasure that was asked for has a receipt")
        return receipt

    async def apps_with_letters(self, app_ids: Sequence[str], biz_id: str) -> Sequence[str]:
        """Those of the apps that can erase dead letters of it, or have erased them. Raises ServerAway."""
        return await self._erasures.apps_with_letters(app_ids, biz_id)

    async def finish(self, *, limit: int = 100) -> int:
        """Complete what a crash or an outage has interrupted; how many. Without a ledger: none."""
        if self._ledger is None:
            return 0
        begun = await self._erasures.begun(limit=limit)
        for each, at in begun:
            await self._complete(self._ledger, each, at)
        return len(begun)

    async def hold(self, app_id: str, biz_id: str, *, actor: Actor, reason: str) -> Hold:
        """Hold a verification. Raises NoSuchVerification, AlreadyErased, ServerAway."""
        why, mine = checked_reason(reason), verification_id(app_id, biz_id)
        audit = AuditRow.by(actor, Action.HOLD_PLACED, reason=why)
        return await self._holds.place(mine, reason=why, now=self._clock(), audit=audit)

    async def lift(self, app_id: str, biz_id: str, *, actor: Actor, reason: str) -> bool:
        """Lift a hold; False if there is none. Raises NoSuchVerification, ServerAway."""
        audit = AuditRow.by(actor, Action.HOLD_LIFTED, reason=checked_reason(reason))
        return await self._holds.lift(verification_id(app_id, biz_id), now=self._clock(), audit=audit)

    async def explain(self, app_id: str, biz_id: str) -> ErasureView:
        """What each place holds of a verification. Raises NoSuchVerification, ServerAway."""
        return await self._places.view(app_id, biz_id)

    async def _complete(self, ledger: Ledger, each: UUID, at: datetime) -> Receipt | None:
        position = await ledger.append(ledger_key(each), at=at)
        return await self._erasures.complete(each, position=position, now=self._clock())


async def apply_ledger(
    ledger: Ledger,
    applied: Applied,
    erasures: Erasures,
    audit: AuditLog,
    *,
    clock: Callable[[], datetime],
    actor: Actor,
) -> int:
    """Erase again what the ledger has and a restored database does not know; how many. Holds do not count:
    when it was erased, there was none, or it had been lifted.

    Raises:
        ServerAway: what is applied stays applied; the same again does the rest.
    """
    state = await ledger.state()
    await audit.note(AuditRow.by(actor, Action.LEDGER_APPLIED, detail={"erased": state.erased}))
    missing = await applied.missing(ledger, erased=state.erased)
    for entry in missing:
        named = verification_of(entry.key)
        if named is not None:
            await erasures.begin_unasked([named], at=entry.at)
            await erasures.complete(named, position=entry.position, now=clock())
    await applied.missing(ledger, erased=state.erased)
    return len(missing)
