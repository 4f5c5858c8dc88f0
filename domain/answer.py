"""How a get_result call ended, whatever the vendor or the network did."""

import msgspec

from domain.budget import PullState


class Answer(msgspec.Struct, frozen=True):
    """`body` stands for HTTP 200 alone; `error` is a stable word; `retry`: asking again later may help."""

    state: PullState
    http_status: int | None = None
    error: str | None = None
    body: bytes | None = None
    retry: bool = False
