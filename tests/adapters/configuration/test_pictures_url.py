"""The URL of the pictures: what it may name, and that no mistake repeats it."""

from pathlib import Path

import pytest

from adapters.configuration.pictures_url import Bucket, check_pictures_url, place_of_pictures


def test_folder_is_named_by_its_whole_path() -> None:
    assert place_of_pictures("file:///var/lib/faceid/pictures") == Path("/var/lib/faceid/pictures")


def test_bucket_has_a_prefix_and_a_server() -> None:
    url = "s3://pics/faceid/a?region=cn-north-1&endpoint=https://oss.example.com&addressing=virtual"

    assert place_of_pictures(url) == Bucket(
        "pics", "faceid/a/", "cn-north-1", "https://oss.example.com", "virtual"
    )
    assert place_of_pictures("s3://pics") == Bucket("pics", "")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("canary", "must begin with file:/// or s3://"),
        ("postgresql://canary/db", "must begin with file:/// or s3://"),
        ("file://canary", "by its whole path"),
        ("s3://AKID:canary@pics", "no credentials"),
        ("s3://", "one bucket"),
        ("s3://Canary_", "one bucket"),
        ("s3://pics:9000/canary", "one bucket"),
        ("s3://pics/a b", "prefix"),
        ("s3://pics?token=canary", "is not known"),
        ("s3://pics?addressing=canary", "addressing may be"),
        ("s3://pics?endpoint=canary", "must be a URL"),
    ],
)
def test_mistakes_are_named_without_the_url(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        check_pictures_url(url)

    assert "canary" not in str(caught.value).lower()
