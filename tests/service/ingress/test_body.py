"""Bodies that strangers send: capped while they arrive, whatever they declare."""

import pytest
from fastapi import FastAPI

from tests.service.conftest import MAX_BODY, FakeIntake
from tests.support.http.asgi import FORM, GONE, LATE, SILENCE, Reply, send, signed
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import payload

BODY = signed(dump(payload()))
KINDS = ["notify", "return"]


async def post(ingress: FastAPI, *pieces: bytes | str, kind: str = "notify", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await send(ingress, f"/callbacks/demo/{kind}", pieces, headers={"content-type": FORM} | named)


def padded(size: int) -> bytes:
    """A valid form of exactly `size` bytes."""
    return BODY + b"&pad=" + b"x" * (size - len(BODY) - 5)


async def test_a_body_in_many_pieces_is_one_body(ingress: FastAPI, intake: FakeIntake) -> None:
    pieces = [BODY[at : at + 7] for at in range(0, len(BODY), 7)]
    assert (await post(ingress, b"", *pieces, b"")).status == 200
    assert intake.accepted[0].data == dump(payload())


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413)])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_the_cap_is_exact(ingress: FastAPI, size: int, status: int, declared: bool) -> None:
    headers = {"content_length": str(size)} if declared else {}
    body = padded(size)
    assert (await post(ingress, body[:5000], body[5000:], **headers)).status == status


async def test_a_declared_giant_is_refused_unread(ingress: FastAPI) -> None:
    reply = await post(ingress, SILENCE, content_length=str(MAX_BODY + 1))
    assert reply.status == 413


@pytest.mark.parametrize("declared", ["0", "10", "-5", "abc", "", "9" * 5000, "٣", "0" * 30 + "5"])
async def test_a_declared_length_need_not_be_true(
    ingress: FastAPI, intake: FakeIntake, declared: str
) -> None:
    reply = await post(ingress, b"x" * (MAX_BODY + 1), content_length=declared)
    assert reply.status == 413
    assert intake.accepted == []


async def test_an_endless_body_is_cut_off_at_the_cap(ingress: FastAPI) -> None:
    reply = await post(ingress, *(b"x" * 1000 for _ in range(100_000)))
    assert reply.status == 413


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [[LATE], [BODY[:50], LATE]], ids=["nothing", "half"])
async def test_a_body_that_is_late_is_refused(
    ingress: FastAPI, intake: FakeIntake, kind: str, pieces: list[bytes | str]
) -> None:
    reply = await post(ingress, *pieces, b"", kind=kind)
    assert reply.status == 408
    assert intake.accepted == []
    if kind == "notify":
        assert reply.json()["code"] == "request_timeout"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [[GONE], [BODY[:50], GONE], [BODY, GONE]], ids=["at once", "half", "late"])
async def test_a_disconnected_sender_is_not_an_error(
    ingress: FastAPI, intake: FakeIntake, kind: str, pieces: list[bytes | str]
) -> None:
    reply = await post(ingress, *pieces, b"", kind=kind)
    assert reply == Reply(), "nothing was answered"
    assert intake.accepted == [], "and nothing kept"
