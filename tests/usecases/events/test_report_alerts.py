"""Every event reaches every sink at least once, in few messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import pytest

from domain.errors import CursorExpired, ServerAway
from domain.events.alerts.sink import BLOCKED_FOR, SPACING, AlertCursor, AlertSink, Message, Sent, SinkKind
from domain.events.event import Event, EventType
from domain.views.events import EventFilter, EventPage
from tests.support.webhooks.events import AT, operators_event
from usecases.events.report_alerts import LEASE, AlertContext, report

OPS = AlertSink("ops", SinkKind.DINGTALK, "https://robot.example")
DEV = AlertSink(
    "dev", SinkKind.FEISHU, "https://bot.example", types=frozenset({EventType.DEAD_LETTER_CREATED})
)


@dataclass
class World:
    """The log, the cursors and the sinks, in memory."""

    log: list[Event] = field(default_factory=list)
    deleted_to: int = 0
    cursors: dict[str, tuple[AlertCursor, datetime]] = field(default_factory=dict)
    answers: list[Sent] = field(default_factory=list)
    messages: list[tuple[str, Message]] = field(default_factory=list)
    now: datetime = AT
    is_away: bool = False

    async def page(self, which: EventFilter, *, after: int, limit: int) -> EventPage:
        if 0 < after < self.deleted_to:
            raise CursorExpired(self.deleted_to)
        found = [event for event in self.log if event.seq > after and which.passes(event)][:limit]
        return EventPage(found, found[-1].seq if found else after)

    async def newest(self) -> int:
        return self.log[-1].seq

    async def due(self, names: Collection[str], *, now: datetime) -> Sequence[AlertCursor]:
        return [self.cursors[name][0] for name in names if self.cursors[name][1] <= now]

    async def claim(self, cursor: AlertCursor, *, until: datetime) -> AlertCursor | None:
        if self.cursors[cursor.name][0].fence != cursor.fence:
            return None
        claimed = msgspec.structs.replace(cursor, fence=cursor.fence + 1)
        self.cursors[cursor.name] = (claimed, until)
        return claimed

    async def finish(self, cursor: AlertCursor, *, due_at: datetime) -> bool:
        if self.is_away:
            raise ServerAway
        self.cursors[cursor.name] = (cursor, due_at)
        return True

    async def send(self, sink: AlertSink, message: Message) -> Sent:
        self.messages.append((sink.name, message))
        return self.answers.pop(0) if self.answers else Sent()

    def context(self, *sinks: AlertSink) -> AlertContext:
        for sink in sinks:
            self.cursors.setdefault(sink.name, (AlertCursor(sink.name, 0), self.now))
        return AlertContext(sinks, self, self, self, lambda: self.now)


@pytest.fixture
def world() -> World:
    return World(log=[operators_event(seq=1), operators_event(EventType.DEAD_LETTER_CREATED, seq=2)])


async def test_a_sink_gets_the_events_of_its_types_in_one_message(world: World) -> None:
    await report(world.context(OPS, DEV))
    assert [(name, [event.seq for event in message.events]) for name, message in world.messages] == [
        ("ops", [1, 2]),
        ("dev", [2]),
    ]
    assert "endpoint.disabled" in world.messages[0][1].text


async def test_without_news_nothing_is_sent_or_claimed(world: World) -> None:
    world.log.clear()
    await report(world.context(OPS))
    assert world.messages == []
    assert world.cursors["ops"][0].fence == 0


async def test_an_event_is_sent_once_if_the_sink_takes_it(world: World) -> None:
    context = world.context(OPS)
    await report(context)
    world.now += timedelta(hours=1)
    await report(context)
    assert len(world.messages) == 1


async def test_events_that_follow_closely_wait_for_the_next_message(world: World) -> None:
    context = world.context(OPS)
    await report(context)
    world.log += [operators_event(seq=3), operators_event(seq=4)]
    await report(context)
    assert len(world.messages) == 1
    world.now += SPACING[SinkKind.DINGTALK]
    await report(context)
    assert [event.seq for event in world.messages[1][1].events] == [3, 4]


async def test_a_failed_message_is_sent_again_with_what_came_since(world: World) -> None:
    world.answers = [Sent("timeout"), Sent("code_130101", is_throttled=True)]
    context = world.context(OPS)
    await report(context)
    assert world.cursors["ops"] == (AlertCursor("ops", 0, 1, 1), AT + timedelta(seconds=5))
    world.now = AT + timedelta(seconds=5)
    await report(context)
    assert world.cursors["ops"][1] == world.now + BLOCKED_FOR
    world.log.append(operators_event(seq=3))
    world.now += BLOCKED_FOR
    await report(context)
    assert [[event.seq for event in message.events] for _, message in world.messages] == [
        [1, 2],
        [1, 2],
        [1, 2, 3],
    ]
    assert world.cursors["ops"][0] == AlertCursor("ops", 3, 0, 3)


async def test_a_message_whose_end_is_not_written_is_sent_again(world: World) -> None:
    context = world.context(OPS)
    world.is_away = True
    with pytest.raises(ServerAway):
        await report(context)
    world.is_away = False
    await report(context)
    assert len(world.messages) == 1
    world.now += LEASE
    await report(context)
    assert [[event.seq for event in message.events] for _, message in world.messages] == [[1, 2], [1, 2]]


async def test_a_cursor_behind_the_kept_events_goes_on_with_the_oldest(world: World) -> None:
    world.cursors["ops"] = (AlertCursor("ops", 1), AT)
    world.deleted_to = 5
    world.log = [operators_event(seq=6)]
    await report(world.context(OPS))
    assert [event.seq for event in world.messages[0][1].events] == [6]


async def test_a_worker_that_another_one_has_overtaken_sends_nothing(world: World) -> None:
    class Overtaken(World):
        async def claim(self, cursor: AlertCursor, *, until: datetime) -> AlertCursor | None:
            assert await super().claim(cursor, until=until)
            return await super().claim(cursor, until=until)

    overtaken = Overtaken(log=world.log)
    await report(overtaken.context(OPS))
    assert overtaken.messages == []
