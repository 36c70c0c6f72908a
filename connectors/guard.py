"""Keeps connectors from reaching where a model must not: private, local and metadata addresses (SSRF).

A host is resolved once; every address it has must be public, and the connection is made to one of those that
were checked, so that a second look-up (DNS rebinding) decides nothing. Redirects are checked like first calls.
"""

import ipaddress
import socket
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from flowmaster.engine.errors import FlowMasterError

PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a request goes: the address that was checked, and the host that it is for."""

    scheme: str
    host: str
    port: int
    address: str
    path: str


def resolve(url: str, *, allowed_hosts: Collection[str] = ()) -> Place:
    """Return where a URL leads, or refuse it; hosts in `allowed_hosts` (`host` or `host:port`) may be private."""
    plain = ("it is no plain http or https address", "an address such as https://api.example.com/x")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _refused(url, *plain) from None
    host = parts.hostname or ""
    if parts.scheme not in PORTS or not host or not port or parts.username is not None:
        raise _refused(url, *plain)
    if any(ord(letter) < 33 for letter in url):
        raise _refused(url, "it holds control characters or blanks", "an address without them")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise FlowMasterError(
            "http.host_unknown",
            f"The host {host!r} is not known.",
            path="url",
            fix="Correct the address.",
            status=502,
        ) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    trusted = host in allowed_hosts or f"{host}:{port}" in allowed_hosts
    if not trusted:
        for address in addresses:
            if not is_public(address):
                raise _refused(
                    url,
                    f"{host!r} lies in a private or reserved network ({address})",
                    "a public host, or one that the server's operator has allowed",
                )
    path = parts.path or "/"
    return Place(parts.scheme, host, port, addresses[0], f"{path}?{parts.query}" if parts.query else path)


def is_public(address: str) -> bool:
    """Return whether an address belongs to the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _refused(url: str, why: str, expected: str) -> FlowMasterError:
    return FlowMasterError(
        "http.address_forbidden",
        f"The address {url[:200]!r} is not called: {why}.",
        path="url",
        expected=expected,
        fix="Use a public address, or let the operator allow the host with `FLOWMASTER_ALLOWED_HOSTS`.",
        status=403,
    )
