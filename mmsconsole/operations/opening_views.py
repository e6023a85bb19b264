"""Opened snapshots, as people see them. No password is in them."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class OpeningView:
    id: str
    deployment: str
    snapshot: str
    optime: Optime
    state: str
    """starting, open, closing, closed or failed."""
    address: str
    """host:port while it is open, else empty."""
    user: str
    until: datetime
    bytes: int
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class OpenedCollection:
    database: str
    collection: str
    kind: str
    """collection, view or timeseries."""
    documents: int | None
    """None where that is not counted: views, and what belongs to the server."""


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    namespace: str
    documents: tuple[str, ...]
    """Canonical extended JSON, one line each."""
    more: bool
    """There are more than were asked for."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to get in. It holds the password: shown to who asks for it, and nowhere else."""

    id: str
    uri: str
    shell: str
    """A command line without the password: mongosh asks for it."""
    password: str
