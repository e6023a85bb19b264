"""What people see of links."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkOffer:
    """A new link, with its token: told once, to who asked, and kept nowhere."""

    url: str
    curl: str
    """A command line, ready to paste into any host that reaches this one."""
    sha256_url: str
    notes: tuple[str, ...] = ()
    """What stands in the way, or should be known."""


@dataclass(frozen=True, slots=True)
class LinkView:
    id: str
    """Its restore has the same."""
    deployment: str
    name: str
    """Of the file."""
    state: str
    """preparing, ready, expired, used up, revoked or failed."""
    created_at: datetime
    created_by: str
    hours: float
    expires_at: datetime | None
    downloads: int
    downloads_max: int
    """0: not counted."""
    bytes: int
    """Uncompressed; 0 while it is being prepared."""
    sent_bytes: int
    sha256: str
    """Of what is downloaded; empty while nobody has computed it."""
    staged: bool
    """Its files lie on this machine; else they are read from the store."""
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ServiceCa:
    """How clients know the engine's front end."""

    url: str
    ca: str
    """The file for curl's --cacert; empty: the certificate was given, and needs none."""
    fingerprint: str
    """sha256 of the CA's certificate, in hex."""
    pin: str
    """For curl's --pinnedpubkey."""
