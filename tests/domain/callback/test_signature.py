"""Only the holder of a secret, or one who extends what such a holder signed, gets past the signature; the
strict reader stops the second."""

import hashlib
import hmac
import json
import random
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.callback import signature
from domain.callback.form import read_form
from domain.callback.signature import HashName, refusal_hashes, sign_data, verify_signature
from domain.callback.strict_json import read_object
from domain.errors import BadSignature, MalformedPayload
from simulator.messages.length_extension import extend
from tests.support.payloads.callbacks import SECRET, THOROUGH, dump, load_sample, passing_payload, read_sample
from tests.support.payloads.forms import URLENCODED

DATA = b'{"status": "OK"}'
NEW, OLD = b"secret-of-today", b"secret-of-yesterday"


@pytest.mark.parametrize(
    ("hash_name", "expected"),
    [("sha1", hashlib.sha1(NEW + DATA).hexdigest()), ("sha256", hashlib.sha256(NEW + DATA).hexdigest())],
)
def test_sign_is_the_hex_hash_of_secret_and_data(hash_name: HashName, expected: str) -> None:
    assert sign_data(DATA, NEW, hash_name=hash_name) == expected.encode()
    assert verify_signature(DATA, expected.encode(), secrets=[NEW], hash_name=hash_name) == 0


def test_the_captured_body_verifies() -> None:
    form = read_form(URLENCODED, read_sample("older_callback_body.txt"))
    assert verify_signature(form.data, form.sign, secrets=[SECRET]) == 0


@pytest.mark.parametrize(
    ("signer", "secrets", "index"),
    [
        pytest.param(NEW, [NEW, OLD], 0, id="newest"),
        pytest.param(OLD, [NEW, OLD], 1, id="oldest"),
        pytest.param(OLD, [NEW, OLD, b"third"], 1, id="middle"),
        pytest.param(NEW, [NEW, NEW], 0, id="the-same-twice"),
    ],
)
def test_the_index_of_the_matching_secret(signer: bytes, secrets: list[bytes], index: int) -> None:
    assert verify_signature(DATA, sign_data(DATA, signer), secrets=secrets) == index


def _refused(data: bytes, sign: bytes, secrets: list[bytes], hash_name: HashName = "sha1") -> BadSignature:
    with pytest.raises(BadSignature) as caught:
        verify_signature(data, sign, secrets=secrets, hash_name=hash_name)
    return caught.value


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_an_unknown_app_looks_like_a_bad_sign(hash_name: HashName) -> None:
    sign = sign_data(DATA, NEW, hash_name=hash_name)

    unknown = _refused(DATA, sign, [], hash_name)
    wrong = _refused(DATA, sign, [OLD], hash_name)

    assert type(unknown) is type(wrong)
    assert unknown.args == wrong.args


def test_the_secret_that_unknown_apps_are_checked_against_signs_nothing() -> None:
    _refused(DATA, sign_data(DATA, [signature._DUMMY_SECRET][0]), [])


@pytest.mark.parametrize(
    ("sign", "secrets", "hashes"),
    [
        pytest.param(sign_data(DATA, NEW), [NEW], 1, id="right-sign"),
        pytest.param(b"0" * 40, [NEW], 1, id="wrong-sign"),
        pytest.param(b"no sign at all", [NEW], 1, id="malformed-sign"),
        pytest.param(b"0" * 40, [], 1, id="unknown-app"),
        pytest.param(sign_data(DATA, NEW), [NEW, OLD], 2, id="newest-of-two"),
        pytest.param(sign_data(DATA, OLD), [NEW, OLD], 2, id="oldest-of-two"),
        pytest.param(b"0" * 40, [NEW, OLD], 2, id="neither-of-two"),
    ],
)
def test_the_cost_depends_on_the_number_of_secrets_alone(
    monkeypatch: pytest.MonkeyPatch, sign: bytes, secrets: list[bytes], hashes: int
) -> None:
    hashed: list[bytes] = []

    def counting(data: bytes, secret: bytes, *, hash_name: HashName = "sha1") -> bytes:
        hashed.append(secret)
        return sign_data(data, secret, hash_name=hash_name)

    monkeypatch.setattr(signature, "sign_data", counting)
    with suppress(BadSignature):
        verify_signature(DATA, sign, secrets=secrets)
    assert len(hashed) == hashes


@pytest.mark.parametrize("well_formed", [True, False])
@pytest.mark.parametrize(
    ("hash_name", "secrets"), [("sha1", 0), ("sha1", 1), ("sha1", 3), ("sha256", 2), ("sha256", 1)]
)
def test_every_refusal_costs_the_same_hashes_whatever_the_app(
    monkeypatch: pytest.MonkeyPatch, hash_name: HashName, secrets: int, well_formed: bool
) -> None:
    hashed: list[HashName] = []

    def counting(data: bytes, secret: bytes, *, hash_name: HashName = "sha1") -> bytes:
        hashed.append(hash_name)
        return sign_data(data, secret, hash_name=hash_name)

    monkeypatch.setattr(signature, "sign_data", counting)
    refusal = refusal_hashes([("sha1", 1), ("sha1", 3), ("sha256", 2)])
    wrong = b"0" * (64 if hash_name == "sha256" else 40) if well_formed else b"x"
    with pytest.raises(BadSignature):
        verify_signature(DATA, wrong, secrets=[NEW] * secrets, hash_name=hash_name, refusal=refusal)
    assert sorted(hashed) == ["sha1"] * 3 + ["sha256"] * 2


