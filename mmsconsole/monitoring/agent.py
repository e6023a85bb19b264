"""The monitoring agent that an engine has: finds out what to watch, and lets it be asked.

Of several engines that share a metadata database one watches, under a lease.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mmsconsole.clock import Clock, thread_seconds
from mmsconsole.errors import MetadataError, MmsError, UsageError
from mmsconsole.metadata.agents import Agent, embedded_agent
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment, DeploymentKind
from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.metadata.samples import Grain
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.monitoring.collector import Collector, MakePoll, Poll, Watched
from mmsconsole.monitoring.discovery import Expected
from mmsconsole.monitoring.member_poll import MemberPoll
from mmsconsole.monitoring.rolling_up import RollingUp
from mmsconsole.monitoring.sending import SEND_SECONDS, Sender
from mmsconsole.monitoring.track import MemberTrack
from mmsconsole.monitoring.uplink import EmbeddedUplink, MonitoringUplink
from mmsconsole.rate import MEGABYTE
from mmsconsole.settings.monitoring import MonitoringSettings
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

LEASE = "monitoring"
LEASE_SECONDS = 30.0
KEEP_SECONDS = 5.0
"""How soon a deployment that was added is watched."""
REPORT_SECONDS = 10.0


def kept_seconds(settings: MonitoringSettings) -> dict[Grain, int]:
    return {
        Grain.FINE: settings.keep_fine_hours * 3600,
        Grain.MINUTE: settings.keep_minute_days * 24 * 3600,
        Grain.HOUR: settings.keep_hour_days * 24 * 3600,
    }


@dataclass(frozen=True, slots=True)
class _Told:
    """How much it had done when it last reported."""

    at: float
    cpu_seconds: float = 0.0
    late: int = 0


class MonitoringAgent:
    """start(), stop(). Whatever goes wrong in it is logged, and ends nothing else."""

    def __init__(
        self, settings: MonitoringSettings, metadata: Metadata, clock: Clock, engine: str,
        uplink: MonitoringUplink | None = None, make_poll: MakePoll | None = None,
    ) -> None:  # fmt: skip
        """`uplink`, `make_poll`: others than into the metadata, and of real members."""
        self._settings = settings
        self._metadata = metadata
        self._clock = clock
        self._engine = engine
        self._uplink = uplink or EmbeddedUplink(metadata)
        self._stopping = Cancellation()
        self._sender = Sender(self._uplink, int(settings.buffer_mb * MEGABYTE), clock)
        self._collector = Collector(
            make_poll or self._make_poll, self._make_track, self._sender.put, clock,
            interval_seconds=settings.interval_seconds, timeout_seconds=settings.timeout_seconds,
            parallel=settings.parallel,
        )  # fmt: skip
        self._rolling_up = RollingUp(
            metadata, clock, kept_seconds(settings), lambda: self._sender.waiting_since
        )
        self._told = _Told(clock.monotonic() - REPORT_SECONDS)
        self._kept: dict[str, tuple[str, ...]] = {}
        """By deployment: the members that there are records of."""
        self._known: dict[str, MemberState] = {}
        self._unreadable: dict[str, str] = {}
        """What was logged of deployments that cannot be watched."""
        self._watched: set[str] = set()
        self._left: set[str] = set()
        """Deployments that were watched: samples of them may still have been on their way."""
        self._ready = False
        self._keeper_cpu = 0.0
        self._threads = [
            threading.Thread(target=self._run, args=loop, name=name, daemon=True)
            for name, loop in {
                "monitoring keeper": (self._keep, KEEP_SECONDS),
                "monitoring sender": (self._send, SEND_SECONDS),
            }.items()
        ]

    @property
    def members(self) -> int:
        """That it polls: none while another engine does."""
        return self._collector.members

    def start(self) -> None:
        """Nothing begins where the settings say so."""
        if not self._settings.enabled:
            return
        self._collector.start()
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Samples that wait are handed over, if somebody takes them."""
        self._stopping.cancel()
        self._collector.stop(timeout_seconds / 2)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_seconds / 4)
        self._give_back()

    def _give_back(self) -> None:
        if self._sender.failing or any(thread.is_alive() for thread in self._threads):
            return  # the database is away: the lease ends by itself
        try:
            self._sender.send()
            self._metadata.leases.give_back(LEASE, self._engine)
        except MetadataError as error:
            log.info("monitoring ends without a word: %s", error)

    def _run(self, step: Callable[[], None], seconds: float) -> None:
        told = ""
        while not self._stopping.requested:
            try:
                step()
                told = ""
            except MmsError as error:
                if not self._stopping.requested and told != str(error):
                    log.warning("monitoring: %s", error)
                told = str(error)
            except Exception:
                log.exception("a fault in monitoring")
            self._clock.wait(self._stopping.event, seconds)

    # -- what is watched

    def _keep(self) -> None:
        if not self._ready:
            self._metadata.samples.ensure(kept_seconds(self._settings))
            self._ready = True
        if self._metadata.leases.take(LEASE, self._engine, LEASE_SECONDS) is None:
            self._collector.watch([], self._known_hosts)
        else:
            self._watch()
            self._rolling_up.roll_up(Task(self._stopping))
        self._keeper_cpu = thread_seconds()

    def _watch(self) -> None:
        monitored = [one for one in self._metadata.deployments.listed() if one.monitored]
        watched = [found for one in monitored if (found := self._watched_of(one)) is not None]
        self._collector.watch(watched, self._known_hosts)
        ids = {one.id for one in watched}
        if self._kept.keys() - ids or not self._kept:
            self._metadata.members.keep_deployments(ids)
        self._kept = {id_: hosts for id_, hosts in self._kept.items() if id_ in ids}
        for id_ in ids:
            self._keep_members(id_)
        self._leave(ids)

    def _watched_of(self, deployment: Deployment) -> Watched | None:
        """None for one whose connection string cannot be read: another program wrote it."""
        try:
            return watched_of(deployment)
        except UsageError as error:
            words = f"{deployment.name} is not watched: {error}"
            if self._unreadable.get(deployment.id) != words:
                log.warning("%s", words)
            self._unreadable[deployment.id] = words
            return None

    def _leave(self, ids: set[str]) -> None:
        """A removed one leaves nothing, also of what was written after it was removed: one round
        later, when that has come to its end."""
        for id_ in sorted(self._left - ids):
            if self._metadata.deployments.find(id_) is None:
                self._metadata.samples.drop(id_)
                self._metadata.members.drop(id_)
                self._left.discard(id_)
        for id_ in self._watched - ids:
            self._sender.forget(id_)
        self._left = (self._left | self._watched) - ids
        self._watched = ids

    def _keep_members(self, deployment: str) -> None:
        hosts = self._collector.hosts(deployment)
        if hosts is None or self._kept.get(deployment) == hosts:
            return
        self._sender.keep_members(deployment, hosts)
        self._uplink.keep_members(deployment, hosts)
        self._kept[deployment] = hosts

    def _known_hosts(self, deployment: str) -> list[str]:
        """Before the engine was started, or the deployment was edited."""
        states = list(self._metadata.members.of(deployment))
        self._known.update({state.id: state for state in states})
        return [state.host for state in states]

    def _make_poll(self, source: SourceUri, host: str) -> Poll:
        return MemberPoll(
            source, host, self._clock, timeout_seconds=self._settings.timeout_seconds,
            database_seconds=self._settings.database_minutes * 60,
        )  # fmt: skip

    def _make_track(self, deployment: str, host: str) -> MemberTrack:
        known = self._known.pop(member_id(deployment, host), None)
        known = known or MemberState(member_id(deployment, host), deployment, host)
        return MemberTrack(known, self._clock, self._settings.interval_seconds)

    # -- what is handed over

    def _send(self) -> None:
        self._sender.send()
        now = self._clock.monotonic()
        if now >= self._told.at + REPORT_SECONDS and not self._sender.failing:
            cpu = self._collector.cpu_seconds + thread_seconds() + self._keeper_cpu
            telling = _Told(now, cpu, self._collector.late)
            self._uplink.report_agent(self._agent(telling))
            self._told = telling

    def _agent(self, now: "_Told") -> Agent:
        before = self._told
        return Agent(
            embedded_agent(self._engine), self._engine, self._clock.now(),
            members=self._collector.members,
            cpu_percent=100 * (now.cpu_seconds - before.cpu_seconds) / (now.at - before.at),
            late=now.late - before.late, buffered=self._sender.waiting,
            dropped=self._sender.dropped, dropped_at=self._sender.dropped_at,
        )  # fmt: skip


def watched_of(deployment: Deployment) -> Watched:
    """Raises UsageError for a connection string that cannot be read. Pure."""
    source = parse_uri(deployment.uri)
    if deployment.kind is DeploymentKind.STANDALONE:
        return Watched(deployment.id, source, Expected(standalone=True))
    return Watched(deployment.id, source, Expected(deployment.set_name, deployment.set_id))
