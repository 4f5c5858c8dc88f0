"""Keys are the same in every process and differ between apps; accepted callbacks survive the inbox
unchanged.
"""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import errors
from domain.apps.app import App
from domain.model import APP_ID_SHAPE, BIZ_ID_SHAPE, AcceptedCallback, CallbackKind, verification_id
from domain.policy.reasons import Code
from tests.support.payloads.callbacks import BIZ_ID, QUICK

CALLBACK = AcceptedCallback("demo", CallbackKind.NOTIFY, datetime(2026, 3, 7, 12, tzinfo=UTC), 0, b'{"a": 1}')


def test_the_key_of_a_verification_never_changes() -> None:
    """Stored rows carry it: a change here is a migration."""
    assert verification_id("demo", BIZ_ID) == UUID("22e4a5f7-8460-8313-ab2a-8bfe360e84d7")


@pytest.mark.parametrize(
    ("app_id", "biz_id"),
    [
        ("other", BIZ_ID),
        ("demo", BIZ_ID + "0"),
        ("demo1", BIZ_ID[1:]),
        ("dem", "o" + BIZ_ID),
        ("", "demo" + BIZ_ID),
    ],
)
def test_another_verification_has_another_key(app_id: str, biz_id: str) -> None:
    assert verification_id(app_id, biz_id) != verification_id("demo", BIZ_ID)


def test_keys_are_uuids_of_the_free_version() -> None:
    assert verification_id("demo", BIZ_ID).version == 8
    assert CALLBACK.key.version == 8


callbacks = st.builds(
    AcceptedCallback,
    app_id=st.from_regex(APP_ID_SHAPE, fullmatch=True),
    kind=st.sampled_from(CallbackKind),
    received_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    secret_index=st.integers(0, 10),
    data=st.binary(),
)


@QUICK
@given(callback=callbacks)
def test_an_accepted_callback_survives_the_inbox(callback: AcceptedCallback) -> None:
    stored = msgspec.msgpack.encode(callback)
    read = msgspec.msgpack.decode(stored, type=AcceptedCallback)
    assert read == callback
    assert read.received_at.tzinfo is not None
    assert (read.digest, read.key) == (callback.digest, callback.key)


@pytest.mark.parametrize(
    ("changes", "same_digest", "same_key"),
    [
        pytest.param({}, True, True, id="again"),
        pytest.param({"kind": CallbackKind.RETURN}, True, True, id="by-the-browser"),
        pytest.param({"received_at": datetime(2027, 1, 1, tzinfo=UTC)}, True, True, id="later"),
        pytest.param({"secret_index": 1}, True, True, id="by-an-older-secret"),
        pytest.param({"app_id": "other"}, True, False, id="to-another-app"),
        pytest.param({"data": b'{"a":1}'}, False, False, id="other-bytes"),
    ],
)
def test_the_same_callback_twice_is_known_by_its_key(
    changes: dict[str, object], same_digest: bool, same_key: bool
) -> None:
    other = msgspec.structs.replace(CALLBACK, **changes)
    assert (other.digest == CALLBACK.digest) is same_digest
    assert (other.key == CALLBACK.key) is same_key


@pytest.mark.parametrize(
    ("biz_id", "fits"),
    [
        (BIZ_ID, True),
        ("a" * 8, True),
        ("a" * 128, True),
        ("a" * 7, False),
        ("a" * 129, False),
        (BIZ_ID + "\n", False),
        (BIZ_ID + "\0", False),
        ("1462259748, 52b13fb5", False),
        ("1462259748%2C52b13fb5", False),
        ("１４６２２５９７４８", False),
        ("' or 1=1 --", False),
    ],
)
def test_shape_of_a_biz_id(biz_id: str, fits: bool) -> None:
    assert bool(BIZ_ID_SHAPE.fullmatch(biz_id)) is fits


@pytest.mark.parametrize(
    ("app_id", "fits"),
    [
        ("demo", True),
        ("0-a_b", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("-a", False),
        ("Demo", False),
        ("", False),
    ],
)
def test_shape_of_an_app_id(app_id: str, fits: bool) -> None:
    assert bool(APP_ID_SHAPE.fullmatch(app_id)) is fits


def test_an_app_does_not_print_its_secrets() -> None:
    app = App("demo", "key-of-demo", (b"secret-of-demo",))
    assert f"{app!r} {app} {[app]}".count("of-demo") == 0


REASON_CODES = """
    face.below_threshold face.missing face.level_missing face.not_found liveness.failed liveness.missing
    attack.synthetic_face attack.mask attack.screen_replay attack.face_replaced attack.selfie_inconsistent
    id.no_such_number id.name_mismatch id.no_photo id.attacked will.failed will.missing
    vendor.data_source_error vendor.internal_error vendor.unknown_error multifaces.detected
    flow.cancelled flow.timeout flow.failed flow.webrtc_unsupported flow.unknown_status
    confirmation.disagrees confirmation.unavailable result.expired
"""
REFUSAL_CODES = """
    malformed_form missing_field duplicate_field malformed_payload bad_signature body_too_large
    unsupported_media_type not_durable
"""


def test_codes_that_other_programs_rely_on() -> None:
    """Names of the contract: add to them freely, change none silently."""
    refusals = [error.code for error in errors.RefusedCallback.__subclasses__()]
    assert set(refusals) >= set(REFUSAL_CODES.split())
    assert len(refusals) == len(set(refusals))
    assert set(Code) >= set(REASON_CODES.split())
