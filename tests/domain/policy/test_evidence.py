"""Evidence has the facts of both sides, each with whether it is about the registered order."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.apps.registration import Registration
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.policy.evidence import gather_evidence
from domain.policy.reasons import Code, Reason
from tests.support.payloads.callbacks import dump, passing_payload, put

START = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
REGISTERED = Registration("order-1", START, START + timedelta(minutes=50))


def of_order(biz_no: str | None, **changes: object) -> Payload:
    return decode_payload(dump(put(passing_payload(), "biz_info.biz_no", biz_no) | changes))


@pytest.mark.parametrize(
    ("callback", "result", "registration", "matches"),
    [
        ("order-1", "order-1", None, (None, None)),
        ("order-1", "order-2", None, (None, "mismatch")),
        ("order-1", None, None, (None, None)),
        ("order-1", "order-1", REGISTERED, ("match", "match")),
        ("order-1", "order-2", REGISTERED, ("match", "mismatch")),
        ("order-2", "order-1", REGISTERED, ("mismatch", "match")),
    ],
)
def test_each_side_is_about_the_order_or_about_another(
    callback: str,
    result: str | None,
    registration: Registration | None,
    matches: tuple[str | None, str | None],
) -> None:
    evidence = gather_evidence(of_order(callback), of_order(result), registration=registration)
    assert evidence.callback is not None
    assert evidence.result is not None
    assert (evidence.callback.registration, evidence.result.registration) == matches


def test_a_result_that_repeats_the_callback_is_read_once() -> None:
    evidence = gather_evidence(of_order("order-1"), of_order("order-1"), registration=REGISTERED)
    assert evidence.result is evidence.callback


def test_without_a_result_it_says_why() -> None:
    why = Reason(Code.RESULT_EXPIRED)
    evidence = gather_evidence(of_order("order-1"), None, registration=None, unconfirmed=why)
    assert (evidence.result, evidence.unconfirmed) == (None, why)


def test_there_is_at_least_one_side() -> None:
    with pytest.raises(ValueError, match="no facts"):
        gather_evidence(None, None, registration=REGISTERED)
