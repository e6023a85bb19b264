"""Policies as Operations would answer them, computed by the rules that hold: a preview of the
scenes' snapshots is a real one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mmsconsole.errors import Refused
from mmsconsole.operations.policy_views import OplogChange, PolicyPreview, PolicyRow, PolicyView
from mmsconsole.operations.views import SnapshotView
from mmsconsole.policy.due import next_due
from mmsconsole.policy.fates import Fate, Outcome, SnapshotFacts
from mmsconsole.policy.policy import KEYS, SnapshotPolicy, check_value
from mmsconsole.policy.retention import oplog_start, plan
from tests.support.fake_data import NOW

Keys = dict[str, Any]
SETTINGS = SnapshotPolicy()


@dataclass
class FakePolicies:
    """Keys that the group (None) and deployments (by name) have decided."""

    keys: dict[str | None, Keys] = field(
        default_factory=lambda: {None: {"weekly": 6}, "orders": {"base_days": 4}}
    )
    snapshots: Mapping[str, list[SnapshotView]] = field(default_factory=dict)
    changed: dict[str | None, tuple[datetime, str]] = field(default_factory=dict)

    def view(self, name: str | None, changes: Mapping[str, Any]) -> PolicyView:
        """Raises UsageError."""
        for key, value in changes.items():
            if value is not None:
                check_value(key, value)
        group = self._with(None, changes if name is None else {})
        inherited = SETTINGS if name is None else SETTINGS.overlaid(group)
        own = group if name is None else self._with(name, changes)
        policy = inherited.overlaid(own)
        if changes:
            policy.checked()
        owner = "group" if name is None else "deployment"
        above = dict.fromkeys(KEYS, "settings")
        above |= {} if name is None else dict.fromkeys(group, "group")
        at, by = self.changed.get(name, (None, ""))
        return PolicyView(
            deployment=name or "", group="default", policy=policy, inherited=inherited,
            decided_by=above | dict.fromkeys(own, owner),
            next_at=None if name is None else next_due(policy, NOW), changed_at=at, changed_by=by,
        )  # fmt: skip

    def preview(self, name: str | None, changes: Mapping[str, Any]) -> PolicyPreview:
        view = self.view(name, changes)
        names = [name] if name is not None else list(self.snapshots)
        outlooks = [self._outlook(each, name, changes) for each in names]
        rows = tuple(row for rows, _ in outlooks for row in rows)
        return PolicyPreview(view, rows, tuple(oplog for _, oplog in outlooks))

    def change(
        self, name: str | None, changes: Mapping[str, Any], *, confirmed: bool
    ) -> PolicyView:
        found = self.preview(name, changes)
        if found.deletes and not confirmed:
            raise Refused(f"this would delete {found.what_goes}", where=name or "the group")
        self.keys[name] = self._with(name, changes)
        self.changed[name] = (NOW, "anna")
        return self.view(name, {})

    def _with(self, name: str | None, changes: Mapping[str, Any]) -> Keys:
        keys = {**self.keys.get(name, {}), **changes}
        return {key: value for key, value in keys.items() if value is not None}

    def _outlook(
        self, name: str, subject: str | None, changes: Mapping[str, Any]
    ) -> tuple[list[PolicyRow], OplogChange]:
        before = self.view(name, {}).policy
        after = self.view(name, changes).policy
        if subject is None:
            group = SETTINGS.overlaid(self._with(None, changes))
            after = group.overlaid(self.keys.get(name, {}))
        views = [each for each in self.snapshots.get(name, []) if each.state != "deleting"]
        facts = [_facts(each) for each in views]
        stored = {each.id: each.new_bytes for each in views}
        fates = {fate.id: fate for fate in plan(before, facts, NOW).fates}
        rows = [
            _row(name, fate, fates[fate.id], stored[fate.id])
            for fate in plan(after, facts, NOW).fates
        ]
        begins, will_begin = (oplog_start(each, facts, NOW) for each in (before, after))
        cut = begins is not None and will_begin is not None and will_begin > begins
        return rows, OplogChange(name, begins, will_begin, cut)


def reasons_of(snapshots: Iterable[SnapshotView], policy: SnapshotPolicy) -> dict[str, Fate]:
    """What becomes of each, by its id."""
    facts = [_facts(each) for each in snapshots]
    return {fate.id: fate for fate in plan(policy, facts, NOW).fates}


def _facts(view: SnapshotView) -> SnapshotFacts:
    return SnapshotFacts(
        id=view.id, outcome=Outcome(view.state), created_at=view.created_at, optime=view.optime,
        due_at=view.due_at, doubt=bool(view.doubt), bad=view.verdict == "bad",
        verified=view.verdict == "good", hold=view.hold,
    )  # fmt: skip


def _row(name: str, fate: Fate, before: Fate, stored: int) -> PolicyRow:
    return PolicyRow(
        deployment=name, snapshot=fate.id, state=fate.facts.outcome.value,
        optime=fate.facts.optime, taken_at=fate.facts.created_at, kept=fate.kept,
        deleted=before.kept and not fate.kept,
        reasons=tuple(keep.reason.value for keep in fate.keeps), expires_at=fate.expires_at,
        expires_before=before.expires_at, why=fate.why, new_bytes=stored,
    )  # fmt: skip
