"""Which addresses a request may go to: pure.

What an administrator wrote into the settings may lie in his own network. Where an answer sends us
must not: else whoever answers a hook could have us call things that only we can reach.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Ip = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
_NO_ONES = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""Of protocols; not all of it is private by is_global."""
_CLOUD_METADATA = (
    ip_address("100.100.100.200"),  # Alibaba
    ip_address("168.63.129.16"),  # Azure
    ip_address("192.0.0.192"),  # Oracle
    ip_address("fd00:ec2::254"),  # AWS; the usual 169.254.169.254 is link-local
)


def why_refused(address: str, *, redirected: bool) -> str:
    """Empty: it may be called. `address`: as getaddrinfo gives it.

    `redirected`: an answer named it, not the settings.
    """
    found = _every_meaning(ip_address(address))
    if any(map(_never, found)):
        return "no service of anybody's is there"
    if redirected and not all(map(_is_public, found)):
        return "it is a private address, and an answer sent us there"
    return ""


def _every_meaning(address: Ip) -> list[Ip]:
    """The address itself, and the IPv4 address that hides in it: a packet may end at that one."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    hidden = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    if int(address) >> 32 == 0 and int(address) > 1:
        hidden.append(IPv4Address(int(address)))
    return [address, *(each for each in hidden if each is not None)]


def _is_public(address: Ip) -> bool:
    """IPv6: what is given out to networks; the rest is local, or translated to IPv4."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _NO_ONES)
    return address.is_global and address in _UNICAST


def _never(address: Ip) -> bool:
    odd = address.is_unspecified or address.is_multicast or address.is_link_local
    return odd or address in _CLOUD_METADATA
