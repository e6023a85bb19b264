"""What is taken from a catalogue into the metadata. Of what is known already nothing changes: a
store may be had back beside others, and anybody may have written into it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.collection import PUT_MAX, Records
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.metadata.policies import PolicyRecord
from mmsconsole.metadata.pools import Pool
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.recovery.contents import (
    ALERT_RULES,
    DEPLOYMENTS,
    EVENTS,
    GROUP_POLICY,
    GROUPS,
    HEADS,
    OF_DEPLOYMENTS,
    POLICIES,
    POOLS,
)
from mmsconsole.recovery.report import Report

LATER = (DEPLOYMENTS, HEADS)
"""Not written as they are read: they come last."""
ASKER = "store rebuild"


class Taking:
    """From one catalogue; written in batches."""

    def __init__(
        self, metadata: Metadata, wanted: Sequence[Deployment], settle: Callable[[Any], Any],
        report: Report,
    ) -> None:  # fmt: skip
        """`wanted`: the deployments that the catalogue is believed for."""
        self.told: dict[str, dict[str, Any]] = {}
        """By group: the keys of its policy."""
        self._ids = {one.id for one in wanted}
        self._groups = {one.group for one in wanted}
        self._used = {one.group for one in metadata.deployments.all()}
        self._pools = {one.id for one in metadata.pools.all()}
        self._collections = {
            records.name: records
            for records in vars(metadata).values()
            if isinstance(records, Records)
        }
        self._settle = settle
        self._report = report
        self._waiting: dict[str, list[Any]] = {}

    def place_of(self, collection: str, document: Document) -> Records[Any] | None:
        """None where the record is not wanted; a newer program's collection is not known here."""
        if collection in LATER or collection not in self._collections:
            return None
        wanted = self._belongs(collection, document)
        return self._collections[collection] if wanted else None

    def _belongs(self, collection: str, document: Document) -> bool:
        id_ = str(document.get("_id"))
        if collection == ALERT_RULES and not document.get("deployment"):
            return document.get("group") in self._groups - self._used
        if collection in (*OF_DEPLOYMENTS, EVENTS):
            return document.get("deployment") in self._ids
        if collection == POLICIES:
            return id_.removeprefix(GROUP_POLICY) in self._groups or id_ in self._ids
        if collection == GROUPS:
            return id_ in self._groups - self._used
        return collection == POOLS and document.get("group") in self._groups

    def add(self, records: Records[Any], record: Any) -> None:
        settled = self._settle(record)
        if isinstance(settled, Pool) and settled.id in self._pools:
            return  # its epoch never goes back
        if isinstance(settled, PolicyRecord) and settled.id not in self._ids:
            group = settled.id.removeprefix(GROUP_POLICY)
            self.told[group] = settled.keys
            if group in self._used:
                return
        waiting = self._waiting.setdefault(records.name, [])
        waiting.append(settled)
        if len(waiting) >= PUT_MAX:
            self.flush()

    def flush(self) -> None:
        for name, waiting in self._waiting.items():
            records = self._collections[name]
            foreign = self._of_others(records, [one.id for one in waiting])
            for id_ in foreign:
                self._report.tell(f"{records.noun} {id_} is left out: it is of another deployment")
            records.put_all(one for one in waiting if one.id not in foreign)
        self._waiting.clear()

    @metadata_errors()
    def _of_others(self, records: Records[Any], ids: list[str]) -> set[str]:
        """Those ids that are taken by records of deployments that are none of these."""
        # A rule of a whole group has an empty one: every new group has rules of its own.
        ours = ["", *self._ids]
        others = {"_id": {"$in": ids}, "deployment": {"$exists": True, "$nin": ours}}
        return {str(found["_id"]) for found in records.collection.find(others, ["_id"])}


def keep_policies(
    metadata: Metadata, deployments: Iterable[Deployment], told: Mapping[str, dict[str, Any]],
    defaults: SnapshotPolicy, now: datetime,
) -> None:  # fmt: skip
    """Where a group has another policy by now than a deployment's catalogue tells, the deployment
    keeps what it had, as its own. `told`: the keys of its group's, by deployment; `defaults`:
    the policy of the settings.
    """
    for one in deployments:
        if one.id not in told:
            continue
        was = asdict(defaults.overlaid(told[one.id]))
        is_now = asdict(metadata.policies.of_group(one.group, defaults))
        own = metadata.policies.keys(one.id)
        kept = {key: was[key] for key in was if was[key] != is_now[key] and key not in own}
        if kept:
            metadata.policies.change(one.id, kept, now, ASKER)
