"""Each refusal of an erasure has a word that a caller can look up."""

from pathlib import Path

import pytest

from domain.errors import GatewayError, kind_of_error
from domain.identity.errors import AlreadyErased, ErasureRefused, LegalHold, NoKeyStore, NoSuchVerification

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"
CODES = {
    LegalHold: "legal_hold",
    NoKeyStore: "no_key_store",
    AlreadyErased: "already_erased",
    NoSuchVerification: "not_found",
}


def test_every_refusal_is_listed_here() -> None:
    assert set(CODES) == set(ErasureRefused.__subclasses__())


@pytest.mark.parametrize("kind", CODES)
def test_a_refusal_has_its_documented_word(kind: type[ErasureRefused]) -> None:
    assert kind.code == CODES[kind]
    assert f"\n| `{kind.code}` | " in PAGE.read_text("utf-8")


@pytest.mark.parametrize("kind", CODES)
def test_one_edge_catches_them_all_and_logs_which(kind: type[ErasureRefused]) -> None:
    with pytest.raises(GatewayError) as caught:
        raise kind
    assert kind_of_error(caught.value) == kind.__name__
