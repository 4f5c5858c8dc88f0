"""What the use cases of persons refuse.

GatewayError
├── NameRefused              not a login name
├── NameTaken                another person has this login name
├── IdentityTaken            another person signs in by this identity of the provider
├── NoSuchPerson             there is no such person, or not in the caller's apps
├── NotPermitted             the actor lacks the right `people` where the change would count
├── LastAdmin                the last active admin of every app stays
├── PasswordRefused          a new password that is too short, too long or too easy; `code` says which
├── SignInFailed             no sign-in; why is for the audit alone
├── TooManySignIns           too many tries by this name or from this address
├── LinkInvalid              a link that was used, has ended or never existed
├── ProviderRefused          the identity provider's answer proves nothing; `code` says why
├── ProviderAway             the identity provider cannot be reached
├── NoSuchPersonalToken      the person has no token of this name
├── OutOfBounds              a link or a token that would live too short or too long
└── ScopeRefused             a scope that does not exist
"""

from domain.errors import GatewayError


class NameRefused(GatewayError):
    """A login name has 1 to 64 of the characters `a-z 0-9 . _ @ + -` and begins with a letter or a digit."""


class NameTaken(GatewayError):
    """Another person has this login name."""


class IdentityTaken(GatewayError):
    """Another person signs in by this identity of the provider."""


class NoSuchPerson(GatewayError):
    """There is no such person, or not in the apps that the actor manages."""


class NotPermitted(GatewayError):
    """The actor lacks the right to do this here."""


class LastAdmin(GatewayError):
    """No other active person is an admin of every app."""


class PasswordRefused(GatewayError):
    """A new password that cannot be used. `code`: `too_short`, `too_long` or `too_easy`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SignInFailed(GatewayError):
    """The name, the password or the code is wrong, or the person is disabled: the answer does not tell."""


class TooManySignIns(GatewayError):
    """Too many failed tries. `retry_after`: seconds until the next one is heard."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"retry after {retry_after:.0f} s")
        self.retry_after = retry_after


class LinkInvalid(GatewayError):
    """A link that was used, has ended, was replaced or never existed."""


class ProviderRefused(GatewayError):
    """The identity provider's answer proves nothing. `code`: what is wrong with it, without its content."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderAway(GatewayError):
    """The identity provider cannot be reached, or answers no JSON."""


class NoSuchPersonalToken(GatewayError):
    """The person has no token of this name."""


class OutOfBounds(GatewayError):
    """A link or a token that would live too short or too long."""


class ScopeRefused(GatewayError):
    """A scope that does not exist."""
