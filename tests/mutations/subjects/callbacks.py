"""The guards of a callback before it is accepted."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_CALLBACKS: Final = (
    Mutation(
        "sign compare",
        "domain/callback/signature.py",
        "equal = hmac.compare_digest(sign_data(data, secret, hash_name=hash_name), candidate)",
        "equal = True",
        [
            "tests/domain/callback/test_signature.py::test_every_bit_of_the_data_is_signed",
            "tests/service/ingress/test_notify.py::test_another_apps_pair_is_refused",
        ],
    ),
    Mutation(
        "duplicate-field check",
        "domain/callback/form.py",
        "if len(values) > 1:",
        "if False:",
        ["tests/domain/callback/test_form_refusals.py::test_urlencoded_bodies_that_are_refused"],
    ),
    Mutation(
        "size cap",
        "service/ingress/body.py",
        "if len(body) > limit:",
        "if False:",
        ["tests/service/ingress/test_body.py::test_an_endless_body_is_cut_off_at_the_cap"],
    ),
    Mutation(
        "strict JSON",
        "service/ingress/acceptance.py",
        "members = read_members(form.data)",
        'members = read_members(form.data.split(b"\\x80")[0])',
        ["tests/service/ingress/test_notify.py::test_an_extended_body_is_refused_though_its_sign_is_valid"],
    ),
    Mutation(
        "members that occur twice",
        "domain/callback/payload.py",
        'compact.count(b":") != data.count(b":") or ',
        "",
        ["tests/domain/policy/rules/test_doubt.py::test_a_known_member_that_appears_twice_causes_doubt"],
    ),
    Mutation(
        "texts that can be stored",
        "domain/callback/strict_json.py",
        'return b"\\\\ufffd" if escape["half"] else escape[0]',
        "return escape[0]",
        ["tests/usecases/batches/test_record_callbacks.py::test_no_text_is_one_that_the_store_refuses"],
    ),
)
