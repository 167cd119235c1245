"""Which addresses on the network are public: those to which we go for somebody we need not trust."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# RFC 6890 and its successors, without the few addresses in them that are services of the whole network: nobody
# receives our documents there.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_UNICAST_6 = IPv6Network("2000::/3")
"""Outside of it are loopback, mapped IPv4 (::ffff:0:0/96), NAT64 (64:ff9b::/96), private, link-local, multicast."""
# Within it: protocol assignments with Teredo, examples, 6to4, and services of the whole network.
_NOT_PUBLIC_6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_public(address: Address) -> bool:
    """Say whether an address belongs to one machine on the public network.

    An IPv4 address that is wrapped in an IPv6 one is not: whatever translates it may stand in our own network.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return (
        address in _UNICAST_6 and address.scope_id is None and not any(address in network for network in _NOT_PUBLIC_6)
    )


def is_numeric_host(host: str) -> bool:
    """Say whether a host is a number as some resolvers read it, such as `2130706433`, `0x7f.1`, or `0177.0.0.1`.

    Its last part decides: no name in the public directory ends in a number.
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or (last.startswith("0x") and all(sign in "0123456789abcdef" for sign in last[2:]))


def literal_address(host: str) -> Address | None:
    """Return the address that a host is, in its one proper spelling; None where it is a name or something odd."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]") if host.startswith("[") else host)
    except ValueError:
        return None


def is_within(address: Address, networks: Collection[Network]) -> bool:
    """Say whether an address lies in one of these networks."""
    return any(address in network for network in networks)
