"""The fast JSON of a verification is that of the documented model, byte for byte."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.store.lookups.listed import CONCLUSIONS
from domain.model import Basis, Identity, Outcome, State
from domain.policy.facts.facts import Facts
from domain.views.verifications import ReviewMark, VerificationRecord
from service.api.models.answers import answer_of, page_json, verification_json
from service.api.models.verifications import VerificationModel, VerificationPage
from tests.support.policies.strategies import facts_of, finite, words
from tests.support.storage.stores import NOW

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-9, minutes=-30))])
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - as it wants
texts = st.text(st.characters(codec="utf-8")) | words.filter(lambda word: word.isascii())
below_1e16 = st.integers(-(10**15), 10**15) | finite.filter(lambda number: abs(number) < 1e16)


def as_stored(facts: Facts) -> dict[str, Any]:
    return {"comparisons": msgspec.to_builtins(facts.comparisons), "status": "OK"}


records = st.builds(
    VerificationRecord,
    id=st.just(UUID(int=1)),
    app_id=texts,
    biz_id=texts,
    biz_no=st.none() | texts,
    state=st.sampled_from(State),
    vendor_status=st.none() | texts,
    outcome=st.none() | st.sampled_from(Outcome),
    basis=st.none() | st.sampled_from(Basis),
    reasons=st.lists(st.fixed_dictionaries({"code": texts, "detail": texts}), max_size=3),
    policy_name=st.none() | texts.filter(bool),
    policy_version=texts,
    facts=st.none() | st.just({}) | facts_of(below_1e16).map(as_stored),
    identity=st.none() | st.builds(Identity, st.none() | texts, st.none() | texts),
    pulls_used=st.integers(0, 3),
    pulls_until=st.none() | times,
    registered_at=st.none() | times,
    expires_at=times,
    held=st.booleans(),
    received_at=st.none() | times,
    decided_at=st.none() | times,
    created_at=times,
    concluded=st.none() | st.sampled_from(CONCLUSIONS),
    review=st.none() | st.builds(ReviewMark, st.uuids(), texts),
    erased_at=st.none() | times,
)
SHORT = VerificationRecord(
    UUID(int=1), "demo", "b", None, "received", None, None, None, [], None, None, None, None, 0, None, None,
    None, False, None, None, NOW,
)  # fmt: skip


@given(records)
def test_the_fast_answer_is_the_documented_one(record: VerificationRecord) -> None:
    assert verification_json(record) == VerificationModel.of(record).model_dump_json().encode()


@given(st.lists(records, max_size=3), st.none() | texts)
def test_a_page_is_the_documented_one(page: list[VerificationRecord], cursor: str | None) -> None:
    documented = VerificationPage(items=[VerificationModel.of(each) for each in page], next_cursor=cursor)
    assert page_json([answer_of(each) for each in page], cursor) == documented.model_dump_json().encode()


@given(facts_of(finite))
def test_larger_numbers_are_the_same_numbers(facts: Facts) -> None:
    record = msgspec.structs.replace(SHORT, facts=as_stored(facts))
    documented = VerificationModel.of(record).model_dump_json()
    assert json.loads(verification_json(record)) == json.loads(documented)


def test_comparisons_that_the_model_refuses_are_refused() -> None:
    odd = msgspec.structs.replace(SHORT, facts={"comparisons": {"result_faceid": {"confidence": "high"}}})
    with pytest.raises(ValidationError):
        VerificationModel.of(odd)
    with pytest.raises(msgspec.ValidationError):
        verification_json(odd)
