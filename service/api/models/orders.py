"""Orders and registrations as pydantic models. Every field is bounded, and no error repeats its input.

The optional parameters are get_token's own (docs/protocol.md, 5), under the vendor's names.
"""

import base64
import binascii
import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from domain.apps.order import MAX_BIZ_NO, MAX_EXTRA_DATA, Order
from service.api.models.verifications import EXAMPLE, UtcTime

MAX_PICTURE: Final = 2 * 1024 * 1024
MAX_ORDER: Final = 9 * 1024 * 1024
"""Bytes of a whole request, with three pictures in base64; no other request is larger."""

MAX_EXTRA: Final = 32

_PARAMETER_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PICTURES: Final = ("image_ref1", "image_ref2", "image_ref3")
_OURS: Final = frozenset({"api_key", "api_secret", "return_url", "notify_url"})


def _at_most(limit: int) -> AfterValidator:
    """No more than `limit` bytes of UTF-8, and none of them NUL, which PostgreSQL cannot store."""

    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if len(text.encode()) > limit:
            raise PydanticCustomError("too_many_bytes", "longer than {limit} bytes", {"limit": limit})
        if "\0" in text:
            raise PydanticCustomError("nul_character", "holds a NUL character")
        return value

    return AfterValidator(check)


def _decode_picture(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > MAX_PICTURE * 4 // 3 + 4:
        raise PydanticCustomError("picture", "base64 of at most {limit} bytes", {"limit": MAX_PICTURE})
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("picture", "not base64") from None
    if not 0 < len(content) <= MAX_PICTURE:
        raise PydanticCustomError("picture", "base64 of at most {limit} bytes", {"limit": MAX_PICTURE})
    return content


def _check_extra(value: object) -> object:
    """Check the whole object: pydantic's errors would name its keys, which are client input."""
    if not isinstance(value, dict) or len(value) > MAX_EXTRA:
        raise PydanticCustomError("extra", "an object of at most {limit} parameters", {"limit": MAX_EXTRA})
    for name, text in value.items():
        if not _PARAMETER_NAME.fullmatch(name) or not isinstance(text, str) or not _is_storable(text):
            raise PydanticCustomError("extra", "a name of a-z, 0-9 and _, and a text")
    return value


def _is_storable(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_EXTRA_DATA and "\0" not in text
    except UnicodeEncodeError:
        return False


BizNo = Annotated[str, Field(min_length=1, description="At most 128 bytes"), _at_most(MAX_BIZ_NO)]
Word = Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$"), _at_most(64)]
Text = Annotated[str, Field(min_length=1), _at_most(512)]
Person = Annotated[
    SecretStr, Field(min_length=1, description="Sent to the vendor, never stored"), _at_most(2048)
]
Switch = Literal[0, 1]
Picture = Annotated[
    bytes,
    BeforeValidator(_decode_picture),
    WithJsonSchema(
        {
            "type": "string",
            "contentEncoding": "base64",
            "writeOnly": True,
            "description": f"A picture of at most {MAX_PICTURE} bytes; sent to the vendor, never kept",
        }
    ),
]
Extra = Annotated[
    dict[str, str],
    BeforeValidator(_check_extra),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_EXTRA,
            "additionalProperties": {"type": "string", "maxLength": MAX_EXTRA_DATA},
            "description": "Further parameters of get_token, passed on as they are",
        }
    ),
]


class VerificationOrder(BaseModel):
    """A verification to be ordered. Addresses and credentials are the app's settings, never the request's."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"app_id": "demo", "biz_no": EXAMPLE["biz_no"], "web_title": "实名认证"}]
        },
    )

    app_id: str | None = Field(None, description="Required if the token covers several apps")
    biz_no: BizNo
    biz_extra_data: Annotated[str, _at_most(MAX_EXTRA_DATA)] | None = None
    web_title: Annotated[str, Field(min_length=1), _at_most(32)] | None = None
    scene_id: Text | None = None
    uuid: Text | None = Field(None, description="Your own id of the user")
    procedure_type: Word | None = None
    procedure_priority: Annotated[str, Field(min_length=1), _at_most(64)] | None = None
    action_http_method: Literal["GET", "POST"] | None = Field(
        None, description="How the browser comes back; the vendor's default is POST"
    )
    redirect_type: Word | int | None = None
    encryption_type: Literal[0, 1, 2] | None = None
    comparison_type: Literal[-1, 0, 1] | None = None
    idcard_mode: Annotated[int, Field(ge=0, le=4)] | None = None
    idcard_name: Person | None = None
    idcard_number: Person | None = None
    fmp_mode: Annotated[int, Field(ge=0, le=99)] | None = None
    get_fail_reason: Switch | None = None
    return_multifaces_tag: Switch | None = None
    image_ref1: Picture | None = None
    image_ref2: Picture | None = None
    image_ref3: Picture | None = None
    extra: Extra = {}

    @model_validator(mode="after")
    def _extra_overrules_nothing(self) -> Self:
        if self.extra.keys() & (_OURS | type(self).model_fields.keys()):
            raise PydanticCustomError(
                "reserved_parameter", "`extra` contains a parameter that has its own field"
            )
        return self

    def to_order(self) -> Order:
        """The order in the form that the vendor's client takes."""
        own = {"app_id", "biz_no", "extra", *_PICTURES}
        given = self.model_dump(exclude=own, exclude_none=True)
        pictures = {name: getattr(self, name) for name in _PICTURES}
        return Order(
            biz_no=self.biz_no,
            parameters=self.extra | {name: _plain(value) for name, value in given.items()},
            pictures={name: content for name, content in pictures.items() if content is not None},
        )


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


class Registering(BaseModel):
    """A verification whose token was obtained elsewhere."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"app_id": "demo", "biz_no": EXAMPLE["biz_no"], "expires_at": "2016-05-03T08:06:05Z"}
            ]
        },
    )

    app_id: str | None = Field(None, description="Required if the token covers several apps")
    biz_no: BizNo
    expires_at: AwareDatetime = Field(
        description="The end of the vendor's token: at most a day ago, at most 25 hours ahead"
    )


class OrderedVerification(BaseModel):
    """A verification whose flow can begin: send the user's browser to `url`."""

    app_id: str
    biz_id: str
    biz_no: str
    token: str
    url: str
    expires_at: UtcTime
