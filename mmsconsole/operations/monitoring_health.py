"""What is wrong with a deployment, as its members tell it, in words. Pure.

What there are rules of is judged as for alerts (alerts/member_judging.py); here that is put
together with what is no trouble yet, but may become one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mmsconsole.agent.tail_warnings import said
from mmsconsole.alerts import conditions as names
from mmsconsole.alerts.finding import moment
from mmsconsole.alerts.member_findings import is_nearly_full
from mmsconsole.alerts.member_judging import Trouble
from mmsconsole.metadata.events import Severity
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.operations.monitoring_views import (
    CRITICAL,
    WARNING,
    WORKING,
    HealthWarning,
    MemberView,
)

FALLING_SHARE = 0.5
"""A member that is behind by so much of the oplog that it copies may soon fall out of it."""

KINDS = {
    names.NO_PRIMARY: "no primary",
    names.MULTIPLE_PRIMARIES: "two primaries",
    names.HOST_DOWN: "unreachable",
    names.MEMBER_LOCKED: "locked",
    names.REPLICATION_LAG: "lag",
    names.OPLOG_WINDOW: "oplog window",
    names.CERTIFICATE_END: "certificate",
    names.VERSION_MIX: "versions",
    names.FCV_CHANGE: "fcv change",
    names.METRIC_ABOVE: "metric",
    names.METRIC_BELOW: "metric",
}
"""Of warnings, by condition."""
ORDER = (
    "no primary", "two primaries", "unreachable", "stale", "resync near", "state", "not healthy",
    "locked", "lag", "oplog window", "certificate", "metric", "versions", "fcv", "fcv change",
    "votes",
)  # fmt: skip
"""The worst kinds first, of one level."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The members of one deployment at one time."""

    members: Sequence[MemberView]
    troubles: Sequence[Trouble] = ()
    replicated: bool = True
    """A replica set, and no standalone."""

    @property
    def up(self) -> list[MemberView]:
        return [member for member in self.members if member.up]


Found = Iterator[HealthWarning]


def warnings_of(seen: Seen) -> tuple[HealthWarning, ...]:
    """The critical ones first. Nothing of members is told that nobody asks any more: only that."""
    if seen.members and all(member.stale for member in seen.members):
        return tuple(_stale(seen))
    found = [warning for rule in RULES for warning in rule(seen)]
    return tuple(sorted(found, key=lambda one: (one.level != CRITICAL, ORDER.index(one.kind))))


def _stale(seen: Seen) -> Found:
    asked = [member.asked_at for member in seen.members if member.asked_at is not None]
    since = f" since {moment(max(asked))}" if asked else ""
    text = f"nobody has asked the members{since}: what is shown is old"
    yield HealthWarning("stale", CRITICAL, text)


def _judged(seen: Seen) -> Found:
    for trouble in seen.troubles:
        kind = KINDS[trouble.condition]
        over = kind == "certificate" and trouble.value is not None and trouble.value <= 0
        level = CRITICAL if over or trouble.severity is Severity.ERROR else WARNING
        yield HealthWarning(kind, level, trouble.text, trouble.subject)


def _unasked(seen: Seen) -> Found:
    """Others are asked: nobody knows of this one."""
    down = {each.subject for each in seen.troubles if each.condition == names.HOST_DOWN}
    for member in seen.members:
        if not member.up and member.host not in down:
            at = member.asked_at
            known = "was not asked yet" if at is None else f"was asked at {moment(at)} last"
            yield HealthWarning("stale", WARNING, f"{member.host} {known}", member.host)


def _not_working(seen: Seen) -> Found:
    for member in seen.up:
        if member.state not in WORKING:
            state = member.state or "in no state"
            yield HealthWarning(
                "state", WARNING, f"{member.host} is {state}, and neither leads nor follows",
                member.host,
            )  # fmt: skip
        elif not member.healthy:
            text = f"{member.host} answers, but the primary does not reach it"
            yield HealthWarning("not healthy", WARNING, text, member.host)


def _falling(seen: Seen) -> Found:
    """Out of the oplog that it copies. One that is not full drops nothing."""
    sources = {member.host: member for member in seen.up}
    lead = next((member for member in seen.up if member.state == PRIMARY), None)
    for member in seen.up:
        source = sources.get(member.sync_source, lead)
        window = None if source is None else source.oplog_window_seconds
        if source is None or window is None or is_nearly_full(source.values) is False:
            continue
        behind = max(0.0, (member.lag_seconds or 0.0) - member.delay_seconds)
        if behind > max(0.0, FALLING_SHARE * (window - member.delay_seconds)):
            text = f"{member.host} is {said(behind)} behind, and may soon need a resync: the oplog"
            text += f" of {source.host} reaches back {said(window)}"
            yield HealthWarning("resync near", CRITICAL, text, member.host)


def _fcvs(seen: Seen) -> Found:
    groups: dict[str, list[str]] = {}
    for member in seen.up:
        if member.fcv:
            groups.setdefault(member.fcv, []).append(member.host)
    if len(groups) > 1:
        told = "; ".join(f"{value}: {', '.join(hosts)}" for value, hosts in sorted(groups.items()))
        text = f"the feature compatibility version differs: {told}"
        yield HealthWarning("fcv", WARNING, text)


def _even_votes(seen: Seen) -> Found:
    """Half of them apart, and nobody leads."""
    votes = sum(member.votes for member in seen.members)
    if seen.replicated and votes and votes % 2 == 0:
        text = f"an even number of votes ({votes}): one fewer would survive as many failures"
        yield HealthWarning("votes", WARNING, text)


RULES: tuple[Callable[[Seen], Found], ...] = (
    _judged, _unasked, _not_working, _falling, _fcvs, _even_votes,
)  # fmt: skip
