"""The stores of pictures of the contract test; the bucket is one of moto's S3 server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from adapters.configuration.pictures_url import check_pictures_url
from adapters.outbound.pictures.opening import OpenedPictures, open_pictures
from tests.support.memory.identity.pictures import MemoryPictures

STORES: Final = ("memory", "folder", "bucket")
REGION: Final = "cn-north-1"


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """An S3 server: its URL, and an empty bucket. Credentials for it are in the environment."""
    from botocore.session import get_session  # noqa: PLC0415 - slow to import
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - as above

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary/secret+key")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # The server keeps what it has for the whole process.
        bucket = f"faceid-{uuid4()}"
        client = get_session().create_client("s3", region_name=REGION, endpoint_url=url)
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        client.close()
        yield url, bucket
    finally:
        server.stop()


@contextmanager
def opened_pictures(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedPictures]:
    """An empty store of this kind."""
    if kind == "memory":
        yield MemoryPictures()
    elif kind == "folder":
        yield open_pictures((folder / "pictures").as_uri())
    else:
        with s3_server(monkeypatch) as (url, bucket):
            given = urlencode({"region": REGION, "endpoint": url, "addressing": "path"})
            yield open_pictures(check_pictures_url(f"s3://{bucket}/faceid?{given}"))
