"""Private, special and carried addresses are refused in every form, unless the operator allows them."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events.webhooks.addresses import BadAllowance, is_refused, parse_allowed

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "100.127.255.255", "127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.0.1", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::7f00:1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:7f00:1::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "2002:c0a8:1::",
    "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fd20:ce::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff05::1:3",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
    "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1", "223.255.255.255", "2400:cb00::1",
    "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not_refused(address: str) -> None:
    assert not is_refused(address)


@given(address=st.ip_addresses())
def test_nothing_is_public_that_python_calls_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert is_refused(str(address)) or str(address).startswith(("64:ff9b::", "2002:", "192.0.0."))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "1.1.1.1 "])
def test_a_text_that_is_not_an_address_is_refused(text: str) -> None:
    assert is_refused(text)


def test_an_address_of_this_machine_is_refused_unless_it_is_allowed() -> None:
    own = [ipaddress.ip_address("8.8.8.8")]
    assert is_refused("8.8.8.8", own=own)
    assert not is_refused("8.8.8.8", own=own, allowed=parse_allowed(["8.8.8.0/24"]))
    assert not is_refused("8.8.4.4", own=own)


def test_an_allowed_network_opens_its_addresses_alone() -> None:
    allowed = parse_allowed(["10.0.0.0/8", "fd00::/8", "127.0.0.1"])
    for address in ("10.1.2.3", "fd00::1", "127.0.0.1"):
        assert not is_refused(address, allowed=allowed)
    for address in ("11.0.0.1", "127.0.0.2", "169.254.169.254", "fe80::1"):
        assert is_refused(address, allowed=allowed) is (address != "11.0.0.1")


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://crm.internal/hook", True),
        ("https://CRM.internal.:8443/hook", True),
        ("http://crm.internal.evil.example/", False),
        ("http://evil.crm.internal/", False),
        ("http://hooks.intra:8080/a", True),
        ("https://hooks.intra:8080/a", False),
        ("http://hooks.intra/a", False),
        ("https://billing.intra/a", True),
        ("https://billing.intra:443/a", True),
        ("https://billing.intra:444/a", False),
    ],
)
def test_hosts_are_allowed_at_every_port_and_urls_at_theirs(url: str, is_allowed: bool) -> None:
    allowed = parse_allowed(["crm.internal", "http://hooks.intra:8080", "https://billing.intra/"])
    assert allowed.has_name(url) is is_allowed


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.internal", "crm.internal/", "ftp://crm", "http://", "http://crm/path", "http://crm:x"],
)
def test_a_malformed_entry_is_refused(entry: str) -> None:
    with pytest.raises(BadAllowance):
        parse_allowed([entry])
