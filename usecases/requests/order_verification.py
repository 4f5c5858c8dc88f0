"""Order a verification: get a token from the vendor for the app's own addresses, and register it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from domain.apps.app import App
from domain.apps.order import IssuedToken, Order
from domain.apps.registration import Registration
from domain.errors import AppNotConfigured, ServerAway
from domain.identity.numbers import canonical
from domain.identity.reading import TooManyOrders
from domain.model import verification_id
from domain.people.actor import Actor
from usecases.ports.callbacks.recording import Registrations
from usecases.ports.identity.numbers import NumberCounts
from usecases.ports.pulls import TokenIssuer
from usecases.ports.schedule import Looks
from usecases.requests.register_verification import record_registration

_DAY: Final = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class OrderParts:
    """What an order needs: who issues tokens, and where the verification is registered."""

    issuer: TokenIssuer
    registrations: Registrations
    numbers: NumberCounts
    looks: Looks
    clock: Callable[[], datetime]


async def order_and_register(app: App, order: Order, parts: OrderParts, *, actor: Actor) -> IssuedToken:
    """Each call orders a new verification. The vendor requires a biz_no that it has not seen before. The
    timeline names the actor.

    Raises:
        TooManyOrders: the app limits the orders of one ID number; nothing was spent.
        AppNotConfigured: the app has no notify_url or no return_url.
        VendorRefused, VendorUnavailable: the vendor issued no token.
        RegistrationConflict, BrokenSeal, ServerAway: the token was issued, but the verification is not
        registered.
    """
    if app.notify_url is None or app.return_url is None:
        raise AppNotConfigured
    number = _limited_number(app, order)
    if number is not None:
        await _check(app, number, parts.numbers, now=parts.clock())
    issued = await parts.issuer.get_token(app, order)
    registration = Registration(order.biz_no, parts.clock(), issued.expires_at)
    await record_registration(
        parts.registrations, parts.looks, app.app_id, issued.biz_id, registration, actor=actor
    )
    if number is not None:
        with suppress(ServerAway):
            # The decision notes it as well.
            await parts.numbers.note(
                app.app_id, verification_id(app.app_id, issued.biz_id), number, at=registration.registered_at
            )
    log.info("verification.ordered", app_id=app.app_id, biz_id=issued.biz_id)
    return issued


def _limited_number(app: App, order: Order) -> str | None:
    """The ID number that the app limits. An encrypted one looks different each time, and is not counted."""
    is_plain = order.parameters.get("encryption_type", "0") == "0"
    return canonical(order.parameters.get("idcard_number")) if app.orders_of_number and is_plain else None


async def _check(app: App, number: str, numbers: NumberCounts, *, now: datetime) -> None:
    most = app.orders_of_number
    if await numbers.count(app.app_id, number, since=now - _DAY, most=most) >= most:
        raise TooManyOrders
