"""Each refusal has one code, and the errors that tell more carry it."""

import pytest

from domain.errors import GatewayError
from domain.reviews.errors import CaseOpen, ClaimedByAnother, EvidenceChanged, ReviewRefused
from tests.domain.reviews.cases import NOW


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ReviewRefused.__subclasses__()]
    assert len(codes) == len(set(codes))
    assert issubclass(ReviewRefused, GatewayError)


def test_a_claim_of_another_names_the_person_and_the_time() -> None:
    error = ClaimedByAnother("person:li.na", NOW)
    assert (error.name, error.lease_until) == ("person:li.na", NOW)
    assert str(error) == error.code == "claimed_by_another"


@pytest.mark.parametrize(
    ("what", "text"), [(["facts"], "facts"), (["facts", "reviews"], "facts, reviews"), ([], "")]
)
def test_changed_evidence_names_the_parts_and_the_new_hash(what: list[str], text: str) -> None:
    error = EvidenceChanged(what, "h2")
    assert (error.what, error.evidence_hash, str(error)) == (tuple(what), "h2", text)


def test_an_open_case_is_named() -> None:
    error = CaseOpen("0192")
    assert (error.case_id, str(error)) == ("0192", "0192")
