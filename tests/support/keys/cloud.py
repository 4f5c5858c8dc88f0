"""AWS KMS and Alibaba Cloud KMS. Both compute the signature again, from the bytes that arrived."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from domain.errors import BrokenSeal
from tests.support.keys.server import Keys, Refused, Reply, Request

ID, SECRET, REGION = "AKIDEXAMPLE", "canary/secret+key", "cn-hangzhou"


class CloudKms:
    """What both have in common: keys with ids, whose deletion is scheduled."""

    def __init__(self) -> None:
        self.keys = Keys()

    def act(self, action: str, asked: dict[str, Any]) -> dict[str, object]:
        """Do what an action asks. Raises Refused."""
        actions: dict[str, Callable[[dict[str, Any]], dict[str, object]]] = {
            "CreateKey": lambda _: {"KeyMetadata": {"KeyId": self.keys.create()}},
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "ScheduleKeyDeletion": self._schedule,
        }
        return actions[action](asked)

    def _encrypt(self, asked: dict[str, Any]) -> dict[str, object]:
        name = self._usable(asked["KeyId"])
        sealed = self.keys.encrypt(name, base64.b64decode(asked["Plaintext"]), _context(asked))
        blob = base64.b64encode(name.encode() + b" " + sealed).decode()
        return {"CiphertextBlob": blob, "KeyId": name}

    def _decrypt(self, asked: dict[str, Any]) -> dict[str, object]:
        name, _, sealed = base64.b64decode(asked["CiphertextBlob"]).partition(b" ")
        plaintext = self.keys.decrypt(self._usable(name.decode()), sealed, _context(asked))
        return {"Plaintext": base64.b64encode(plaintext).decode(), "KeyId": name.decode()}

    def _schedule(self, asked: dict[str, Any]) -> dict[str, object]:
        assert 7 <= int(asked["PendingWindowInDays"]) <= 30
        self.keys.pending.add(self._usable(asked["KeyId"]))
        return {}

    def _usable(self, name: str) -> str:
        if not self.keys.has(name):
            raise Refused(404, "missing")
        if name in self.keys.pending:
            raise Refused(409, "pending")
        return name


class AwsKms(CloudKms):
    """The JSON protocol of AWS, with Signature Version 4."""

    CODES: ClassVar = {"missing": "NotFoundException", "pending": "KMSInvalidStateException"}

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        if not _aws_signature_is_right(request):
            return Reply(400, {"__type": "InvalidSignatureException"})
        action = request.headers["x-amz-target"].removeprefix("TrentService.")
        try:
            return Reply(200, self.act(action, json.loads(request.body)))
        except Refused as error:
            reason = {"__type": self.CODES[error.code], "message": f"the key is {error.code} deletion."}
            return Reply(400, reason)
        except BrokenSeal:
            return Reply(400, {"__type": "InvalidCiphertextException"})


class AliyunKms(CloudKms):
    """The RPC style of Alibaba Cloud, with signature V3."""

    CODES: ClassVar = {"missing": "Forbidden.KeyNotFound", "pending": "Rejected.PendingDeletion"}

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        if not _aliyun_signature_is_right(request):
            return Reply(400, {"Code": "SignatureDoesNotMatch"})
        assert request.headers["x-acs-version"] == "2016-01-20"
        try:
            return Reply(200, self.act(request.headers["x-acs-action"], dict(parse_qsl(request.query))))
        except Refused as error:
            return Reply(error.status, {"Code": self.CODES[error.code]})
        except BrokenSeal:
            return Reply(400, {"Code": "InvalidParameter"})


def _context(asked: dict[str, Any]) -> str:
    context = asked["EncryptionContext"]
    return json.dumps(context if isinstance(context, dict) else json.loads(context))


def _aws_signature_is_right(request: Request) -> bool:
    """Signature Version 4, from its specification."""
    given = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/kms/aws4_request, "
        r"SignedHeaders=([\w;-]+), Signature=(\w{64})",
        request.headers.get("authorization", ""),
    )
    if given is None or given[1] != ID:
        return False
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in given[4].split(";"))
    canonical = f"{request.method}\n/\n\n{lines}\n{given[4]}\n{hashlib.sha256(request.body).hexdigest()}"
    scope = f"{given[2]}/{given[3]}/kms/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashed}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), given[5])


def _aliyun_signature_is_right(request: Request) -> bool:
    """ACS3-HMAC-SHA256, from its specification: every x-acs header is signed, and so is the host."""
    given = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=(\w+),SignedHeaders=([\w;-]+),Signature=(\w{64})",
        request.headers.get("authorization", ""),
    )
    if given is None or given[1] != ID:
        return False
    signed = given[2].split(";")
    needed = {name for name in request.headers if name.startswith("x-acs-")} | {"host"}
    body = hashlib.sha256(request.body).hexdigest()
    if (
        not needed <= set(signed)
        or signed != sorted(signed)
        or body != request.headers["x-acs-content-sha256"]
    ):
        return False
    pairs = sorted(parse_qsl(request.query, keep_blank_values=True))
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    canonical = f"{request.method}\n{request.path}\n{query}\n{lines}\n{given[2]}\n{body}"
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.compare_digest(hmac.digest(SECRET.encode(), text.encode(), "sha256").hex(), given[3])
