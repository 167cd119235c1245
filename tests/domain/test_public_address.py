"""Only machines of the public network are called for somebody we need not trust."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.public_address import is_numeric_host, is_public, is_within, literal_address

# What the reference denies by name.
DENIED = [
    "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.255", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "0.0.0.1",
    "198.18.0.1", "192.0.2.1", "192.88.99.1",
    "::1", "::", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "::8.8.8.8", "100::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450::200e"]


@pytest.mark.parametrize("address", DENIED)
def test_what_could_be_ours_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_machines_of_the_network_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4).map(IPv4Address))
def test_no_public_address_is_private_for_the_standard_library(address: IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0/96", "64:ff9b::/96", "::/96"]))
def test_an_address_wrapped_in_another_is_never_public(number: int, network: str) -> None:
    assert not is_public(ip_network(network)[number])  # type: ignore[arg-type]


@given(st.integers(0, 2**32 - 1))
def test_no_tunnel_is_public(number: int) -> None:
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80)))


@given(st.ip_addresses(v=4).map(IPv4Address))
def test_other_spellings_of_an_address_are_known_as_numbers(address: IPv4Address) -> None:
    number = int(address)
    octal = ".".join(f"0{int(part):o}" for part in str(address).split("."))
    for spelled in (str(number), hex(number), octal, f"{hex(number >> 24)}.{number & 0xFFFFFF}", f"{address}."):
        assert literal_address(spelled) is None or spelled == str(address) or number == 0 or octal == str(address)
        assert is_numeric_host(spelled)


@pytest.mark.parametrize("name", ["example.com", "3.example", "x0x1.dev", "hooks.0xfg", "a1"])
def test_names_are_no_numbers(name: str) -> None:
    assert not is_numeric_host(name)


def test_a_network_holds_its_own_kind_only() -> None:
    networks = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]

    assert is_within(ip_address("10.1.2.3"), networks)
    assert is_within(ip_address("fd00::1"), networks)
    assert not is_within(ip_address("11.0.0.1"), networks)
