"""Pictures from the vendor's answer to the file, to who may see them, and to nothing."""

import base64
from pathlib import Path

import pytest

from devstack.waiting import until
from domain.model import verification_id
from simulator.api.results import JPEG
from tests.whole.e2e.gateway import PATIENCE, Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = {"fields": ["images"], "reason": "ticket 4711"}


async def test_pictures_are_kept_shown_and_erased(gateway: Gateway, stack_folder: Path) -> None:
    biz_id = (await gateway.simulate("pass"))["biz_id"]
    assert (await gateway.decided(biz_id))["outcome"] == "approved"
    path = f"/v1/verifications/{biz_id}"
    mine = str(verification_id("demo", biz_id))

    def files() -> list[Path]:
        return [file for file in (stack_folder / "pictures").rglob("*") if file.name.startswith(mine)]

    assert len(files()) == 3
    assert not any(JPEG in file.read_bytes() for file in files())
    shown = (await gateway.api.post(f"{path}/identity", json=ASKED)).json()["images"]
    assert [each["name"] for each in shown] == ["image_idcard_back", "image_idcard_front", "image_best"]
    assert {each["data"] for each in shown} == {base64.b64encode(JPEG).decode()}

    receipt = await gateway.api.post(f"{path}/erasure", json={"reason": "asked to"})
    assert receipt.json()["places"]["pictures"] == 3, receipt.text

    async def gone() -> bool:
        return not files()

    await until(gone, patience=PATIENCE)
    assert (await gateway.api.post(f"{path}/identity", json=ASKED)).json()["images"] == []
