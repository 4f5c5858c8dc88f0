"""A worker that delivers reports the operators' events to people."""

import json
from datetime import timedelta

from adapters.outbound.alerts.settings import AlertSettings
from adapters.processes.process import ProcessContext
from adapters.redis.names import DEFAULT_NAMES
from adapters.settings.settings import Settings
from adapters.store.events.alert_cursors import PgAlertCursors
from adapters.store.events.log import append
from devstack.waiting import until
from domain.events.event import EventType, NewEvent
from tests.support.servers.vendor import answers, serving
from tests.support.storage.stores import NOW, Store
from workers.sender import running_delivery

LETTER = NewEvent(
    EventType.DEAD_LETTER_CREATED,
    NOW,
    app_id="demo",
    detail={"dead_letter_id": "1", "reason": "missing_biz_id"},
)


def reporting_to(url: str) -> Settings:
    sink = AlertSettings.model_validate({"kind": "wecom", "url": url})
    return Settings.model_construct(
        alerts={"ops": sink}, apps={}, webhook_allow=["127.0.0.0/8"], webhook_proxy=None, sweep_after=60
    )


async def test_an_event_of_the_log_reaches_the_robot(store: Store, redis_url: str, database_url: str) -> None:
    process = ProcessContext(
        redis_url=redis_url,
        database_url=database_url,
        master_keys=[b"k" * 32],
        names=DEFAULT_NAMES,
        timeout=timedelta(seconds=5),
    )
    cursors = PgAlertCursors(store.engine)

    async def has_begun() -> bool:
        return bool(await cursors.due(["ops"], now=process.clock()))

    async with serving(answers(200, b'{"errcode": 0}')) as robot, process:

        async def has_arrived() -> bool:
            return bool(robot.bodies)

        async with running_delivery(reporting_to(robot.url), process):
            await until(has_begun)
            async with store.engine.begin() as connection:
                await append(connection, [LETTER])
            await until(has_arrived)
    text = json.loads(robot.bodies[0])["text"]["content"]
    assert "dead_letter.created" in text
    assert "reason=missing_biz_id" in text
