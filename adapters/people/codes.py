"""Codes of a second factor: TOTP of six digits, a new one every 30 seconds."""

import binascii
from datetime import datetime
from hmac import compare_digest
from typing import Final

import pyotp

_STEP: Final = 30
_DRIFT: Final = (0, -1, 1)
"""Steps by which the telephone's clock may differ."""

ISSUER: Final = "faceid-gateway"


class TotpCodes:
    """Secrets and codes."""

    def new_secret(self) -> str:
        """A new random secret, of 160 bits in base32."""
        return pyotp.random_base32(32)

    def address(self, secret: str, name: str) -> str:
        """What an authenticator reads from a QR code, `otpauth://…`."""
        return pyotp.TOTP(secret, interval=_STEP).provisioning_uri(name=name, issuer_name=ISSUER)

    def step_of(self, secret: str, code: str, *, now: datetime) -> int | None:
        """The time step of a right code; None for any other text."""
        shown = code.replace(" ", "").encode(errors="surrogatepass")
        step = int(now.timestamp()) // _STEP
        try:
            at = pyotp.TOTP(secret, interval=_STEP).generate_otp
            right = [each for each in _DRIFT if secret and compare_digest(at(step + each).encode(), shown)]
        except (binascii.Error, ValueError):
            return None
        return step + right[0] if right else None
