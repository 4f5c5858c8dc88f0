"""Whatever value of a payload is changed, a valid sign gets it a 200, and the very bytes are kept."""

from dataclasses import replace

import pytest

from service.ingress.main import create_app
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import FORM, send, signed
from tests.support.payloads.callbacks import dump
from tests.support.payloads.changes import changed_tree, changes_of, full_payload


async def test_any_change_is_accepted(intake: FakeIntake, request: pytest.FixtureRequest) -> None:
    ingress = create_app(replace(ingress_context(intake), max_body_bytes=2**18))
    count, seed = (request.config.getoption(f"--changes{part}") for part in ("", "-seed"))
    kept: set[bytes] = set()
    for change in changes_of(full_payload(), count=count, seed=seed):
        data = dump(changed_tree(full_payload(), change))
        reply = await send(ingress, "/callbacks/demo/notify", [signed(data)], headers={"content-type": FORM})
        assert (reply.status, reply.body) == (200, b'{"status":"accepted"}'), change
        kept |= {taken.data for taken in intake.accepted}
        intake.accepted.clear()
        assert data in kept, change
