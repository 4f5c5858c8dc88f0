"""Why identity cannot be erased, or kept. `code`: the word in answers (docs/reference/errors.md)."""

from typing import ClassVar

from domain.errors import GatewayError


class ErasureRefused(GatewayError):
    """Base of the errors of erasures: nothing was changed."""

    code: ClassVar[str]


class LegalHold(ErasureRefused):
    """A legal hold is on the verification."""

    code = "legal_hold"


class NoKeyStore(ErasureRefused):
    """FACEID_KEYS_URL is not set: there is no ledger, and a backup would undo the erasure."""

    code = "no_key_store"


class AlreadyErased(ErasureRefused):
    """The verification is erased, or being erased: there is nothing to hold."""

    code = "already_erased"


class NoSuchVerification(ErasureRefused):
    """The apps named have no such verification."""

    code = "not_found"
