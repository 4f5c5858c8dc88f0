"""Endpoints get a secret that is shown once, are changed in part, rotated, and logged with the actor."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import structlog

from domain.errors import NoSuchEndpoint
from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings, EndpointState
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.signing import SigningSecret
from domain.events.webhooks.way import Way
from domain.people.actor import Actor
from tests.support.memory.events.endpoints import MemoryEndpoints
from tests.support.memory.servers import MemoryDatabase
from tests.support.storage.stores import Clock
from usecases.events.webhooks.manage_endpoints import Changes, EndpointDesk

OPS = Actor.command("ops")
MINE = ["demo"]
URL = "https://shop.example/hook?token=canary"
HOUR = timedelta(hours=1)


class NumberedSecrets:
    """`whsec_1`, `whsec_2`, …"""

    def __init__(self) -> None:
        self._made = 0

    def secret(self) -> str:
        self._made += 1
        return f"whsec_{self._made}"

    def key(self) -> tuple[bytes, str]:
        self._made += 1
        return b"seed %d" % self._made, f"whpk_{self._made}"


@dataclass
class NotedWays:
    """Notes what was checked, and refuses it if told."""

    checked: list[Way] = field(default_factory=list)
    refuses: bool = False

    async def check(self, way: Way) -> None:
        self.checked.append(way)
        if self.refuses:
            raise EndpointRefused(Mistake.ADDRESS_REFUSED)


class Office(EndpointDesk):
    """A desk over endpoints in memory."""

    def __init__(self) -> None:
        self.ways, self.clock = NotedWays(), Clock()
        self.endpoints = MemoryEndpoints(MemoryDatabase())
        super().__init__(self.endpoints, ways=self.ways, secrets=NumberedSecrets(), limit=2, clock=self.clock)

    async def one(self, *, app_id: str = "demo", **extra: Any) -> Endpoint:
        settings = EndpointSettings(url=URL)
        return (await self.create(app_id, settings, extra=Changes(**extra), actor=OPS)).endpoint

    async def changed(self, endpoint: Endpoint, **changes: Any) -> Endpoint:
        return await self.change(endpoint.id, MINE, Changes(**changes), actor=OPS)


def private_of(endpoint: Endpoint) -> EndpointPrivate:
    assert endpoint.private is not None
    return endpoint.private


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_a_new_endpoint_has_a_secret_and_no_key(office: Office) -> None:
    shown = await office.create("demo", EndpointSettings(url=URL), actor=OPS)
    assert shown.secret == "whsec_1"
    assert private_of(shown.endpoint) == EndpointPrivate(secrets=(SigningSecret("whsec_1"),))
    assert await office.find(shown.endpoint.id, MINE) == shown.endpoint
    assert office.ways.checked == [Way(URL)]


async def test_headers_tls_and_a_key_come_with_it(office: Office) -> None:
    made = await office.one(headers={"x-a": "1"}, tls={"ca": "CA"}, ed25519=True)
    assert private_of(made).headers == (("x-a", "1"),)
    assert private_of(made).ca == "CA"
    assert [key.public for key in private_of(made).keys] == ["whpk_2"]


async def test_an_app_may_have_only_so_many(office: Office) -> None:
    for _ in range(2):
        await office.one()
    with pytest.raises(EndpointRefused) as refused:
        await office.one()
    assert refused.value.code == Mistake.TOO_MANY_ENDPOINTS
    await office.one(app_id="other")


@pytest.mark.parametrize(
    ("extra", "mistake"),
    [
        ({"settings": {"url": "ftp://x"}}, Mistake.URL_NOT_HTTP),
        ({"settings": {"types": ("nothing",)}}, Mistake.UNKNOWN_EVENT_TYPE),
        ({"headers": {"host": "x"}}, Mistake.HEADER_RESERVED),
        ({"headers": {"x": "\n"}}, Mistake.HEADER_INVALID),
    ],
)
async def test_a_mistake_creates_and_changes_nothing(
    extra: dict[str, Any], mistake: Mistake, office: Office
) -> None:
    with pytest.raises(EndpointRefused) as refused:
        await office.one(**extra)
    assert refused.value.code == mistake
    assert await office.endpoints.page(None, limit=9) == []
    made = await office.one()
    with pytest.raises(EndpointRefused) as refused:
        await office.changed(made, **extra)
    assert refused.value.code == mistake
    assert await office.find(made.id, MINE) == made


async def test_an_address_that_is_refused_creates_and_changes_nothing(office: Office) -> None:
    made = await office.one()
    office.ways.refuses = True
    with pytest.raises(EndpointRefused):
        await office.one()
    with pytest.raises(EndpointRefused):
        await office.changed(made, settings={"url": "https://other.example/"})
    assert await office.endpoints.page(None, limit=9) == [made]


async def test_a_change_replaces_only_what_it_names(office: Office) -> None:
    made = await office.one(headers={"x-a": "1", "x-b": "2"}, tls={"ca": "CA"})
    changed = await office.changed(
        made, settings={"max_in_flight": 3}, headers={"x-a": None, "x-c": "3"}, tls={"ca": None}
    )
    assert (changed.settings.url, changed.settings.max_in_flight) == (URL, 3)
    assert private_of(changed).headers == (("x-b", "2"), ("x-c", "3"))
    assert private_of(changed).ca is None
    assert private_of(changed).secrets == private_of(made).secrets


async def test_a_change_of_anything_but_the_way_asks_no_network(office: Office) -> None:
    made = await office.one()
    office.ways.refuses = True
    await office.changed(made, settings={"types": ("verification.*",)})
    assert len(office.ways.checked) == 1


async def test_a_key_can_be_added_and_removed(office: Office) -> None:
    made = await office.one()
    with_key = await office.changed(made, ed25519=True)
    assert len(private_of(with_key).keys) == 1
    assert private_of(await office.changed(made, ed25519=True)).keys == private_of(with_key).keys
    assert private_of(await office.changed(made, ed25519=False)).keys == ()


async def test_a_rotation_keeps_the_earlier_secret_for_a_while(office: Office) -> None:
    made = await office.one(ed25519=True)
    shown = await office.rotate(made.id, MINE, overlap=HOUR, actor=OPS)
    end = office.clock() + HOUR
    assert [(each.text, each.until) for each in private_of(shown.endpoint).secrets] == [
        (shown.secret, None), ("whsec_1", end),
    ]  # fmt: skip
    assert [each.until for each in private_of(shown.endpoint).keys] == [None, end]
    assert await office.find(made.id, MINE) == shown.endpoint


async def test_a_leaked_secret_can_end_at_once_however_many_there_are(office: Office) -> None:
    made = await office.one()
    for _ in range(4):
        await office.rotate(made.id, MINE, overlap=HOUR, actor=OPS)
    with pytest.raises(EndpointRefused) as refused:
        await office.rotate(made.id, MINE, overlap=HOUR, actor=OPS)
    assert refused.value.code == Mistake.TOO_MANY_SECRETS
    shown = await office.rotate(made.id, MINE, overlap=timedelta(0), actor=OPS)
    assert [each.text for each in private_of(shown.endpoint).secrets] == [shown.secret]


async def test_an_endpoint_is_disabled_by_hand_and_enabled_again(office: Office) -> None:
    made = await office.one()
    disabled = await office.disable(made.id, MINE, actor=OPS)
    assert (disabled.state, disabled.disabled_reason) == (EndpointState.DISABLED, "by_hand")
    assert (await office.enable(made.id, MINE, actor=OPS)).state is EndpointState.ENABLED


async def test_what_another_app_has_does_not_exist(office: Office) -> None:
    made, others = await office.one(), ["other"]
    changes = Changes(settings={"max_in_flight": 1})
    for refused in (
        office.find(made.id, others),
        office.change(made.id, others, changes, actor=OPS),
        office.rotate(made.id, others, overlap=HOUR, actor=OPS),
        office.enable(made.id, others, actor=OPS),
        office.disable(made.id, others, actor=OPS),
        office.delete(made.id, others, actor=OPS),
        office.find(uuid4(), MINE),
    ):
        with pytest.raises(NoSuchEndpoint):
            await refused
    assert await office.find(made.id, MINE) == made


async def test_the_log_has_the_actor_and_nothing_secret(office: Office, lines: list[Any]) -> None:
    made = await office.one(headers={"x-a": "canary"}, tls={"ca": "canary"})
    await office.changed(made, settings={"url": URL + "2"})
    await office.rotate(made.id, MINE, overlap=HOUR, actor=OPS)
    await office.disable(made.id, MINE, actor=OPS)
    await office.enable(made.id, MINE, actor=OPS)
    await office.delete(made.id, MINE, actor=OPS)
    who = {"app_id": "demo", "endpoint_id": str(made.id), "actor": "command:ops", "log_level": "info"}
    names = ("created", "changed", "secret_rotated", "disabled", "enabled", "deleted")
    assert lines == [{"event": f"endpoint.{name}"} | who for name in names]
