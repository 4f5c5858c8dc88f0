"""Order a verification: get a token from the vendor for the app's own addresses, and register it."""

from collections.abc import Callable
from datetime import datetime

import structlog

from domain.apps.app import App
from domain.errors import AppNotConfigured
from domain.orders.order import IssuedToken, Order
from domain.orders.registration import Registration
from usecases.ports.pulls import TokenIssuer
from usecases.ports.recording import Registrations
from usecases.ports.schedule import Looks
from usecases.requests.register_verification import record_registration

log = structlog.get_logger(__name__)


async def order_and_register(
    app: App,
    order: Order,
    *,
    issuer: TokenIssuer,
    registrations: Registrations,
    looks: Looks,
    clock: Callable[[], datetime],
) -> IssuedToken:
    """Each call orders a new verification. The vendor requires a biz_no that it has not seen before.

    Raises:
        AppNotConfigured: the app has no notify_url or no return_url.
        VendorRefused, VendorUnavailable: the vendor issued no token.
        RegistrationConflict, BrokenSeal, ServerAway: the token was issued, but the verification is not
        registered.
    """
    if app.notify_url is None or app.return_url is None:
        raise AppNotConfigured
    issued = await issuer.get_token(app, order)
    registration = Registration(order.biz_no, clock(), issued.expires_at)
    await record_registration(registrations, looks, app.app_id, issued.biz_id, registration)
    log.info("verification.ordered", app_id=app.app_id, biz_id=issued.biz_id)
    return issued
