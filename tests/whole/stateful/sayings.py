"""What a callback or a result may say about a verification, as the bytes that the vendor signs."""

from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from domain.callback.payload import decode_payload
from domain.callback.signature import sign_data
from domain.errors import MalformedPayload, UndecodableCallback
from domain.model import Outcome
from domain.policy.decide import judge
from domain.policy.facts.facts import extract_facts
from simulator.messages.length_extension import extend
from tests.support.http.asgi import SECRET
from tests.support.payloads.callbacks import default_policy, dump, put
from tests.support.storage.stores import Json, payload


class Saying(StrEnum):
    """The status of a flow as the vendor reports it."""

    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STRANGE = "a status that is not documented"
    GOES_ON = "goes on"


ENDS: Final = [saying for saying in Saying if saying is not Saying.GOES_ON]


class Spoiling(StrEnum):
    """How somebody without the secret makes a body of one that he has seen."""

    EXTENDED = "extended"
    FORGED = "forged"
    TWICE = "another data beside it"
    CUT = "cut off"


def said(saying: Saying, n: int, *, biz_no: str = "order-1") -> bytes:
    """The reports about verification `n`."""
    tree = payload(n, biz_no=biz_no)
    bodies: dict[Saying, Json] = {
        Saying.PASSED: tree,
        Saying.FAILED: put(payload(n, biz_no=biz_no), "verify_result.result_faceid.confidence", 41.2),
        Saying.CANCELLED: {"status": "CANCELLED", "biz_info": tree["biz_info"]},
        Saying.STRANGE: tree | {"status": "NEW"},
        Saying.GOES_ON: {"status": "PROCESSING", "biz_info": tree["biz_info"]},
    }
    return dump(bodies[saying])


def poison(n: int) -> bytes:
    """A genuine callback that nobody can understand."""
    return dump({"status": "OK", "n": n})


def spoilt(data: bytes, how: Spoiling) -> bytes:
    """The form of a body that nobody signed."""
    sign = sign_data(data, SECRET)
    if how is Spoiling.EXTENDED:
        made = extend(data, sign, b',"status":"OK"}', secret_length=len(SECRET))
        return urlencode({"data": made.data, "sign": made.sign}).encode()
    if how is Spoiling.FORGED:
        return urlencode({"data": data, "sign": sign_data(data, b"a guess")}).encode()
    if how is Spoiling.TWICE:
        return urlencode([("data", data), ("sign", sign), ("data", data.replace(b"41.2", b"91.2"))]).encode()
    return urlencode({"data": data[:-1], "sign": sign}).encode()


def passes(data: bytes) -> bool:
    """Whether this, genuine, is grounds for an approval."""
    try:
        return judge(extract_facts(decode_payload(data)), default_policy()).outcome is Outcome.APPROVED
    except (MalformedPayload, UndecodableCallback):
        return False
