"""Compose the sender of webhooks and alerts, for workers that deliver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from adapters.outbound.alerts.sinks import AlertSender
from adapters.outbound.webhooks.sender import TIMEOUT, WebhookSender
from adapters.outbound.webhooks.signing_keys import open_key
from adapters.processes.process import ProcessContext
from adapters.redis.event_hints import EventHints
from adapters.settings.settings import Settings
from adapters.store.events.alert_cursors import PgAlertCursors
from adapters.store.events.reader import PgEvents
from adapters.store.webhooks.deliveries import PgDeliveries, PgReceivers
from adapters.store.webhooks.endpoints import PgEndpoints
from adapters.tasks.background import end_tasks
from domain.events.webhooks.addresses import parse_allowed
from usecases.events.report_alerts import AlertContext
from usecases.events.webhooks.sending import SenderContext
from usecases.process.crash_points import crash_point_wanted, deadly
from workers.alerting import keep_reporting
from workers.delivering import Delivering

_WRITTEN_WITHIN: Final = timedelta(seconds=5)
"""Behind the time-out of an attempt, until its end is written."""


@asynccontextmanager
async def running_delivery(settings: Settings, process: ProcessContext) -> AsyncIterator[Delivering]:
    """Deliver webhooks and report to people during the block. At its end, attempts under way have their time
    to finish.
    """
    allowed = parse_allowed(settings.webhook_allow)
    async with WebhookSender(allowed=allowed, proxy=settings.webhook_proxy) as sender:
        context = SenderContext(
            deliveries=PgDeliveries(process.engine),
            receivers=PgReceivers(PgEndpoints(process.engine, keys=process.keys)),
            post=sender,
            open_key=open_key,
            apps=settings.domain_apps().keys(),
            lease=max(timedelta(seconds=settings.sweep_after), TIMEOUT + _WRITTEN_WITHIN),
            clock=process.clock,
            reached=deadly(crash_point_wanted()),
        )
        delivering = Delivering(context)
        hints = EventHints(process.redis, names=process.names)
        beside = (hints.listen(delivering.wake), keep_reporting(_alerts(settings, process, sender)))
        running, *others = [asyncio.create_task(each) for each in (delivering.run(), *beside)]
        try:
            yield delivering
        finally:
            delivering.stop()
            await delivering.end(grace=(TIMEOUT + _WRITTEN_WITHIN).total_seconds())
            await end_tasks(running, *others)


def _alerts(settings: Settings, process: ProcessContext, sender: WebhookSender) -> AlertContext:
    return AlertContext(
        sinks=settings.alert_sinks(),
        cursors=PgAlertCursors(process.engine),
        events=PgEvents(process.engine),
        alerts=AlertSender(sender, clock=process.clock),
        clock=process.clock,
    )
