"""Policies of deployments and of their group: shown, tried out, changed.

A change that would delete something is refused until somebody has confirmed it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.facts import observed_time
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.oplog_front import oplog_front
from mmsconsole.metadata.policies import group_policy_id
from mmsconsole.metadata.retaining import oplog_to_keep, retention_plan
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.policy_views import (
    OplogChange,
    PolicyPreview,
    PolicyRow,
    PolicyView,
)
from mmsconsole.optime import Optime
from mmsconsole.policy.due import first_due, next_due
from mmsconsole.policy.fates import Fate
from mmsconsole.policy.policy import KEYS, SnapshotPolicy, check_value

Changes = Mapping[str, Any]
"""Keys of a SnapshotPolicy with their new values; None: inherited again."""


def policy_of(desk: Desk, deployment: Deployment) -> SnapshotPolicy:
    return desk.metadata.policies.of(deployment, _defaults(desk))


def show(desk: Desk, name: str | None) -> PolicyView:
    """Of a deployment; None: what its group's deployments inherit."""
    return _view(desk, _Trial.of(desk, name, {}))


def preview(desk: Desk, name: str | None, changes: Changes) -> PolicyPreview:
    """What would become of every snapshot, and of the stored oplog. Nothing is changed.

    Without changes it tells what the policy does as it is.
    """
    trial = _Trial.of(desk, name, changes)
    rows: list[PolicyRow] = []
    oplog: list[OplogChange] = []
    for deployment in trial.deployments:
        outlook = _Outlook.of(desk, deployment, trial)
        rows += outlook.rows()
        oplog.append(outlook.oplog())
    return PolicyPreview(_view(desk, trial), tuple(rows), tuple(oplog))


def check(desk: Desk, name: str | None, changes: Changes) -> None:
    """Raises UsageError for a change that can not be."""
    _Trial.of(desk, name, changes)


def change(desk: Desk, name: str | None, changes: Changes, *, confirmed: bool) -> PolicyView:
    """Raises Refused for a change that would delete something, unless it is confirmed."""
    trial = _Trial.of(desk, name, changes)
    if not trial.differences:
        return _view(desk, trial)
    found = preview(desk, name, changes)
    if found.deletes and not confirmed:
        raise Refused(
            f"this would delete {found.what_goes}", where=trial.subject,
            hint="look at it with --dry-run, then confirm it with --yes",
        )  # fmt: skip
    at = desk.clock.now()
    desk.metadata.policies.change(trial.record, trial.differences, at, desk.actor.name)
    _leave_event(desk, trial, found, at)
    return show(desk, name)


def _leave_event(desk: Desk, trial: "_Trial", found: PolicyPreview, at: datetime) -> None:
    told = ", ".join(trial.told())
    goes = f"; {found.what_goes} expire by it" if found.deletes else ""
    deployment = "" if trial.deployment is None else trial.deployment.id
    text = f"the policy of {trial.subject} was changed: {told}{goes}"
    details = {key: str(value) for key, value in trial.differences.items()}
    desk.metadata.events.add(
        Event(
            new_id(), at, "policy changed", text, deployment=deployment, actor=desk.actor.name,
            details=details,
        )
    )  # fmt: skip


def _defaults(desk: Desk) -> SnapshotPolicy:
    return desk.settings.tree.policy.policy


