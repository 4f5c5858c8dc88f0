"""The errors of persons: one tree, which the module's docstring shows, and what each one says."""

import re

import pytest

from domain.errors import GatewayError, kind_of_error
from domain.people import errors
from domain.people.errors import PasswordRefused, ProviderRefused, SignInFailed, TooManySignIns

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and each is not GatewayError]


def test_the_tree_in_the_docstring_has_every_error() -> None:
    assert errors.__doc__ is not None
    shown = re.findall(r"^[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    assert shown == [kind.__name__ for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_one_of_the_gateway(kind: type[Exception]) -> None:
    assert kind.__bases__ == (GatewayError,)


@pytest.mark.parametrize("kind", [PasswordRefused, ProviderRefused])
def test_a_refusal_says_its_code_alone(kind: type[PasswordRefused | ProviderRefused]) -> None:
    refused = kind("too_short")
    assert (refused.code, str(refused), kind_of_error(refused)) == ("too_short", "too_short", kind.__name__)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "retry after 0 s"), (29.6, "retry after 30 s"), (3600, "retry after 3600 s")]
)
def test_too_many_tries_say_when_the_next_one_is_heard(seconds: float, text: str) -> None:
    error = TooManySignIns(seconds)
    assert (error.retry_after, str(error)) == (seconds, text)


def test_a_failed_sign_in_does_not_say_why() -> None:
    assert str(SignInFailed()) == ""
    assert vars(SignInFailed()) == {}
