"""Wait for a registration if the app requires one at the time when the verification would be decided."""

from typing import Final

import structlog

from domain.apps.app import App
from domain.verifications.records import Case
from usecases.context import WorkerContext

_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


def awaits_registration(case: Case, app: App) -> bool:
    """Whether this worker's settings require a registration before the verification is decided."""
    return app.require_registration and case.registration is None and not case.is_decided


async def await_registration(context: WorkerContext, case: Case) -> None:
    """Hold the verification until it is registered, or until its app no longer requires that."""
    await context.held.await_registration(case.lease)
    log.info("verification.held", app_id=case.app_id, verification_id=str(case.verification_id))


async def release_held(context: WorkerContext) -> None:
    """Release held verifications whose app no longer requires a registration."""
    app_ids = [app_id for app_id, app in context.apps.items() if not app.require_registration]
    count = released = await context.held.release(app_ids, now=context.clock(), limit=_AT_ONCE)
    while released == _AT_ONCE:
        released = await context.held.release(app_ids, now=context.clock(), limit=_AT_ONCE)
        count += released
    if count:
        log.info("verifications.released", count=count)
