"""The machines notice what they are there to notice: without fences two stories end badly, with them well."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.verifications.lease import Lease
from tests.support.memory.servers import MemoryDatabase, Verification
from tests.whole.stateful.machines import Gateway
from tests.whole.stateful.sayings import Saying

DEMO = ("demo", 1)


class UnfencedDatabase(MemoryDatabase):
    """Every worker may write, with or without the lease."""

    def leased(self, lease: Lease) -> Verification | None:
        return self.verifications.get(lease.verification_id)


class UnfencedGateway(Gateway):
    database = UnfencedDatabase


def work_until(gateway: Gateway, reached: Callable[[], bool]) -> None:
    """A worker takes a message, and stops when it has come so far."""
    gateway.worker_takes_a_message(1, 0)
    while not reached():
        gateway.worker_goes_on(0, 1, 0)


def sleep_past_the_decision(gateway: Gateway) -> None:
    """A worker sleeps for a day before it reserves a call; meanwhile another one decides without any."""
    gateway.callback(DEMO, Saying.PASSED, "order-1", "notify")
    work_until(gateway, lambda: not gateway.world.redis.batches)
    gateway.world.clock.step(timedelta(hours=25))
    gateway.worker_sweeps("settle_due", 99, 0)
    gateway.what_is_promised_holds()
    gateway.worker_goes_on(0, 99, 0)
    gateway.what_is_promised_holds()


def register_another_order_meanwhile(gateway: Gateway) -> None:
    """A worker is about to approve when the app says which order it was about: another one."""
    gateway.callback(DEMO, Saying.PASSED, "order-1", "notify")
    work_until(gateway, lambda: any(call.end for call in gateway.world.database.pulls.values()))
    gateway.register(DEMO, "order-2")
    gateway.what_is_promised_holds()
    gateway.worker_goes_on(0, 99, 0)
    gateway.what_is_promised_holds()


Story = Callable[[Gateway], None]
STORIES: list[tuple[Story, str]] = [
    (sleep_past_the_decision, "what is decided is asked for on request alone"),
    (register_another_order_meanwhile, "it is about the registered order"),
]


@pytest.mark.parametrize("story", [story for story, _ in STORIES])
def test_with_fences_it_ends_well(story: Story) -> None:
    gateway = Gateway()
    story(gateway)
    gateway.teardown()


@pytest.mark.parametrize(("story", "broken"), STORIES)
def test_without_fences_it_is_noticed(story: Story, broken: str) -> None:
    gateway = UnfencedGateway()
    with pytest.raises(AssertionError, match=broken):
        story(gateway)
    gateway.runner.close()
