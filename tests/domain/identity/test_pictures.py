"""Pictures leave a result; everything else in it stays."""

import base64
import hashlib
import json
from typing import Any

import pytest

from domain.identity.pictures import OTHER, Picture, described, take_pictures

JPEG = b"\xff\xd8\xff\xe0 a picture " + bytes(range(256))
PNG = b"\x89PNG\r\n\x1a\n another"


def uri(content: bytes, *, head: str = "data:image/jpeg;base64,") -> str:
    return head + base64.b64encode(content).decode()


def result(**members: Any) -> bytes:
    return json.dumps({"status": "OK", "score": 88.790, **members}).encode()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_pictures_leave_their_digest() -> None:
    body, pictures = take_pictures(result(images={"image_best": uri(JPEG), "image_idcard_back": None}))

    assert pictures == [Picture("image_best", JPEG)]
    assert json.loads(body)["images"] == {"image_best": digest(JPEG), "image_idcard_back": None}


def test_every_other_byte_stays() -> None:
    whole = b'{ "status" : "OK","x":1.50, "images": {"image_best":"%s"} ,"y":"\xe5\xa4\xa7"}\n'

    body, _ = take_pictures(whole % uri(JPEG).encode())

    assert body == whole % digest(JPEG).encode()


def test_result_without_pictures_is_the_same_bytes() -> None:
    for body in (result(), result(images={}), result(images=None), result(images={"image_best": None})):
        assert take_pictures(body) == (body, [])


@pytest.mark.parametrize("head", ["data:image/jpeg;base64,", "data: image/jpeg;base64,"])
def test_both_prefixes_of_the_vendor_are_read(head: str) -> None:
    _, [picture] = take_pictures(result(images={"image_best": uri(JPEG, head=head)}))

    assert picture.content == JPEG


def test_slashes_may_be_escaped() -> None:
    escaped = result(images={"image_best": uri(JPEG)}).replace(b"/", b"\\/")

    body, [picture] = take_pictures(escaped)

    assert picture.content == JPEG
    assert b"base64" not in body


def test_pictures_in_lists_and_beside_images_are_taken_too() -> None:
    body, pictures = take_pictures(result(images={"selfies": [uri(JPEG), uri(PNG)]}, image_best=uri(PNG)))

    assert [(each.name, each.content) for each in pictures] == [
        ("selfies.0", JPEG),
        ("selfies.1", PNG),
        ("image_best", PNG),
    ]
    assert b"base64" not in body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(result(images={"image_best": uri(JPEG)})[:-40], id="cut off"),
        pytest.param(b"<p>" + base64.b64encode(JPEG), id="no JSON"),
        pytest.param(b'{"images":{"image_best":"%s"},"images":{}}' % uri(JPEG).encode(), id="a name twice"),
        pytest.param(result(other={"deep": uri(JPEG)}), id="another place"),
        pytest.param(
            b'{"half":"\\ud83d","images":{"image_best":"%s"}}' % uri(JPEG).encode(), id="half a surrogate"
        ),
    ],
)
def test_no_picture_stays_whatever_the_body_is(body: bytes) -> None:
    stripped, _ = take_pictures(body)

    assert base64.b64encode(JPEG)[60:300] not in stripped
    assert len(stripped) < 250


def test_text_that_is_no_picture_stays() -> None:
    body = result(images={"note": "no face"})

    assert take_pictures(body) == (body, [])


def test_long_text_that_does_not_decode_is_kept_as_it_is() -> None:
    text = "!" * 201 + "A"

    _, [picture] = take_pictures(result(images={"image_best": text}))

    assert picture.content in {text.encode(), b""}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"<svg onload=alert(1)>", OTHER),
        (b"", OTHER),
    ],
)
def test_media_type_is_that_of_the_bytes(content: bytes, media_type: str) -> None:
    assert Picture("image_best", content).media_type == media_type


def test_names_of_the_vendor_are_bounded_and_no_path() -> None:
    stored = described(Picture("../" * 40 + "\0", JPEG), n=2, position=3)

    assert (stored.piece, len(stored.name)) == ("2-3", 64)


def test_picture_shows_nothing_of_itself() -> None:
    assert repr(Picture("image_best", JPEG)) == f"Picture({len(JPEG)} bytes)"
