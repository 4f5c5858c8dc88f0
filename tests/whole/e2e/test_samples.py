"""The vendor's own samples, posted as they are."""

import json
from pathlib import Path

import pytest

from tests.whole.e2e.gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = Path(__file__).parents[2] / "support" / "samples"


async def test_the_captured_callback_is_accepted_as_it_is_and_decided(gateway: Gateway) -> None:
    # As `curl --data-binary @older_callback_body.txt` sends it, with the newline that ends the file.
    body = (SAMPLES / "older_callback_body.txt").read_bytes()
    assert body.endswith(b"\n")
    answer = await gateway.post(body, app_id="sample")
    assert (answer.status_code, answer.json()) == (200, {"status": "accepted"})

    biz_id = "1469257536,9a135c16-51ac-4971-87b7-1c98fc6d11cd"
    verification = await gateway.decided(biz_id, app_id="sample")
    # An older product that sends no status: nothing says that the flow has ended, so nothing is pulled.
    assert verification["outcome"] == "review"
    assert [reason["code"] for reason in verification["reasons"]] == ["flow.unknown_status"]
    assert verification["pulls"]["used"] == 0


async def test_the_example_of_the_callback_page_is_no_pass(gateway: Gateway) -> None:
    example = json.loads((SAMPLES / "callback_with_attack.json").read_bytes())
    assert (await gateway.post(gateway.form(example))).status_code == 200

    verification = await gateway.decided(example["biz_info"]["biz_id"])
    assert verification["outcome"] in {"rejected", "review"}
    reasons = {reason["code"]: reason["detail"] for reason in verification["reasons"]}
    assert reasons["attack.synthetic_face"] == "0.88 > 0.5"
