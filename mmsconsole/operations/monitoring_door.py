"""What Operations asks of monitoring: by names of deployments, and members as people name them.

Everything is read from the metadata database: a question costs no member anything.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mmsconsole.alerts.gathering import gather_members
from mmsconsole.alerts.member_findings import primary_of
from mmsconsole.alerts.member_judging import troubles
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.monitoring.elections import NEW_PRIMARY
from mmsconsole.monitoring.metrics import METRICS, Metric, Scope, metric
from mmsconsole.monitoring.rollup import HIGHEST, LOWEST
from mmsconsole.operations import monitoring_shapes as shapes
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.monitoring_chain import ELECTIONS_SPAN
from mmsconsole.operations.monitoring_empty import Standing, why_empty
from mmsconsole.operations.monitoring_names import member_named, split_subject
from mmsconsole.operations.monitoring_series import (
    POINTS,
    Kept,
    Reading,
    kept_grains,
    merged,
    newest_from,
    planned,
)
from mmsconsole.operations.monitoring_views import (
    AgentView,
    ElectionView,
    HealthView,
    HostView,
    LatestView,
    MemberView,
    MetricView,
    SeriesView,
    TopView,
)
from mmsconsole.operations.rule_slots import slots
from mmsconsole.operations.status import engine_status

SPAN = timedelta(hours=1)
"""That is shown where nobody says since when."""
NOTHING_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
"""No sample is older; and what is reckoned from here on stays a date."""
PARTS = (Scope.DATABASE, Scope.COLLECTION)


def catalogue() -> list[MetricView]:
    """As it is charted. Nobody is asked."""
    return [shapes.metric_view(one) for one in METRICS]


class MonitoringDoor:
    """For any thread; without a state of its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def metrics(self) -> list[MetricView]:
        """The catalogue, as it is charted."""
        return catalogue()

    def members(self, name: str) -> list[MemberView]:
        """The primary first, then by name."""
        deployment = self._named(name)
        return list(self._members(deployment, self._states(deployment)))

    def member(self, name: str, host: str) -> MemberView:
        """`host`: host:port, a host alone, or how one begins. Raises NotFound, UsageError."""
        members = self.members(name)
        wanted = member_named([member.host for member in members], host)
        return next(member for member in members if member.host == wanted)

    def health(self, name: str) -> HealthView:
        deployment = self._named(name)
        states, now = self._states(deployment), self._desk.clock.now()
        return shapes.health_view(
            self._judged(deployment, states, now), self._members(deployment, states),
            self._elections(deployment, now), self.agents(),
        )  # fmt: skip

    def operations_now(self, name: str, member: str | None = None) -> TopView:
        """As of the last poll, of all members or of one."""
        deployment = self._named(name)
        states = self._chosen(deployment, member)
        return shapes.top_view(self._shown(deployment, states), states, self._fresh())

    def agents(self) -> list[AgentView]:
        fresh = self._fresh()
        known = self._desk.metadata.agents.known(fresh.now)
        return [shapes.agent_view(agent, fresh) for agent in known]

    def hosts(self, name: str) -> list[HostView]:
        """The machines that the members run on, by name."""
        measured = frozenset(one.name for one in METRICS if one.scope is Scope.HOST)
        return shapes.hosts_of(self._states(self._named(name)), measured)

    def latest(self, name: str, member: str | None = None) -> list[LatestView]:
        """The newest values, by metric, as the catalogue has them; old ones are left out."""
        chosen = self._chosen(self._named(name), member)
        return shapes.latest_views(METRICS, chosen, self._fresh())

    def series(
        self, name: str, metric_name: str, *, member: str | None = None,
        since: datetime | None = None, until: datetime | None = None, points: int = POINTS,
    ) -> list[SeriesView]:  # fmt: skip
        """One for each member; of databases and collections, one for each of them. Without
        `since`: the last hour.

        Raises UsageError for a metric that is not there, naming those that are near.
        """
        deployment, asked, now = self._named(name), metric(metric_name), self._desk.clock.now()
        until = max(until or now, NOTHING_BEFORE + SPAN)
        reading = planned(
            self._grains(), max(since or until - SPAN, NOTHING_BEFORE), until, now,
            points=points, cadence_seconds=self._cadence(asked),
        )  # fmt: skip
        hosts = [state.host for state in self._states(deployment)]
        return [
            self._one_series(deployment, asked, subject, hosts, reading)
            for subject in self._subjects(deployment, asked, hosts, member, reading)
        ]

    # -- how

    def _one_series(
        self, deployment: Deployment, asked: Metric, subject: str, hosts: list[str],
        reading: Reading,
    ) -> SeriesView:  # fmt: skip
        found = self._samples(deployment, subject, asked.name, reading)
        host, part = split_subject(subject, hosts)
        return SeriesView(
            deployment.name, asked.name, asked.unit.value, host, part, reading.kept.grain.value,
            reading.step_seconds, reading.since, reading.until, merged(found, asked.name, reading),
        )  # fmt: skip

    def _samples(
        self, deployment: Deployment, subject: str, name: str, reading: Reading
    ) -> Iterator[Sample]:
        """Of the grain that was chosen, and the newest of the finer ones."""
        since, last = reading.since, None
        for kept in (reading.kept, *reading.finer):
            names = (name,) if kept.grain is Grain.FINE else (name, name + LOWEST, name + HIGHEST)
            for sample in self._desk.metadata.samples.series(
                kept.grain, deployment.id, subject, names, since, reading.until
            ):
                last = sample.at
                yield sample
            since = newest_from(reading, kept, last)

    def _subjects(
        self, deployment: Deployment, asked: Metric, hosts: list[str], member: str | None,
        reading: Reading,
    ) -> list[str]:  # fmt: skip
        chosen = hosts if member is None else [member_named(hosts, member)]
        if asked.scope not in PARTS:
            return chosen
        since = reading.since - timedelta(seconds=reading.step_seconds)
        found = self._desk.metadata.samples.subjects(reading.kept.grain, deployment.id, since)
        split = {subject: split_subject(subject, hosts) for subject in found}
        dotted = asked.scope is Scope.COLLECTION
        return [
            subject for subject, (host, part) in split.items()
            if part and host in chosen and ("." in part) is dotted
        ]  # fmt: skip

    def _members(self, deployment: Deployment, states: list[MemberState]) -> tuple[MemberView, ...]:
        fresh = self._fresh()
        return shapes.in_order(shapes.member_view(each, deployment.name, fresh) for each in states)

    def _judged(
        self, deployment: Deployment, states: list[MemberState], now: datetime
    ) -> shapes.Shown:
        """With what is wrong there by the rules of alerts, whether or not an alert is open yet."""
        metadata = self._desk.metadata
        facts = gather_members(metadata, self._desk.settings, deployment, states, now)
        rules = (slot.rule for slot in slots(self._desk, deployment))
        found = troubles(facts, filter(None, rules), metadata.alerts.listed(deployment.id))
        return replace(
            self._shown(deployment, states),
            primary=primary_of(facts, facts.deployments[0]),
            troubles=tuple(found),
        )

    def _shown(self, deployment: Deployment, states: list[MemberState]) -> shapes.Shown:
        return shapes.Shown(
            deployment.name, deployment.set_name, deployment.monitored,
            self._why_empty(deployment, states), self._desk.clock.now(),
        )  # fmt: skip

    def _named(self, name: str) -> Deployment:
        return self._desk.metadata.deployments.named(name)

    def _states(self, deployment: Deployment) -> list[MemberState]:
        return list(self._desk.metadata.members.of(deployment.id))

    def _chosen(self, deployment: Deployment, member: str | None) -> list[MemberState]:
        states = self._states(deployment)
        if member is None:
            return states
        wanted = member_named([state.host for state in states], member)
        return [state for state in states if state.host == wanted]

    def _fresh(self) -> shapes.Freshness:
        interval = self._desk.settings.tree.monitoring.interval_seconds
        return shapes.Freshness.of(self._desk.clock.now(), interval)

    def _grains(self) -> tuple[Kept, ...]:
        chosen = self._desk.settings.tree.monitoring
        return kept_grains(
            chosen.interval_seconds, chosen.keep_fine_hours, chosen.keep_minute_days,
            chosen.keep_hour_days,
        )  # fmt: skip

    def _cadence(self, asked: Metric) -> float:
        minutes = self._desk.settings.tree.monitoring.database_minutes
        return minutes * 60.0 if asked.scope in PARTS else 0.0

    def _elections(self, deployment: Deployment, now: datetime) -> Iterator[ElectionView]:
        query = {
            "deployment": deployment.id, "kind": NEW_PRIMARY, "at": {"$gte": now - ELECTIONS_SPAN},
        }  # fmt: skip
        for event in self._desk.metadata.events.all(query):
            term = event.details.get("term", "")
            yield ElectionView(
                event.at, event.details.get("member", ""), int(term) if term.isdecimal() else None
            )

    def _why_empty(self, deployment: Deployment, states: list[MemberState]) -> str:
        """The engine is only asked for where there is nothing to show, or nothing new."""
        if deployment.monitored and any(state.asked_at is not None for state in states):
            return ""
        engine = engine_status(self._desk)
        begun = max(filter(None, (engine.started_at, deployment.created_at)))
        return why_empty(
            Standing(
                deployment.name,
                self._desk.settings.tree.monitoring.enabled,
                deployment.monitored,
                engine.running,
                (self._desk.clock.now() - begun).total_seconds(),
            )
        )
