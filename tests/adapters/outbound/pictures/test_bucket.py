"""The bucket of pictures: what an operator reads when it cannot be used, and its lack of secrets."""

from uuid import uuid4

import pytest

from adapters.configuration.pictures_url import Bucket
from adapters.outbound.pictures.bucket import BucketPictures
from adapters.outbound.pictures.opening import try_pictures
from domain.errors import PicturesAway
from tests.usecases.ports.identity.picture_stores import REGION, s3_server


async def test_missing_bucket_is_named_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(monkeypatch) as (url, _):
        store = BucketPictures(Bucket("not-there", "", REGION, url, "path"))

        with pytest.raises(PicturesAway, match=r"refuses a request \(NoSuchBucket\)"):
            await store.put(uuid4(), {"1-0": b"sealed"})
        await store.aclose()


async def test_server_that_is_away_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary/secret+key")
    store = BucketPictures(Bucket("any", "", REGION, "http://127.0.0.1:9", "path"))

    with pytest.raises(PicturesAway) as caught:
        await try_pictures(store)
    await store.aclose()

    assert str(caught.value) == "the bucket of pictures cannot be used (EndpointConnectionError)"
