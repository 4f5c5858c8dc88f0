"""A worker reports the operators' events; an outage ends only one round."""

import asyncio
import json

from adapters.alerts.sinks import AlertSender
from adapters.store.events.alert_cursors import PgAlertCursors
from adapters.store.events.log import append
from adapters.store.events.reader import PgEvents
from adapters.tasks.background import end_tasks
from adapters.webhooks.sender import WebhookSender
from devstack.waiting import until
from domain.alerts.sink import AlertSink, SinkKind
from domain.events.event import EventType, NewEvent
from domain.webhooks.addresses import parse_allowed
from tests.support.servers.vendor import answers, serving
from tests.support.stores import NOW, Store
from usecases.alerts.report import AlertContext, report
from workers.alerting import keep_reporting

OK = answers(200, b'{"errcode": 0}')


async def test_an_event_of_the_log_reaches_the_robot(store: Store) -> None:
    async with serving(OK) as robot, WebhookSender(allowed=parse_allowed(["127.0.0.0/8"])) as post:
        context = AlertContext(
            sinks=[AlertSink("ops", SinkKind.WECOM, robot.url)],
            cursors=PgAlertCursors(store.engine),
            events=PgEvents(store.engine),
            alerts=AlertSender(post, clock=lambda: NOW),
            clock=lambda: NOW,
        )
        # The first round only begins the cursor.
        await report(context)
        detail = {"dead_letter_id": "1", "reason": "missing_biz_id"}
        async with store.engine.begin() as connection:
            await append(
                connection, [NewEvent(EventType.DEAD_LETTER_CREATED, NOW, app_id="demo", detail=detail)]
            )

        async def arrived() -> bool:
            return bool(robot.bodies)

        reporting = asyncio.create_task(keep_reporting(context))
        await until(arrived)
        await end_tasks(reporting)
    text = json.loads(robot.bodies[0])["text"]["content"]
    assert "dead_letter.created" in text
    assert "reason=missing_biz_id" in text
