"""New secrets and keys are random, and have the forms of Standard Webhooks."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.outbound.webhooks.new_secrets import RandomSecrets
from domain.events.webhooks.signing import key_of


def test_every_secret_is_another_one_of_256_bits() -> None:
    secrets = {RandomSecrets().secret() for _ in range(10)}
    assert len(secrets) == 10
    assert {len(key_of(secret)) for secret in secrets} == {32}


def test_the_public_key_verifies_what_the_seed_signs() -> None:
    seed, public = RandomSecrets().key()
    assert public.startswith("whpk_")
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(b"content")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    key.verify(signature, b"content")
