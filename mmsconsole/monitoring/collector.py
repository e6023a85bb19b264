"""Asks every member in its turn, in a bounded number of threads, and hands over what comes.

Whatever one member does (hangs, dies, sends nonsense) is a state of that member; nobody waits
for it but one thread, for as long as its timeouts allow.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from mmsconsole.clock import Clock, thread_seconds
from mmsconsole.errors import MmsError
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Sample
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.monitoring.answers import Answers, Lead
from mmsconsole.monitoring.discovery import Expected, Roster
from mmsconsole.monitoring.schedule import Schedule
from mmsconsole.monitoring.sets import lead_of, read_set
from mmsconsole.monitoring.workers import Workers

log = logging.getLogger(__name__)

DOUBTFUL = 4
"""Threads, beside the others, for members that did not answer last time."""
LOOK_SECONDS = 0.2
"""The longest sleep of the loop: threads become free, and members come, unannounced."""
FAULT = "a fault of mmsconsole: see the engine's log"
HUNG_TIMEOUTS = 4
"""A poll that takes so many timeouts is broken off: a server may send byte by byte."""


class Poll(Protocol):
    """Of one member; see MemberPoll."""

    def poll(self, *, arbiter: bool) -> Answers: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class Track(Protocol):
    """What was known of a member before, and what follows from each poll."""

    def answered(self, answers: Answers) -> tuple[Sequence[Sample], MemberState]: ...

    def failed(self, error: MmsError) -> MemberState: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A deployment whose members are to be asked."""

    id: str
    source: SourceUri
    expected: Expected


MakePoll = Callable[[SourceUri, str], Poll]
MakeTrack = Callable[[str, str], Track]
"""Of deployment and host."""
Put = Callable[[Sequence[Sample], MemberState], None]
Key = tuple[str, str]
"""Deployment and host."""


@dataclass(slots=True)
class _Member:
    poll: Poll
    track: Track
    began: float | None = None
    """Monotonic, while it is being asked."""


@dataclass(slots=True)
class _Deployment:
    watched: Watched
    roster: Roster
    members: dict[str, _Member] = field(default_factory=dict)
    lead: Lead = field(default_factory=Lead)


