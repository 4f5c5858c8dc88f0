"""FACEID_KEYS_URL: what it may be; no message repeats a part of it."""

import pytest

from adapters.configuration.urls.keys_url import check_keys_url, folder_of, service_of

CANARY = "canary-5d41402a"


@pytest.mark.parametrize(
    "url",
    [
        "file:///var/lib/keys",
        "file:///with%20blank",
        "postgresql://user:password@keys.example/keys",
        "vault://vault.example:8200/transit?registry=file:///keys",
        "vault://[::1]:8200/kv/transit?registry=postgresql://keys.example/keys&namespace=a&tls=off",
        "aws-kms://eu-central-1?registry=file:///keys",
        "aliyun-kms://cn-hangzhou?registry=file:///keys&endpoint=https://kms-vpc.cn-hangzhou.aliyuncs.com",
    ],
)
def test_right_urls_pass(url: str) -> None:
    assert check_keys_url(url) == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"https://{CANARY}", "must begin with file:///"),
        (CANARY, "must begin with file:///"),
        (f"file://{CANARY}/keys", "whole path"),
        ("file:///", "whole path"),
        (f"file:///keys?{CANARY}=1", "whole path"),
        (f"postgresql://host/keys?{CANARY}=1", "is not known"),
        ("vault://host/transit", "needs \\?registry="),
        (f"vault://token:{CANARY}@host/transit?registry=file:///keys", "without a token"),
        ("vault://host?registry=file:///keys", "HOST:PORT/MOUNT"),
        (f"vault://host/transit?registry=file:///keys&tls={CANARY}", "tls may only be off"),
        (f"vault://host/transit?registry=file:///keys&ca=/{CANARY}", "cannot be read"),
        ("aws-kms://eu-central-1?registry=file:///a&registry=file:///b", "twice"),
        (f"aws-kms://eu-central-1?registry={CANARY}", "registry must begin"),
        ("aws-kms://eu-central-1?registry=aws-kms://eu-central-1", "registry must be file"),
        ("aliyun-kms://cn-hangzhou/key?registry=file:///keys", "must name a region"),
        (f"aliyun-kms://cn-hangzhou?registry=file:///keys&{CANARY}=1", "is not known"),
        ("aliyun-kms://cn-hangzhou?registry", "NAME=VALUE"),
    ],
)
def test_wrong_urls_are_named_without_a_part_of_them(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        check_keys_url(url)

    assert CANARY not in str(raised.value)


def test_folder_is_decoded() -> None:
    assert str(folder_of("file:///with%20blank")) == "/with blank"


def test_registry_is_decoded() -> None:
    url = "vault://host/transit?registry=postgresql%3A%2F%2Fuser%3Aa%252Fb%40host%2Fkeys"

    assert service_of(url).registry == "postgresql://user:a%2Fb@host/keys"
