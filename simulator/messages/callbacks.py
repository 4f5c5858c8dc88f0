"""The vendor's messages as bytes: the callback's payload, signature and form, and the GET return address."""

import json
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from domain.callback.signature import sign_data
from simulator.book import Verification
from simulator.messages.length_extension import extend
from simulator.scenarios.payloads import Builder, Payload, Subject
from simulator.scenarios.table import SCRIPTS, Signing
from simulator.settings import SimulatedApp

_SUFFIX = b',"status":"OK"}'


class Callback(NamedTuple):
    """The two form fields; `data` is JSON text, or raw bytes after a length extension."""

    data: bytes
    sign: bytes

    @property
    def form(self) -> bytes:
        """The urlencoded body, which preserves every byte of `data`."""
        return urlencode({"data": self.data, "sign": self.sign}).encode()

    @property
    def fits_a_browser(self) -> bool:
        """Whether a browser can send it: a form is text, which loses an extended body's 0x80 and NULs."""
        return self.data.isascii()


def callback_of(verification: Verification) -> Callback:
    """The callback for notify and the POST return. The verification must have ended."""
    if verification.scenario is None:
        raise ValueError("the flow has not ended")
    script = SCRIPTS[verification.scenario]
    data = json.dumps(payload_of(verification, script.callback)).encode()
    return _signed(data, verification.app, script.signing)


def _signed(data: bytes, app: SimulatedApp, signing: Signing) -> Callback:
    secret = app.api_secret.encode()
    if signing is Signing.FORGED:
        return Callback(data, sign_data(data, b"a guess, not " + secret, hash_name=app.hash))
    sign = sign_data(data, secret, hash_name=app.hash)
    if signing is Signing.EXTENDED:
        return Callback(*extend(data, sign, _SUFFIX, secret_length=len(secret), hash_name=app.hash))
    return Callback(data, sign)


def payload_of(verification: Verification, builder: Builder | None) -> Payload:
    """`status`, `biz_info` and the blocks from `builder`; None for a flow that has not ended."""
    order = verification.order
    head: Payload = {
        "status": verification.status,
        "biz_info": {
            "biz_extra_data": order.biz_extra_data,
            "biz_id": verification.biz_id,
            "biz_no": order.biz_no,
        },
    }
    if builder is None or verification.ended_at is None:
        return head
    return head | builder(Subject(verification.identity, int(verification.ended_at.timestamp())))


def with_biz_id(return_url: str, biz_id: str) -> str:
    """`return_url` with `biz_id` in its query and the comma as %2C (callback page, 1.2).

    As in the page's three examples: after existing parameters, but before them if the address has a
    #fragment.
    """
    parts = urlsplit(return_url)
    queries = [parts.query, urlencode({"biz_id": biz_id})]
    if parts.fragment:
        queries.reverse()
    return urlunsplit(parts._replace(query="&".join(query for query in queries if query)))
