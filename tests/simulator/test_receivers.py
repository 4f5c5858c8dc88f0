"""Receivers of webhooks that answer as they are asked to."""

import pytest

from tests.simulator.conftest import Vendor


@pytest.mark.parametrize("status", [204, 503])
async def test_a_receiver_answers_the_status_of_its_path(vendor: Vendor, status: int) -> None:
    answer = await vendor.client.post(f"/simulator/receivers/{status}", json={"type": "endpoint.test"})
    assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("status", ["100", "600", "none"])
async def test_what_is_no_status_is_refused(vendor: Vendor, status: str) -> None:
    assert (await vendor.client.post(f"/simulator/receivers/{status}")).status_code == 422
