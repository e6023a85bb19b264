"""One member from poll to poll: what each makes of its samples and of what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.harmless import harmless
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Sample
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.fields import Document, field, number_at, text
from mmsconsole.monitoring.host_facts import host_facts
from mmsconsole.monitoring.observing import Observed, observe

STANDALONE = "STANDALONE"
WON_MAX = 2
"""Elections: this one, and one that may have been the last before it."""
WORD_MAX = 80
HOST_MAX = 300
ERROR_MAX = 400


class MemberTrack:
    """Belongs to whoever polls the member just now. What a server sends never makes it raise."""

    def __init__(self, known: MemberState, clock: Clock, interval_seconds: float) -> None:
        """`known`: from before this engine was started, or an empty one."""
        self._state = known
        self._clock = clock
        self._interval = interval_seconds
        self._before: Observed | None = None

    def answered(self, answers: Answers) -> tuple[Sequence[Sample], MemberState]:
        observed = observe(self._before, answers, self._interval)
        self._before = observed
        self._state = state_of(self._state, answers, observed)
        return samples_of(self._state, observed), self._state

    def failed(self, error: MmsError) -> MemberState:
        """What was known stays, with the reason why nothing newer is."""
        now = self._clock.now()
        self._state = replace(
            self._state,
            asked_at=now,
            error=harmless(error.what)[:ERROR_MAX],
            since=self._state.since or now,
            healthy=False,
            operations=(),
            hot=(),
        )
        return self._state


def samples_of(state: MemberState, observed: Observed) -> list[Sample]:
    """Of the member and its host, and of the databases and collections that were due. Pure."""
    at = observed.reading.at
    sizes = [
        Sample(state.deployment, f"{state.host}/{name}", at, values)
        for name, values in observed.sizes.items()
    ]
    return [Sample(state.deployment, state.host, at, observed.values), *sizes]


def state_of(before: MemberState, answers: Answers, observed: Observed) -> MemberState:
    """What is known of a member that has answered. Pure."""
    status, seen = observed.set_status, answers.server_status
    own = status.own
    return replace(
        _placed(before, answers),
        set_name=text(answers.hello.get("setName"), WORD_MAX),
        state=own.state if own is not None and own.state else role_of(answers.hello),
        asked_at=answers.at,
        seen_at=answers.at,
        error="",
        since=None,
        healthy=answers.host not in answers.lead.unreached,
        version=text(seen.get("version") or answers.build_info.get("version"), WORD_MAX)
        or before.version,
        fcv=text(answers.fcv, WORD_MAX),
        storage_engine=text(field(seen, ("storageEngine", "name")), WORD_MAX),
        started_at=_started_at(answers.at, observed.reading.uptime),
        optime=own.optime if own is not None else None,
        lag_seconds=observed.values.get("replication_lag"),
        sync_source=own.sync_source if own is not None else "",
        primary=text(answers.hello.get("primary"), HOST_MAX),
        elected_at=own.elected_at if own is not None else None,
        won=_won(before.won, own.elected_at if own is not None else None),
        term=status.term,
        oplog_first=answers.oplog_first,
        oplog_last=answers.oplog_last,
        locked=before.locked if answers.locked is None else answers.locked,
        host_info=host_facts(answers.host_info, answers.build_info, answers.options),
        certificate_ends=answers.certificate.ends if answers.certificate else None,
        certificate_names=answers.certificate.names if answers.certificate else (),
        missing=answers.missing,
        values=observed.values,
        operations=observed.operations,
        hot=observed.hot,
    )


def _won(before: tuple[datetime, ...], elected: datetime | None) -> tuple[datetime, ...]:
    if elected is None or elected in before:
        return before
    return (elected, *before)[:WON_MAX]


def role_of(hello: Mapping[str, Any]) -> str:
    """As far as the greeting alone tells. Pure."""
    if "setName" not in hello:
        return STANDALONE
    if hello.get("isWritablePrimary", hello.get("ismaster")):
        return PRIMARY
    if hello.get("arbiterOnly"):
        return "ARBITER"
    return "SECONDARY" if hello.get("secondary") else ""


def _placed(before: MemberState, answers: Answers) -> MemberState:
    """As the set's configuration places it; without one, as its greeting tells."""
    placed = _in_config(answers.config, answers.host) or answers.hello
    delay = number_at(placed, ("secondaryDelaySecs",)) or number_at(placed, ("slaveDelay",))
    priority, votes = number_at(placed, ("priority",)), number_at(placed, ("votes",))
    return replace(
        before,
        hidden=placed.get("hidden") is True,
        arbiter=placed.get("arbiterOnly") is True,
        delay_seconds=int(delay or 0),
        priority=1.0 if priority is None else priority,
        votes=1 if votes is None else int(votes),
    )


def _in_config(config: Document, host: str) -> Document:
    members = config.get("members")
    listed = members if isinstance(members, list) else []
    return next(
        (each for each in listed if isinstance(each, dict) and each.get("host") == host), {}
    )


def _started_at(at: datetime, uptime: float | None) -> datetime | None:
    """To the second: a poll's own milliseconds would make it another one each time."""
    if uptime is None:
        return None
    try:
        return (at - timedelta(seconds=uptime)).replace(microsecond=0)
    except OverflowError:
        return None
