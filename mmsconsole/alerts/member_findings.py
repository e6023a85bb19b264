"""What the monitoring of the members shows. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from math import isfinite

from mmsconsole.agent.tail_warnings import said
from mmsconsole.alerts import conditions as names
from mmsconsole.alerts.facts import DeploymentFacts, Facts
from mmsconsole.alerts.finding import NOT_SO, SO, Finding, moment
from mmsconsole.alerts.notify.quantities import in_words
from mmsconsole.alerts.units import unit_of
from mmsconsole.metadata.deployments import DeploymentKind
from mmsconsole.metadata.members import MemberState
from mmsconsole.mongod.topology import PRIMARY

FOLLOWING = ("SECONDARY", "RECOVERING", "ROLLBACK")
"""States in which a member can be behind: one that is too stale recovers for ever."""
WINDOW = "oplog_window"
"""The metric, in seconds."""
NEARLY_FULL = 0.9
"""An oplog that is not full yet only grows: how far it reaches back says nothing."""

SELDOM = 5
"""A member that does not answer is asked up to so many times less often."""

Member = tuple[DeploymentFacts, MemberState]


def members_of(facts: Facts) -> Iterator[Member]:
    """Of deployments that are monitored."""
    for one in facts.deployments:
        if one.deployment.monitored and facts.watched:
            for member in one.members:
                yield one, member


def unasked(facts: Facts, member: MemberState) -> str:
    """Why nobody knows whether it answers; empty: it was asked just now."""
    if member.asked_at is None:
        return "it was not asked yet"
    seldom = bool(member.error) and facts.has_agent
    if facts.age(member.asked_at) >= facts.stale_seconds * (SELDOM if seldom else 1):
        return f"nobody has asked it since {moment(member.asked_at)}: the agent may be down"
    return ""


def silence_of(facts: Facts, member: MemberState) -> str:
    """Why nothing is known of it just now; empty: it answers."""
    return unasked(facts, member) or ("it does not answer" if member.error else "")


def host_down(facts: Facts) -> Iterator[Finding]:
    """An agent that is down makes no host seem so."""
    for one, member in members_of(facts):
        unknown = unasked(facts, member)
        value = None if unknown else SO if member.error else NOT_SO
        since = f" since {moment(member.since)}" if member.since else ""
        said_so = f"{member.host} does not answer{since}{_led(facts, one, member)}: {member.error}"
        text = unknown or (said_so if member.error else f"{member.host} answers")
        yield _finding(names.HOST_DOWN, one, member, value, text)


def _led(facts: Facts, one: DeploymentFacts, member: MemberState) -> str:
    """It is only we who do not reach it."""
    others = [each.host for each in one.members
              if each.primary == member.host and not silence_of(facts, each)]  # fmt: skip
    return f", but {' and '.join(others[:2])} see it as primary" if others else ""


def primary_of(facts: Facts, one: DeploymentFacts) -> str:
    """Its host; empty: none is known. One that we do not reach is primary all the same while others
    see it as that."""
    answering = [each for each in one.members if not silence_of(facts, each)]
    named = [each.host for each in _primaries(answering)]
    return next(filter(None, (*named, *(each.primary for each in answering))), "")


def no_primary(facts: Facts) -> Iterator[Finding]:
    for one, answering in _sets(facts):
        primary = primary_of(facts, one)
        if not answering:
            text, value = "none of its members answers", None
        elif primary:
            text, value = f"{primary} is primary", NOT_SO
        else:
            states = ", ".join(f"{each.host} {each.state or 'unknown'}" for each in answering)
            text, value = f"none of the members that answer is primary: {states}", SO
        yield Finding(names.NO_PRIMARY, "", value, text, one.id)


def multiple_primaries(facts: Facts) -> Iterator[Finding]:
    for one, answering in _sets(facts):
        primaries = _primaries(answering)
        hosts = ", ".join(_with_term(each) for each in primaries)
        value = None if not answering else SO if len(primaries) > 1 else NOT_SO
        text = f"{len(primaries)} members say that they are primary: {hosts}"
        text = text if value else "no two members say that they are primary"
        yield Finding(names.MULTIPLE_PRIMARIES, "", value, text, one.id)


def _with_term(member: MemberState) -> str:
    return member.host if member.term is None else f"{member.host} (term {member.term})"


def new_primary(facts: Facts) -> Iterator[Finding]:
    """Not of one that was elected before the deployment was added."""
    for one, answering in _sets(facts):
        for primary in _primaries(answering):
            elected = primary.elected_at
            if elected is not None and elected > one.deployment.created_at:
                text = f"{primary.host} was elected primary at {moment(elected)}"
                yield Finding(
                    names.NEW_PRIMARY, "", SO, text + _after(primary, one), one.id, at=elected,
                    occurrence=f"{primary.host} {int(elected.timestamp())}",
                )  # fmt: skip


def _after(primary: MemberState, one: DeploymentFacts) -> str:
    """Who was it before, as far as we saw it; empty where it was the same, or is not known."""
    earlier = [
        (at, each.host) for each in one.members for at in each.won
        if primary.elected_at is not None and at < primary.elected_at
    ]  # fmt: skip
    _, before = max(earlier, default=(None, primary.host))
    return "" if before == primary.host else f", after {before}"


def replication_lag(facts: Facts) -> Iterator[Finding]:
    """Beside what a delayed member is to be behind."""
    for one, member in members_of(facts):
        if member.state not in FOLLOWING and not member.error:
            continue
        silence, seconds = silence_of(facts, member), _finite(member.lag_seconds)
        if silence or seconds is None:
            why = silence or "it does not tell how far it has come"
            yield _finding(names.REPLICATION_LAG, one, member, None, why)
            continue
        lag = max(0.0, seconds - member.delay_seconds)
        meant = f", beside its delay of {said(member.delay_seconds)}" * bool(member.delay_seconds)
        text = f"{member.host} is {in_words(lag, 's')} behind{meant}"
        yield _finding(names.REPLICATION_LAG, one, member, lag, text)


def oplog_window(facts: Facts) -> Iterator[Finding]:
    for one, member in members_of(facts):
        if member.arbiter or one.deployment.kind is DeploymentKind.STANDALONE:
            continue
        silence, seconds = silence_of(facts, member), window_seconds(member)
        if silence or seconds is None:
            why = silence or "its oplog is not known"
            yield _finding(names.OPLOG_WINDOW, one, member, None, why)
        elif _oplog_is_full(one, member):
            text = f"the oplog of {member.host} reaches back {said(seconds)}"
            yield _finding(names.OPLOG_WINDOW, one, member, seconds / 3600, text)


def window_seconds(member: MemberState) -> float | None:
    if WINDOW in member.values:
        return _finite(member.values[WINDOW])
    if member.oplog_first is None or member.oplog_last is None:
        return None
    return float(member.oplog_last.t - member.oplog_first.t)


def _finite(seconds: float | None) -> float | None:
    """Whoever writes samples: one that is no number must not keep all others from being judged."""
    return seconds if seconds is not None and isfinite(seconds) else None


def _oplog_is_full(one: DeploymentFacts, member: MemberState) -> bool:
    full = is_nearly_full(member.values)
    return full if full is not None else one.tail is None or one.tail.oplog_full


def is_nearly_full(values: Mapping[str, float]) -> bool | None:
    """The oplog of a member with these values; None: it does not tell."""
    used, most = (values.get(each) for each in ("oplog_bytes", "oplog_maximum"))
    return used >= NEARLY_FULL * most if used is not None and most else None


def member_locked(facts: Facts) -> Iterator[Finding]:
    for one, member in members_of(facts):
        silence = silence_of(facts, member)
        value = None if silence else SO if member.locked else NOT_SO
        known = "is locked against writes (fsyncLock)" if value else "is not locked"
        text = silence or f"{member.host} {known}"
        yield _finding(names.MEMBER_LOCKED, one, member, value, text)


def certificate_end(facts: Facts) -> Iterator[Finding]:
    """Also of a member that is down: it ends all the same."""
    for one, member in members_of(facts):
        ends = member.certificate_ends
        if ends is not None:
            days = (ends - facts.now) / timedelta(days=1)
            what = "ended" if days < 0 else "ends"
            text = f"the certificate of {member.host} {what} at {moment(ends)}"
            yield _finding(names.CERTIFICATE_END, one, member, days, text)


def version_mix(facts: Facts) -> Iterator[Finding]:
    for one, answering in _sets(facts):
        majors: dict[str, list[str]] = {}
        for each in answering:
            if each.version:
                majors.setdefault(".".join(each.version.split(".")[:2]), []).append(each.host)
        value = None if not majors else SO if len(majors) > 1 else NOT_SO
        told = (f"{version} ({', '.join(hosts)})" for version, hosts in sorted(majors.items()))
        text = f"its members run {' and '.join(told) or 'unknown versions'}"
        yield Finding(names.VERSION_MIX, "", value, text, one.id)


def fcv_change(facts: Facts) -> Iterator[Finding]:
    """Of backups: the head has the featureCompatibilityVersion of its source."""
    for one, answering in _sets(facts):
        primary = next(iter(_primaries(answering)), None)
        if not one.started or not one.deployment.fcv:
            continue
        fcv = "" if primary is None else primary.fcv
        value = None if not fcv else SO if fcv != one.deployment.fcv else NOT_SO
        text = f"the source has {fcv or 'an unknown one'}, the backup was made for "
        yield Finding(names.FCV_CHANGE, "", value, text + one.deployment.fcv, one.id)


def metric_findings(facts: Facts, condition: str, metric: str) -> Iterator[Finding]:
    """Of every member that has the metric; where it does not answer, there is no data."""
    for one, member in members_of(facts):
        silence = silence_of(facts, member)
        value = None if silence else member.values.get(metric)
        if value is None:
            text = silence or f"{member.host} tells no {metric}"
        else:
            text = f"{metric} of {member.host} is {in_words(value, unit_of(condition, metric))}"
        yield _finding(condition, one, member, value, text, metric)


def _sets(facts: Facts) -> Iterator[tuple[DeploymentFacts, list[MemberState]]]:
    """Replica sets that are monitored, with their members that answer."""
    for one in facts.deployments:
        is_set = one.deployment.kind is not DeploymentKind.STANDALONE
        if one.deployment.monitored and facts.watched and one.members and is_set:
            yield one, [each for each in one.members if not silence_of(facts, each)]


def _primaries(members: list[MemberState]) -> list[MemberState]:
    return [each for each in members if each.state == PRIMARY]


def _finding(
    condition: str, one: DeploymentFacts, member: MemberState, value: float | None, text: str,
    metric: str = "",
) -> Finding:  # fmt: skip
    return Finding(condition, member.host, value, text, one.id, metric)


MEMBER_FINDERS: dict[str, Callable[[Facts], Iterator[Finding]]] = {
    names.HOST_DOWN: host_down,
    names.NO_PRIMARY: no_primary,
    names.MULTIPLE_PRIMARIES: multiple_primaries,
    names.NEW_PRIMARY: new_primary,
    names.REPLICATION_LAG: replication_lag,
    names.OPLOG_WINDOW: oplog_window,
    names.MEMBER_LOCKED: member_locked,
    names.CERTIFICATE_END: certificate_end,
    names.VERSION_MIX: version_mix,
    names.FCV_CHANGE: fcv_change,
}
