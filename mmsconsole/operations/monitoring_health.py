"""What is wrong with a deployment, as its members tell it, in words. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.agent.tail_warnings import said
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.operations.monitoring_views import CRITICAL, WARNING, HealthWarning, MemberView

LAG_SECONDS = 60.0
"""Beyond the delay that a member was told to keep."""
FALLING_SHARE = 0.5
"""A member that is behind by so much of the oplog that it copies may soon fall out of it."""
CERTIFICATE_DAYS = 30
WORKING = ("PRIMARY", "SECONDARY", "ARBITER", "STANDALONE")


@dataclass(frozen=True, slots=True)
class Seen:
    """The members of one deployment at one time."""

    members: Sequence[MemberView]
    now: datetime
    replicated: bool = True
    """A replica set, and no standalone."""

    @property
    def up(self) -> list[MemberView]:
        return [member for member in self.members if member.up]

    @property
    def primaries(self) -> list[MemberView]:
        return [member for member in self.up if member.state == PRIMARY]


Found = Iterator[HealthWarning]


def warnings_of(seen: Seen) -> tuple[HealthWarning, ...]:
    """The critical ones first. Nothing of members is told that nobody asks any more: only that."""
    if seen.members and all(member.stale for member in seen.members):
        return tuple(_stale(seen))
    found = [warning for rule in RULES for warning in rule(seen)]
    return tuple(sorted(found, key=lambda warning: warning.level != CRITICAL))


def _stale(seen: Seen) -> Found:
    asked = [member.asked_at for member in seen.members if member.asked_at is not None]
    since = f" since {max(asked):%Y-%m-%d %H:%M:%S}Z" if asked else ""
    text = f"nobody has asked the members{since}: what is shown is old"
    yield HealthWarning("stale", CRITICAL, text)


def _no_primary(seen: Seen) -> Found:
    if seen.replicated and seen.members and not seen.primaries:
        yield HealthWarning("no primary", CRITICAL, "no primary: the set takes no writes")


def _two_primaries(seen: Seen) -> Found:
    if len(seen.primaries) > 1:
        told = ", ".join(_with_term(member) for member in seen.primaries)
        yield HealthWarning("two primaries", CRITICAL, f"several members say they lead: {told}")


def _with_term(member: MemberView) -> str:
    return member.host if member.term is None else f"{member.host} (term {member.term})"


def _unreachable(seen: Seen) -> Found:
    for member in seen.members:
        if member.up:
            continue
        since = "" if member.since is None else f" since {member.since:%Y-%m-%d %H:%M:%S}Z"
        why = f": {member.error}" if member.error else ""
        yield HealthWarning(
            "unreachable", CRITICAL, f"{member.host} does not answer{since}{why}", member.host
        )


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


def _locked(seen: Seen) -> Found:
    for member in seen.up:
        if member.locked:
            text = f"{member.host} is locked (fsyncLock): it takes no writes until fsyncUnlock"
            yield HealthWarning("locked", WARNING, text, member.host)


def _lagging(seen: Seen) -> Found:
    windows = {member.host: member.oplog_window_seconds for member in seen.up}
    lead = seen.primaries[0].host if seen.primaries else ""
    for member in seen.up:
        lag = member.lag_seconds or 0.0
        if lag <= member.delay_seconds + LAG_SECONDS:
            continue
        window = windows.get(member.sync_source) or windows.get(lead)
        behind = f"{member.host} is {said(lag)} behind"
        if window and lag > FALLING_SHARE * window:
            text = f"{behind}, of {said(window)} that the oplog holds: it may soon need a resync"
            yield HealthWarning("oplog window", CRITICAL, text, member.host)
        else:
            yield HealthWarning("lag", WARNING, behind, member.host)


def _versions(seen: Seen) -> Found:
    yield from _differing(seen, "versions", "several versions run", lambda each: each.version)


def _fcvs(seen: Seen) -> Found:
    yield from _differing(
        seen, "fcv", "the feature compatibility version differs", lambda each: each.fcv
    )


def _differing(
    seen: Seen, kind: str, what: str, of: Callable[[MemberView], str]
) -> Found:  # fmt: skip
    groups: dict[str, list[str]] = {}
    for member in seen.up:
        if of(member):
            groups.setdefault(of(member), []).append(member.host)
    if len(groups) > 1:
        told = "; ".join(f"{value}: {', '.join(hosts)}" for value, hosts in sorted(groups.items()))
        yield HealthWarning(kind, WARNING, f"{what}: {told}")


def _even_votes(seen: Seen) -> Found:
    """Half of them apart, and nobody leads."""
    votes = sum(member.votes for member in seen.members)
    if seen.replicated and votes and votes % 2 == 0:
        text = f"an even number of votes ({votes}): one fewer would survive as many failures"
        yield HealthWarning("votes", WARNING, text)


def _certificates(seen: Seen) -> Found:
    for member in seen.up:
        ends = member.certificate_ends
        if ends is None or ends - seen.now > timedelta(days=CERTIFICATE_DAYS):
            continue
        over = ends <= seen.now
        text = f"the certificate of {member.host} {'ended' if over else 'ends'} {ends:%Y-%m-%d}"
        yield HealthWarning("certificate", CRITICAL if over else WARNING, text, member.host)


RULES: tuple[Callable[[Seen], Found], ...] = (
    _no_primary, _two_primaries, _unreachable, _not_working, _locked, _lagging, _versions, _fcvs,
    _even_votes, _certificates,
)  # fmt: skip