@dataclass(frozen=True, slots=True)
class _Trial:
    """A change of one policy, and whom it concerns."""

    deployment: Deployment | None
    """None: it is the group's."""
    deployments: tuple[Deployment, ...]
    """All whose policy may become another one."""
    before: SnapshotPolicy
    after: SnapshotPolicy
    inherited: SnapshotPolicy
    """What holds for keys that are not decided here."""
    keys: Mapping[str, Any]
    """What will be decided here."""
    differences: Mapping[str, Any]
    """Those changes that change something."""
    group_keys: Mapping[str, Any]
    """What will be decided by the group."""

    @classmethod
    def of(cls, desk: Desk, name: str | None, changes: Changes) -> "_Trial":
        """Raises UsageError, NotFound."""
        _check_changes(changes)
        policies, defaults = desk.metadata.policies, _defaults(desk)
        deployment = None if name is None else desk.metadata.deployments.named(name)
        group = policies.keys(group_policy_id(DEFAULT_GROUP))
        inherited = defaults if deployment is None else defaults.overlaid(group)
        known = group if deployment is None else policies.keys(deployment.id)
        keys = {key: value for key, value in {**known, **changes}.items() if value is not None}
        trial = cls(
            deployment,
            tuple(desk.metadata.deployments.listed()) if deployment is None else (deployment,),
            inherited.overlaid(known),
            inherited.overlaid(keys),
            inherited,
            keys,
            {key: value for key, value in changes.items() if known.get(key) != value},
            keys if deployment is None else group,
        )
        trial._check(desk)
        return trial

    @property
    def subject(self) -> str:
        return "the group" if self.deployment is None else self.deployment.name

    @property
    def record(self) -> str:
        if self.deployment is None:
            return group_policy_id(DEFAULT_GROUP)
        return self.deployment.id

    def told(self) -> Iterator[str]:
        """Each key with its old and its new value."""
        before, after = asdict(self.before), asdict(self.after)
        for key, value in self.differences.items():
            again = " (inherited again)" if value is None else ""
            yield f"{key} {before[key]} -> {after[key]}{again}"

    def after_for(self, desk: Desk, deployment: Deployment) -> SnapshotPolicy:
        """What would hold for one of the deployments."""
        if self.deployment is not None:
            return self.after
        return self.after.overlaid(desk.metadata.policies.keys(deployment.id))

    def source_of(self, key: str) -> str:
        if self.deployment is not None and key in self.keys:
            return "deployment"
        return "group" if key in self.group_keys else "settings"

    def _check(self, desk: Desk) -> None:
        """Only a change may be wrong: what holds already is left in peace."""
        if not self.differences:
            return
        self.after.checked()
        for deployment in self.deployments:
            try:
                self.after_for(desk, deployment).checked()
            except UsageError as error:
                where = f"{deployment.name}, {error.where}"
                raise UsageError(error.what, where=where, hint=error.hint) from error


def _check_changes(changes: Changes) -> None:
    for key, value in changes.items():
        if value is not None or key not in KEYS:
            check_value(key, value)


def _view(desk: Desk, trial: _Trial) -> PolicyView:
    record = desk.metadata.policies.find(trial.record)
    return PolicyView(
        deployment="" if trial.deployment is None else trial.deployment.name,
        group=DEFAULT_GROUP if trial.deployment is None else trial.deployment.group,
        policy=trial.after,
        inherited=trial.inherited,
        decided_by={key: trial.source_of(key) for key in KEYS},
        next_at=_next_at(desk, trial),
        changed_at=None if record is None else record.changed_at,
        changed_by="" if record is None else record.changed_by,
    )


def _next_at(desk: Desk, trial: _Trial) -> datetime | None:
    deployment = trial.deployment
    if deployment is None or deployment.backup is not BackupState.STARTED:
        return None
    observed = observed_time(desk.metadata, deployment.id) or desk.clock.now()
    planned = deployment.planned_at
    if planned is not None and planned > observed:
        return first_due(trial.after, planned)
    return next_due(trial.after, observed)


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What a change does to the history of one deployment."""

    deployment: Deployment
    before: Mapping[str, Fate]
    after: tuple[Fate, ...]
    begins: Optime | None
    will_begin: Optime | None
    new_bytes: Mapping[str, int]
    """By snapshot: what was stored for it."""

    @classmethod
    def of(cls, desk: Desk, deployment: Deployment, trial: _Trial) -> "_Outlook":
        metadata, now = desk.metadata, desk.clock.now()
        before, after = policy_of(desk, deployment), trial.after_for(desk, deployment)
        front = oplog_front(metadata, deployment.id)
        return cls(
            deployment,
            {fate.id: fate for fate in retention_plan(metadata, deployment, before, now).fates},
            retention_plan(metadata, deployment, after, now).fates,
            _later(front, oplog_to_keep(metadata, deployment, before, now)),
            _later(front, oplog_to_keep(metadata, deployment, after, now)),
            {one.id: one.new_bytes for one in metadata.snapshots.of(deployment.id)},
        )

    def rows(self) -> Iterator[PolicyRow]:
        for fate in self.after:
            facts, before = fate.facts, self.before.get(fate.id, fate)
            yield PolicyRow(
                deployment=self.deployment.name,
                snapshot=facts.id,
                state=facts.outcome.value,
                optime=facts.optime,
                taken_at=facts.created_at,
                kept=fate.kept,
                deleted=before.kept and not fate.kept,
                reasons=tuple(keep.reason.value for keep in fate.keeps),
                expires_at=fate.expires_at,
                expires_before=before.expires_at,
                why=fate.why,
                new_bytes=self.new_bytes.get(fate.id, 0),
            )

    def oplog(self) -> OplogChange:
        begins, will_begin = self.begins, self.will_begin
        cut = begins is not None and will_begin is not None and will_begin > begins
        return OplogChange(self.deployment.name, begins, will_begin, cut)


def _later(front: Optime | None, start: Optime | None) -> Optime | None:
    """Where the stored oplog begins, or will: what is gone does not come back."""
    if front is None or start is None:
        return front
    return max(front, start)
