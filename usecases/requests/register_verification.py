"""Register a verification whose token came from elsewhere, so that a missing callback is noticed."""

from datetime import datetime

from domain.apps.order import LONGEST_TOKEN
from domain.apps.registration import Registered, Registration
from domain.errors import ExpiryOutOfBounds, RegistrationConflict
from domain.model import verification_id
from domain.people.actor import Actor
from domain.pulls.budget import RESULT_KEPT
from usecases.ports.callbacks.recording import Registrations
from usecases.ports.schedule import Looks


async def register(
    registrations: Registrations,
    looks: Looks,
    *,
    app_id: str,
    biz_id: str,
    registration: Registration,
    actor: Actor,
) -> Registered:
    """Register a verification; repeating the registration changes nothing. Never returns `conflict`. The
    timeline names the actor.

    Raises:
        ExpiryOutOfBounds: the vendor can no longer have a result, or no token lives that long.
        RegistrationConflict: it is registered or decided for another order, or belongs to another app.
        BrokenSeal: no configured key decrypts the callbacks to another app of the vendor account.
        ServerAway: PostgreSQL is away.
    """
    _check_expiry(registration.expires_at, now=registration.registered_at)
    return await record_registration(registrations, looks, app_id, biz_id, registration, actor=actor)


async def record_registration(
    registrations: Registrations,
    looks: Looks,
    app_id: str,
    biz_id: str,
    registration: Registration,
    *,
    actor: Actor,
) -> Registered:
    """Register a verification, and have a worker look at once if its callback has arrived. Raises as
    `register`.
    """
    registered = await registrations.register(app_id, biz_id, registration, by=str(actor))
    if registered is Registered.CONFLICT:
        raise RegistrationConflict
    if registered is Registered.JOINED:
        # Its callback may have waited only for the registration.
        await looks.look_at(verification_id(app_id, biz_id), registration.registered_at)
    return registered


def _check_expiry(expires_at: datetime, *, now: datetime) -> None:
    if not now - RESULT_KEPT <= expires_at <= now + LONGEST_TOKEN:
        raise ExpiryOutOfBounds