RIGHT = sign_data(DATA, NEW)


@pytest.mark.parametrize(
    ("sign", "hash_name"),
    [
        pytest.param(RIGHT.upper(), "sha1", id="upper-case"),
        pytest.param(RIGHT[:-1], "sha1", id="39-digits"),
        pytest.param(RIGHT + b"0", "sha1", id="41-digits"),
        pytest.param(RIGHT + b"\n", "sha1", id="line-end-behind"),
        pytest.param(b" " + RIGHT, "sha1", id="space-before"),
        pytest.param(RIGHT + RIGHT, "sha1", id="twice"),
        pytest.param(b"0x" + RIGHT, "sha1", id="0x"),
        pytest.param(b"", "sha1", id="empty"),
        pytest.param(b"\0" * 40, "sha1", id="nuls"),
        pytest.param("é".encode() * 20, "sha1", id="non-ascii"),
        pytest.param("０".encode() * 40, "sha1", id="full-width-digits"),
        pytest.param(RIGHT, "sha256", id="sha1-for-a-sha256-app"),
        pytest.param(sign_data(DATA, NEW, hash_name="sha256"), "sha1", id="sha256-for-a-sha1-app"),
        pytest.param(sign_data(DATA, NEW, hash_name="sha256")[:40], "sha1", id="sha256-cut"),
        pytest.param(hmac.digest(NEW, DATA, "sha1").hex().encode(), "sha1", id="hmac"),
        pytest.param(hmac.digest(NEW, DATA, "sha256").hex().encode(), "sha256", id="hmac-sha256"),
        pytest.param(hashlib.sha1(DATA + NEW).hexdigest().encode(), "sha1", id="secret-behind"),
        pytest.param(hashlib.sha1(DATA).hexdigest().encode(), "sha1", id="no-secret"),
        pytest.param(b64encode(hashlib.sha1(NEW + DATA).digest()), "sha1", id="base64"),
        pytest.param(hashlib.sha1(NEW + DATA).digest(), "sha1", id="raw-digest"),
        pytest.param(sign_data(DATA, OLD), "sha1", id="another-secret"),
    ],
)
def test_signs_that_are_refused(sign: bytes, hash_name: HashName) -> None:
    error = _refused(DATA, sign, [NEW], hash_name)
    assert str(error) == "the sign does not match"


@THOROUGH
@given(sign=st.binary() | st.text().map(str.encode) | st.from_regex(rb"[0-9a-f]{40}", fullmatch=True))
@example(sign=b"\xff" * 40)
def test_any_other_bytes_are_a_bad_signature(sign: bytes) -> None:
    _refused(DATA, sign, [NEW, OLD])
    _refused(DATA, sign, [])


@THOROUGH
@given(data=st.binary(), at=st.integers(0, 500), bit=st.integers(0, 7))
def test_every_bit_of_the_data_is_signed(data: bytes, at: int, bit: int) -> None:
    sign = sign_data(data, NEW)
    changed = bytearray(data or b"\0")
    changed[at % len(changed)] ^= 1 << bit
    assert verify_signature(data, sign, secrets=[NEW]) == 0
    _refused(bytes(changed), sign, [NEW])


@pytest.mark.parametrize(
    "options",
    [
        {"separators": (",", ":")},
        {"ensure_ascii": False},
        {"sort_keys": True},
        {"indent": 2},
    ],
    ids=str,
)
def test_json_that_was_written_again_is_refused(options: dict[str, object]) -> None:
    tree = load_sample("callback_with_attack.json")
    data = json.dumps(tree).encode()
    sign = sign_data(data, NEW)
    assert verify_signature(data, sign, secrets=[NEW]) == 0
    _refused(json.dumps(tree, **options).encode(), sign, [NEW])  # type: ignore[arg-type]


SIGNED = [
    dump(passing_payload()),
    read_sample("older_callback_failed.json"),
    b"{}",
    b'{"a":"',
    b'{"a":"\xe4\xb8',
]
SUFFIXES = [b"", b',"status":"OK"}', b'{"status":"OK"}', b"}", b'"}', b"\n", b" ", b'","status":"OK"}']


def test_ten_thousand_validly_signed_extensions_are_refused() -> None:
    """Including data that the vendor never signs: an open string, a character that 0x80 completes."""
    rng = random.Random(20260307)
    secrets = [rng.randbytes(length) for length in range(8, 72)]
    seen = [(data, secret, sign_data(data, secret)) for data in SIGNED for secret in secrets]
    for n in range(10_000):
        data, secret, sign = rng.choice(seen)
        suffix = rng.choice(SUFFIXES) if n % 2 else rng.randbytes(rng.randrange(40))

        extended = extend(data, sign, suffix, secret_length=len(secret))

        assert verify_signature(extended.data, extended.sign, secrets=[secret]) == 0
        with pytest.raises(MalformedPayload):
            read_object(extended.data)
