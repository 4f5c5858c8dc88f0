"""Checks of settings' values. An error names the problem and never repeats the value."""

import base64
import binascii
import os
import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, IPvAnyNetwork, SecretStr

from adapters.configuration.sources import read_dotenv
from adapters.configuration.urls.database_url import read_database_url
from adapters.configuration.urls.keys_url import check_keys_url
from adapters.configuration.urls.redis_url import read_redis_url
from adapters.configuration.visible import check_visible
from domain.events.webhooks.addresses import BadAllowance, parse_allowed

_ENV_REFERENCE: Final = "env:"
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_LONGEST: Final = 10 * 366 * 24 * 3600
_WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix of a network of public addresses that may be trusted."""


def check_text(value: Any) -> Any:
    """Any value; a text must not be empty or have surrounding white space. Raises ValueError."""
    return check_visible(value) if isinstance(value, str) else value


def check_size(value: Any) -> Any:
    """Any value; no number may exceed the seconds of ten years. Raises ValueError."""
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(number, float) and number > _LONGEST for number in numbers):
        raise ValueError(f"must be at most {_LONGEST}")
    return value


def split_list(value: Any) -> Any:
    """Split a list from the environment at commas."""
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


def read_reference(text: str) -> str:
    """The text, or for `env:NAME` the variable in the environment or in `.env`. Raises ValueError."""
    if not text.startswith(_ENV_REFERENCE):
        return check_visible(text)
    name = text.removeprefix(_ENV_REFERENCE)
    # It may be a secret, by mistake.
    called = f"the environment variable {name if _VARIABLE.fullmatch(name) else 'behind env:'}"
    content = os.environ.get(name) or read_dotenv().get(name)
    if not content:
        raise ValueError(f"{called} is not set")
    try:
        return check_visible(content)
    except ValueError as error:
        raise ValueError(f"{called} {error}") from None


def referred_names(value: Any) -> set[str]:
    """The environment variables to which a tree of values refers."""
    if isinstance(value, str):
        return {value.removeprefix(_ENV_REFERENCE)} if value.startswith(_ENV_REFERENCE) else set()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(referred_names(part) for part in parts))


def _read_secret(value: SecretStr) -> SecretStr:
    return SecretStr(read_reference(value.get_secret_value()))


def _read_master_key(value: SecretStr) -> SecretStr:
    text = read_reference(value.get_secret_value())
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError("a master key is 32 bytes in base64")
    return SecretStr(text)


def check_http_url(text: str) -> str:
    """Any URL with http or https, without a user. Raises ValueError."""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\\]", text):
        raise ValueError("must be a URL: https://HOST/PATH")
    if "@" in url.netloc:
        raise ValueError("must hold no user and no password")
    return text


def _check_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """A network of trusted proxies, which determine the caller's address. Raises ValueError if too large."""
    version, prefix = network.version, network.prefixlen
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and prefix >= 96:
        version, prefix = 4, prefix - 96
    private = network.is_private and prefix > 0 and mapped is None
    if prefix < _WIDEST[version] and not private:
        raise ValueError(f"{network} is no network of proxies: strangers could say who calls")
    return network


def _check_webhook_target(text: str) -> str:
    """An entry of the allow-list. Raises ValueError if it is not one, or if it allows every address."""
    try:
        allowed = parse_allowed([text])
    except BadAllowance:
        raise ValueError("must be a network, a host or a URL without a path") from None
    if any(network.prefixlen == 0 for network in allowed.networks):
        raise ValueError("must not open every address")
    return text


def _check_egress_proxy(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = (
            url.scheme in {"http", "https"} and url.hostname and not url.path.strip("/") and url.port != 0
        )
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be http://HOST:PORT")
    return text


def _check_redis_url(text: str) -> str:
    read_redis_url(text)
    return text


def _check_database_url(text: str) -> str:
    read_database_url(text)
    return text


Key = Annotated[str, AfterValidator(read_reference)]
Secret = Annotated[SecretStr, AfterValidator(_read_secret)]
MasterKey = Annotated[SecretStr, AfterValidator(_read_master_key)]
HttpUrl = Annotated[str, AfterValidator(check_http_url)]
RedisUrl = Annotated[str, AfterValidator(_check_redis_url)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
KeysUrl = Annotated[str, AfterValidator(check_keys_url)]
WebhookTarget = Annotated[str, AfterValidator(_check_webhook_target)]
EgressProxy = Annotated[str, AfterValidator(_check_egress_proxy)]
ProxyNetwork = Annotated[IPvAnyNetwork, AfterValidator(_check_network)]
