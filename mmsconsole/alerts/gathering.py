"""Facts from the metadata database: the number of queries does not grow with the deployments."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from mmsconsole.alerts.evaluator import NEWS
from mmsconsole.alerts.facts import STALE_SECONDS, DeploymentFacts, Facts
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.jobs import Job
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.policies import group_policy_id
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.standings import (
    judged_moments,
    snapshot_standings,
    validation_standings,
)
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.settings import Settings

ENGINE_FORGOTTEN = timedelta(days=30)
"""An engine, or agent, that says nothing for so long is none any more."""

POLLS = 4
"""So many polls of a member may be missing before nobody seems to ask it."""

Item = TypeVar("Item")


def gather(metadata: Metadata, settings: Settings, group: str, now: datetime) -> Facts:
    """Raises MetadataError."""
    tree = settings.tree
    listed = [one for one in metadata.deployments.listed() if one.group == group]
    seen = {"seen_at": {"$gte": now - ENGINE_FORGOTTEN}}
    engines, agents = tuple(metadata.engines.all(seen)), tuple(metadata.agents.all(seen))
    jobs = _by(metadata.jobs.open(), lambda one: one.deployment)
    # Engines, agents and jobs of stores belong to no group: the default one is told of them.
    told = group == DEFAULT_GROUP
    return Facts(
        group,
        now,
        _deployments(metadata, group, listed, tree.policy.policy, now, jobs),
        engines=engines if told else (),
        agents=agents if told else (),
        jobs=tuple(jobs[""]) if told else (),
        agent_seen_at=_newest(agents),
        watched=any(one.monitors for one in engines) or not engines,
        stale_seconds=_stale_seconds(settings),
        damages=_damages(metadata, listed),
    )


def gather_members(
    metadata: Metadata,
    settings: Settings,
    deployment: Deployment,
    members: Iterable[MemberState],
    now: datetime,
) -> Facts:
    """Of one deployment, and only what its members are judged by. Raises MetadataError."""
    agents = metadata.agents.all({"seen_at": {"$gte": now - ENGINE_FORGOTTEN}})
    tail = metadata.tails.find(deployment.id)
    return Facts(
        deployment.group,
        now,
        (DeploymentFacts(deployment, members=tuple(members), tail=tail),),
        agent_seen_at=_newest(agents),
        stale_seconds=_stale_seconds(settings),
    )


def _newest(agents: Iterable[Agent]) -> datetime | None:
    return max((one.seen_at for one in agents), default=None)


def _stale_seconds(settings: Settings) -> float:
    return max(STALE_SECONDS, POLLS * settings.tree.monitoring.interval_seconds)


def _deployments(
    metadata: Metadata,
    group: str,
    listed: list[Deployment],
    defaults: SnapshotPolicy,
    now: datetime,
    jobs: defaultdict[str, list[Job]],
) -> tuple[DeploymentFacts, ...]:
    ids = [one.id for one in listed]
    of_them = {"deployment": {"$in": ids}}
    keys = _policy_keys(metadata, [group_policy_id(group), *ids])
    policy = defaults.overlaid(keys.get(group_policy_id(group), {}))
    members = _by(metadata.members.brief(ids), lambda one: one.deployment)
    active = {"_id": {"$in": [one.head for one in listed]}, "active": True}
    heads = {one.id: one for one in metadata.heads.all(active)}
    tails = {one.id: one for one in metadata.tails.all({"_id": {"$in": ids}})}
    copies = {one.id: one for one in metadata.copies.all({"_id": {"$in": ids}})}
    snapshots = snapshot_standings(metadata, ids)
    moments = judged_moments(metadata, ids)
    validations = validation_standings(metadata, ids)
    since = {"$gte": now - NEWS}
    ended = {"state": {"$in": [RestoreState.DONE.value, RestoreState.FAILED.value]}}
    restores = metadata.restores.all(of_them | ended | {"finished_at": since})
    restored = _by(restores, lambda one: one.deployment)
    window_ends = _by(
        metadata.window_ends.all(of_them | {"found_at": since}), lambda one: one.deployment
    )
    return tuple(
        DeploymentFacts(
            one,
            policy.overlaid(keys.get(one.id, {})),
            members=tuple(members[one.id]),
            head=heads.get(one.head),
            tail=tails.get(one.id),
            snapshots=snapshots.get(one.id),
            moment=moments.get(one.id),
            validation=validations.get(one.head),
            copy=copies.get(one.id),
            jobs=tuple(jobs[one.id]),
            restores=tuple(restored[one.id]),
            window_ends=tuple(window_ends[one.id]),
        )
        for one in listed
    )


def _policy_keys(metadata: Metadata, ids: list[str]) -> dict[str, Mapping[str, object]]:
    return {one.id: one.keys for one in metadata.policies.all({"_id": {"$in": ids}})}


def _damages(metadata: Metadata, listed: list[Deployment]) -> dict[str, StoreCheck | None]:
    stores = {one.store for one in listed} | {one.copy_to for one in listed if one.copy_to}
    return {store: metadata.checks.damage(store) for store in sorted(stores)}


def _by(items: Iterable[Item], of: Callable[[Item], str]) -> defaultdict[str, list[Item]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[of(item)].append(item)
    return found
