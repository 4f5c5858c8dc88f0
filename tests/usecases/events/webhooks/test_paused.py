"""Endpoints of an app that the settings do not have: they wait, and go on when the app is back."""

from tests.support.webhooks.hooks import Hooks


async def test_what_was_due_and_what_came_meanwhile_waits_for_the_app(hooks: Hooks) -> None:
    await hooks.endpoint()
    first = await hooks.event(1)
    await hooks.fan_out()
    without = hooks.sender(apps={"other"})
    await hooks.run(without)
    second = await hooks.event(1)
    await hooks.run(without)
    assert hooks.receiver.sent == []
    assert await hooks.states() == [("pending", None)] * 2
    assert await hooks.health() == ("enabled", None, 0)
    await hooks.run()
    assert hooks.receiver.seqs() == [first, second]


async def test_another_app_is_served_meanwhile(hooks: Hooks) -> None:
    await hooks.endpoint(1)
    await hooks.endpoint(2, app_id="other")
    await hooks.event(1)
    served = await hooks.event(2, app_id="other")
    await hooks.run(hooks.sender(apps={"other"}))
    assert hooks.receiver.seqs() == [served]
