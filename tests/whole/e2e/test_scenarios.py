"""Every scenario of the simulator, through every process, ends as it must."""

import pytest

from cli.commands.processes.demo import EXPECTED, Expectation, Observation, as_expected
from tests.whole.e2e.gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_scenario_ends_as_the_demo_expects(observed: list[Observation]) -> None:
    wrong = [(e, o) for e, o in zip(EXPECTED, observed, strict=True) if not as_expected(e, o)]
    assert wrong == []


async def test_the_demo_would_notice_a_wrong_outcome(observed: list[Observation]) -> None:
    passed = observed[0]
    assert not as_expected(Expectation("pass", "rejected"), passed)
    assert not as_expected(Expectation("pass", "approved", "attack.mask"), passed)
    assert not as_expected(Expectation("pass", "approved", refused=401), passed)


async def test_a_confirmed_decision_spends_one_call_and_fills_the_timeline(gateway: Gateway) -> None:
    biz_id = (await gateway.simulate("pass", idcard_name="王小明", biz_no="order-1"))["biz_id"]
    verification = await gateway.decided(biz_id)
    assert verification["basis"] == "confirmed"
    assert verification["biz_no"] == "order-1"
    assert verification["pulls"]["used"] == 1
    assert verification["identity"]["name"] == "王**"
    assert await gateway.calls(biz_id) == 1
    assert await gateway.timeline(biz_id) == ["callback.received", "pull.finished", "decision.saved"]
