import hashlib

import pytest

from domain.callback.signature import HashName, sign_data
from simulator.messages.length_extension import extend, padding

SUFFIX = b',"status":"OK"}'


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
@pytest.mark.parametrize("length", [0, 1, 37, 45, 46, 54, 55, 56, 63, 64, 119, 2800])
def test_the_sign_verifies_over_secret_and_extended_data(hash_name: HashName, length: int) -> None:
    secret, data = b"s3cret-of-18-bytes", b"x" * length
    seen = sign_data(data, secret, hash_name=hash_name)

    extended = extend(data, seen, SUFFIX, secret_length=len(secret), hash_name=hash_name)

    assert extended.sign == hashlib.new(hash_name, secret + extended.data).hexdigest().encode()
    assert extended.data.startswith(data + b"\x80")
    assert extended.data.endswith(SUFFIX)


def test_a_suffix_longer_than_a_block_is_hashed_whole() -> None:
    secret, data, suffix = b"k", b"{}", b"y" * 200

    extended = extend(data, sign_data(data, secret), suffix, secret_length=1)

    assert extended.sign == sign_data(extended.data, secret)


def test_a_wrong_guess_of_the_secret_length_does_not_verify() -> None:
    data = b"{}"
    extended = extend(data, sign_data(data, b"secret"), SUFFIX, secret_length=7)
    assert extended.sign != sign_data(extended.data, b"secret")


@pytest.mark.parametrize("length", range(130))
def test_padding_fills_the_block(length: int) -> None:
    glue = padding(length)
    assert (length + len(glue)) % 64 == 0
    assert 9 <= len(glue) <= 72
