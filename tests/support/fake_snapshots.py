"""Snapshots and the policies that keep them, answered from memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mmsconsole.errors import NotFound
from mmsconsole.operations.policy_views import PolicyPreview, PolicyView
from mmsconsole.operations.views import EventView, JobView, SnapshotView
from tests.support import fake_data as data
from tests.support.fake_data import NOW
from tests.support.fake_desk import FakeDesk
from tests.support.fake_policies import FakePolicies, reasons_of


@dataclass
class FakeSnapshots(FakeDesk):
    kept_snapshots: dict[str, list[SnapshotView]] = field(default_factory=dict)
    policies: FakePolicies = field(default_factory=FakePolicies)

    # Questions

    def snapshots(self, name: str) -> list[SnapshotView]:
        self._reach("snapshots")
        return self._with_fates(name)

    def snapshot(self, snapshot_id: str) -> SnapshotView:
        self._reach("snapshot")
        name = self._deployment_of(snapshot_id)
        return next(each for each in self._with_fates(name) if each.id == snapshot_id)

    def snapshot_events(self, snapshot_id: str) -> list[EventView]:
        self._reach("snapshot_events")
        name = self._deployment_of(snapshot_id)
        return [data.event(4, "snapshot complete", name, f"snapshot {snapshot_id} is complete")]

    def policy(self, name: str | None = None) -> PolicyView:
        self._reach("policy")
        return self._policies().view(name, {})

    def preview_policy(self, name: str | None, changes: Mapping[str, Any]) -> PolicyPreview:
        self._ask("preview_policy", name, dict(changes))
        return self._policies().preview(name, changes)

    # Requests

    def take_snapshot(
        self, name: str, *, keep_days: int | None = None, hold: str = ""
    ) -> SnapshotView:
        self._ask("take_snapshot", name)
        taken = data.snapshot("new", name, NOW, state="running")
        self.kept_snapshots.setdefault(name, []).append(taken)
        return taken

    def delete_snapshot(self, snapshot_id: str) -> object:
        self._ask("delete_snapshot", snapshot_id)
        return self._set_snapshot(snapshot_id, state="deleting", leaving="anna asked for it")

    def hold_snapshot(self, snapshot_id: str, reason: str) -> SnapshotView:
        self._ask("hold_snapshot", snapshot_id, reason)
        return self._set_snapshot(snapshot_id, hold=reason)

    def release_snapshot(self, snapshot_id: str) -> SnapshotView:
        self._ask("release_snapshot", snapshot_id)
        return self._set_snapshot(snapshot_id, hold="")

    def expire_snapshot(self, snapshot_id: str, at: datetime | None = None) -> SnapshotView:
        self._ask("expire_snapshot", snapshot_id, at)
        return self._set_snapshot(snapshot_id, expires_at=at or NOW)

    def verify_snapshot(self, snapshot_id: str) -> JobView:
        self._ask("verify_snapshot", snapshot_id)
        return self._job("verification", self._deployment_of(snapshot_id), subject=snapshot_id)

    def verify_moment(self, name: str) -> JobView:
        self._ask("verify_moment", name)
        return self._job("verification", name)

    def set_policy(
        self, name: str | None, changes: Mapping[str, Any], *, confirmed: bool = False
    ) -> PolicyView:
        self._ask("set_policy", name, dict(changes), confirmed)
        return self._policies().change(name, changes, confirmed=confirmed)

    # Inside

    def _policies(self) -> FakePolicies:
        self.policies.snapshots = self.kept_snapshots
        return self.policies

    def _with_fates(self, name: str) -> list[SnapshotView]:
        """Each with why it is kept, as the policy says; a date of its own stays."""
        kept = self.kept_snapshots.get(name, [])
        staying = [each for each in kept if each.state != "deleting"]
        policy = self._policies().view(name, {}).policy
        fates = reasons_of(staying, policy)
        return [
            each if each.id not in fates else replace(
                each,
                expires_at=each.expires_at or fates[each.id].expires_at,
                kept_for=tuple(keep.reason.value for keep in fates[each.id].keeps),
            )
            for each in kept
        ]  # fmt: skip

    def _deployment_of(self, snapshot_id: str) -> str:
        for name, kept in self.kept_snapshots.items():
            if any(each.id == snapshot_id for each in kept):
                return name
        raise NotFound("there is no such snapshot", where=snapshot_id)

    def _set_snapshot(self, snapshot_id: str, **changes: Any) -> SnapshotView:
        kept = self.kept_snapshots[self._deployment_of(snapshot_id)]
        place = next(place for place, each in enumerate(kept) if each.id == snapshot_id)
        kept[place] = replace(kept[place], **changes)
        return kept[place]