class Collector:
    """start(), watch() whenever the deployments may have changed, stop()."""

    def __init__(
        self, make_poll: MakePoll, make_track: MakeTrack, put: Put, clock: Clock, *,
        interval_seconds: float, timeout_seconds: float, parallel: int,
    ) -> None:  # fmt: skip
        self._make_poll = make_poll
        self._make_track = make_track
        self._put = put
        self._clock = clock
        self._hung_after = HUNG_TIMEOUTS * timeout_seconds
        self._lock = threading.Lock()
        self._schedule: Schedule[Key] = Schedule(interval_seconds)
        self._deployments: dict[str, _Deployment] = {}
        self._steady = Workers[Key]("poll", parallel, self._ask)
        self._doubtful = Workers[Key]("poll again", DOUBTFUL, self._ask)
        self._stopping = threading.Event()
        self._loop = threading.Thread(target=self._run, name="monitoring", daemon=True)
        self._cpu_seconds = 0.0

    @property
    def cpu_seconds(self) -> float:
        """That all polls have used so far, with what was made of them."""
        return self._cpu_seconds

    @property
    def late(self) -> int:
        """Polls, so far, that began more than an interval late."""
        return self._schedule.late

    @property
    def members(self) -> int:
        return len(self._schedule)

    def hosts(self, deployment: str) -> tuple[str, ...] | None:
        """Its members, once one of them has told who they are."""
        with self._lock:
            found = self._deployments.get(deployment)
            return found.roster.hosts if found is not None and found.roster.settled else None

    @property
    def running(self) -> bool:
        return self._loop.is_alive() or self._steady.running or self._doubtful.running

    def start(self) -> None:
        self._loop.start()

    def stop(self, timeout_seconds: float) -> None:
        """Polls that are under way are broken off."""
        self._stopping.set()
        self._steady.end()
        self._doubtful.end()
        with self._lock:
            members = [one for each in self._deployments.values() for one in each.members.values()]
        for member in members:
            member.poll.abort()
        if self._loop.is_alive():
            self._loop.join(timeout_seconds / 3)
        self._steady.join(timeout_seconds / 3)
        self._doubtful.join(timeout_seconds / 3)
        for member in members:
            if member.began is None:
                member.poll.close()

    def watch(self, deployments: Sequence[Watched], known: Callable[[str], Iterable[str]]) -> None:
        """These and no others from now on. `known`: the hosts that a deployment had before."""
        wanted = {watched.id: watched for watched in deployments}
        with self._lock:
            new = [id_ for id_, watched in wanted.items() if not self._is_watched(watched)]
        hosts_before = {id_: list(known(id_)) for id_ in new}
        with self._lock:
            for id_ in [id_ for id_ in self._deployments if id_ not in wanted or id_ in new]:
                self._forget(self._deployments.pop(id_).members.values())
            for id_ in new:
                watched = wanted[id_]
                seeds = [str(seed) for seed in watched.source.seeds]
                roster = Roster(watched.expected, seeds, hosts_before[id_])
                self._deployments[id_] = _Deployment(watched, roster)
                self._fill(self._deployments[id_])
            self._keep()
            changed = [(id_, host) for id_ in new for host in self._deployments[id_].members]
            self._schedule.hurry(changed, self._clock.monotonic())

    def _is_watched(self, watched: Watched) -> bool:
        found = self._deployments.get(watched.id)
        return found is not None and found.watched == watched

    def _fill(self, deployment: _Deployment) -> None:
        """Its members as the roster has them now."""
        hosts = deployment.roster.hosts
        gone = [host for host in deployment.members if host not in hosts]
        self._forget([deployment.members.pop(host) for host in gone])
        for host in hosts:
            if host not in deployment.members:
                watched = deployment.watched
                poll = self._make_poll(watched.source, host)
                track = self._make_track(watched.id, host)
                deployment.members[host] = _Member(poll, track)

    def _forget(self, members: Iterable[_Member]) -> None:
        """One that is being asked just now is closed by the thread that asks it."""
        for member in members:
            if member.began is None:
                member.poll.close()
            else:
                member.poll.abort()

    def _keep(self) -> None:
        keys: Collection[Key] = {
            (deployment.watched.id, host)
            for deployment in self._deployments.values()
            for host in deployment.members
        }
        self._schedule.keep(keys, self._clock.monotonic())

    def _run(self) -> None:
        while not self._stopping.is_set():
            now = self._clock.monotonic()
            with self._lock:
                self._break_off_hung(now)
                free = (self._steady.free, self._doubtful.free)
                taken = [
                    (key, self._schedule.is_doubtful(key))
                    for key in self._schedule.take(now, *free)
                ]
                next_at = self._schedule.next_at()
            for key, doubtful in taken:
                (self._doubtful if doubtful else self._steady).hand(key)
            pause = LOOK_SECONDS if next_at is None else next_at - now
            self._clock.wait(self._stopping, min(max(pause, 0.01), LOOK_SECONDS))

    def _break_off_hung(self, now: float) -> None:
        for deployment in self._deployments.values():
            for member in deployment.members.values():
                if member.began is not None and now - member.began > self._hung_after:
                    member.poll.abort()

    def _ask(self, key: Key) -> None:
        """In a thread of the workers."""
        began = thread_seconds()
        with self._lock:
            deployment = self._deployments.get(key[0])
            member = deployment.members.get(key[1]) if deployment is not None else None
            if deployment is None or member is None or self._stopping.is_set():
                return
            arbiter = deployment.roster.is_arbiter(key[1])
            member.began = self._clock.monotonic()
        answered = False
        try:
            answered = self._ask_member(deployment, member, arbiter=arbiter)
        finally:
            with self._lock:
                member.began = None
                self._schedule.done(key, self._clock.monotonic(), answered=answered)
                self._cpu_seconds += thread_seconds() - began
                if not self._is_current(deployment, key[1], member):
                    member.poll.close()

    def _ask_member(self, deployment: _Deployment, member: _Member, *, arbiter: bool) -> bool:
        """Whether it has answered."""
        try:
            answers = member.poll.poll(arbiter=arbiter)
            self._learn(deployment, answers)
            deployment.lead = lead_of(read_set(answers.set_status), deployment.lead)
            answers = replace(answers, lead=deployment.lead)
            self._tell(deployment, member, *member.track.answered(answers))
        except MmsError as error:
            self._failed(deployment, member, error)
            return False
        except Exception:
            log.exception("a fault in monitoring")
            self._failed(deployment, member, MmsError(FAULT))
            return False
        return True

    def _failed(self, deployment: _Deployment, member: _Member, error: MmsError) -> None:
        """What was broken off by stop() is no error of the member."""
        if not self._stopping.is_set():
            self._tell(deployment, member, (), member.track.failed(error))

    def _learn(self, deployment: _Deployment, answers: Answers) -> None:
        """Raises WrongReplicaSet."""
        with self._lock:
            if deployment.roster.learn(answers):
                self._fill(deployment)
                self._keep()

    def _tell(
        self, deployment: _Deployment, member: _Member, samples: Sequence[Sample],
        state: MemberState,
    ) -> None:  # fmt: skip
        """Not of one that has left meanwhile, or that was but another name of a member."""
        with self._lock:
            if self._is_current(deployment, state.host, member):
                self._put(samples, state)

    def _is_current(self, deployment: _Deployment, host: str, member: _Member) -> bool:
        watched = self._deployments.get(deployment.watched.id) is deployment
        return watched and deployment.members.get(host) is member
