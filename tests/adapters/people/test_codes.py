"""Codes of a second factor: six digits of a time step, with a little patience for clocks."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from adapters.people.codes import TotpCodes

NOW = datetime(2026, 11, 28, 12, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30
CODES = TotpCodes()
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_a_right_code_has_its_step() -> None:
    secret = CODES.new_secret()
    for drift in (-1, 0, 1):
        code = pyotp.TOTP(secret).at(NOW + timedelta(seconds=30 * drift))
        assert CODES.step_of(secret, code, now=NOW) in {STEP - 1, STEP, STEP + 1}
    now = pyotp.TOTP(secret).at(NOW)
    assert CODES.step_of(secret, f"{now[:3]} {now[3:]}", now=NOW) == STEP


@pytest.mark.parametrize("drift", [-3, 3, 100])
def test_a_code_of_another_time_is_wrong(drift: int) -> None:
    assert CODES.step_of(SECRET, pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=30 * drift)), now=NOW) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\ud800", "-12345", "\0"])
def test_any_other_text_is_wrong(code: str) -> None:
    assert CODES.step_of(CODES.new_secret(), code, now=NOW) is None


@pytest.mark.parametrize("secret", ["", "not base32!", "1", "\0"])
def test_no_code_fits_what_is_no_secret(secret: str) -> None:
    assert CODES.step_of(secret, pyotp.TOTP(SECRET).at(NOW), now=NOW) is None
    assert CODES.step_of("", "", now=NOW) is None


def test_secrets_differ_and_are_long() -> None:
    secrets = {CODES.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(secret) == 32 for secret in secrets)


def test_an_authenticator_reads_the_address() -> None:
    read = pyotp.parse_uri(CODES.address(SECRET, "li.na@shop.example"))
    assert (read.name, read.issuer) == ("li.na@shop.example", "faceid-gateway")
