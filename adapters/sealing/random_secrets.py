"""Random secrets that are shown once: tokens, cookies and links. Only their hash is stored."""

import hashlib
import secrets


def new_secret() -> str:
    """256 random bits, in URL-safe base64."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """The SHA-256 of a secret. A random secret of 256 bits needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
