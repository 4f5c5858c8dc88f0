"""Wait for a registration: the app's setting is read at the moment when the verification would be decided."""

from typing import Final

import structlog

from domain.apps.app import App
from domain.records import Case
from usecases.context import WorkerContext

_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


def awaits_registration(case: Case, app: App) -> bool:
    """Whether a verification must not be decided yet, by the settings of the worker that would decide it."""
    return app.require_registration and case.registration is None and not case.is_decided


async def await_registration(context: WorkerContext, case: Case) -> None:
    """Leave the verification until somebody registers it, or its app requires that no longer."""
    await context.held.await_registration(case.lease)
    log.info("verification.held", app_id=case.app_id, verification_id=str(case.verification_id))


async def release_held(context: WorkerContext) -> None:
    """Release what is held though its app requires no registration (any more)."""
    app_ids = [app_id for app_id, app in context.apps.items() if not app.require_registration]
    count = released = await context.held.release(app_ids, now=context.clock(), limit=_AT_ONCE)
    while released == _AT_ONCE:
        released = await context.held.release(app_ids, now=context.clock(), limit=_AT_ONCE)
        count += released
    if count:
        log.info("verifications.released", count=count)
