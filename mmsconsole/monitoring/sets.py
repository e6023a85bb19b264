"""What a member says of its replica set (replSetGetStatus). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.monitoring.answers import Lead
from mmsconsole.monitoring.fields import Document, field, moment, number_at, optime, text
from mmsconsole.optime import Optime

HOST_MAX = 300
STATE_MAX = 40
MEMBERS_MAX = 50
"""That a set may have."""


@dataclass(frozen=True, slots=True)
class SetMember:
    host: str
    state: str
    """PRIMARY, SECONDARY, …"""
    healthy: bool
    optime: Optime | None
    """None: it has none, as an arbiter, or is not reached."""
    sync_source: str
    elected_at: datetime | None
    own: bool
    """The one that was asked."""


@dataclass(frozen=True, slots=True)
class SetStatus:
    members: tuple[SetMember, ...] = ()
    term: int | None = None

    @property
    def own(self) -> SetMember | None:
        return next((each for each in self.members if each.own), None)

    @property
    def primary(self) -> SetMember | None:
        """Of several, which an election may leave for a moment, the one elected last."""
        found = [each for each in self.members if each.state == PRIMARY and each.healthy]
        return max(found, key=lambda each: _seconds(each.elected_at), default=None)


def lead_of(found: SetStatus, before: Lead) -> Lead:
    """Of several that say they lead, the one of the later term is believed."""
    own = found.own
    if own is None or own.state != PRIMARY or own.optime is None:
        return before
    if before.optime is not None and own.optime.term < before.optime.term:
        return before
    return Lead(own.optime, frozenset(each.host for each in found.members if not each.healthy))


def read_set(status: Document) -> SetStatus:
    listed = status.get("members")
    members = listed[:MEMBERS_MAX] if isinstance(listed, list) else []
    term = number_at(status, ("term",))
    return SetStatus(tuple(_members(members, status)), None if term is None else int(term))


def lag_of(found: SetStatus, lead: Optime | None = None) -> float | None:
    """Seconds that the member is behind the primary; without one, behind the newest member.

    By what this member itself knows: what others know of it is up to two seconds old, and so long
    would an idle set, where an entry comes every ten seconds, look ten seconds behind.
    `lead`: the newest entry that a primary told of itself. Who sees no primary is measured by it as
    well: a member that is cut off from the others is the newest that it knows.
    None where it has no optime: an arbiter, or one before its initial sync.
    """
    own = found.own
    if own is None or own.optime is None:
        return None
    primary = found.primary
    if primary is not None and primary.optime is not None:
        newest = primary.optime.t
    else:
        known = (lead, *(each.optime for each in found.members))
        newest = max(each.t for each in (own.optime, *known) if each is not None)
    return float(max(0, newest - own.optime.t))


def _members(listed: Iterable[object], status: Document) -> Iterable[SetMember]:
    for each in listed:
        if isinstance(each, dict):
            yield _member(each, status)


def _member(each: Document, status: Document) -> SetMember:
    own = each.get("self") is True
    source = each.get("syncSourceHost", status.get("syncSourceHost") if own else "")
    return SetMember(
        host=text(each.get("name"), HOST_MAX),
        state=text(each.get("stateStr"), STATE_MAX),
        healthy=own or number_at(each, ("health",)) == 1,
        optime=optime(field(each, ("optime",))),
        sync_source=text(source, HOST_MAX),
        elected_at=moment(each.get("electionDate")),
        own=own,
    )


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()
