"""Every record comes back from its document as it was."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert, Pending
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.codec import from_document, to_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.deletions import Deletion
from mmsconsole.metadata.deployments import BackupState, Deployment, ReadFrom
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.metadata.groups import Group
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobError, JobKind, JobState, PhaseProgress
from mmsconsole.metadata.leases import Lease
from mmsconsole.metadata.links import Link
from mmsconsole.metadata.live_writes import LiveWrite
from mmsconsole.metadata.maintenance import MaintenanceWindow
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.notifications import Notification
from mmsconsole.metadata.openings import Opening
from mmsconsole.metadata.orphans import Orphan
from mmsconsole.metadata.policies import PolicyRecord
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.rollups import RollUp
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.store_marks import StoreMark
from mmsconsole.metadata.store_stats import PoolStats
from mmsconsole.metadata.syncs import Slice, SyncCollection
from mmsconsole.metadata.tails import LagSample, Tail
from mmsconsole.metadata.validations import Validation
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret

INT64_MAX = 2**63 - 1
AWARE = CodecOptions(tz_aware=True)

texts = st.text(max_size=20)
names = texts.filter(lambda name: "\0" not in name)
numbers = st.integers(0, INT64_MAX)
moments = st.integers(0, 200_000_000_000_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
optimes = st.builds(
    Optime, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(-1, INT64_MAX)
)
anything = st.one_of(texts, numbers, st.booleans(), st.none(), moments)

VALUES: dict[object, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    float: st.floats(0, 1e12),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    datetime: moments,
    type(None): st.none(),
    Secret: st.builds(Secret, texts),
    Optime: optimes,
    dict[str, str]: st.dictionaries(names, texts, max_size=3),
    dict[str, float]: st.dictionaries(names, st.floats(0, 1e12), max_size=3),
    dict[str, int]: st.dictionaries(names, numbers, max_size=3),
    dict[str, Any]: st.dictionaries(names, anything, max_size=3),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """What a field of this type may hold, as far as BSON can keep it."""
    if hint in VALUES:
        return VALUES[hint]
    if get_origin(hint) is UnionType:
        return st.one_of(*(values_of(each) for each in get_args(hint)))
    if get_origin(hint) is tuple and get_args(hint)[-1] is not Ellipsis:
        return st.tuples(*map(values_of, get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=3).map(tuple)
    if is_dataclass(hint):
        return records_of(hint)
    return st.sampled_from(hint)


def records_of(kind: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)})


RECORDS = (
    Deletion, Deployment, EngineRecord, Event, Group, Head, Job, LagSample, OplogChunk, Pack,
    PolicyRecord, Pool, Restore, Slice, Snapshot, SyncCollection, Tail, Validation, WindowEnd,
    Witness, CopyState, Orphan, PoolStats, StoreCheck, Link,
    Opening, RestoreSecret, LiveWrite, StoreMark, MemberState, Agent, RollUp,
    Alert, AlertRule, Pending, Lease, MaintenanceWindow, Notification,
)  # fmt: skip


def through_bson(record: object) -> object:
    return from_document(bson.decode(bson.encode(to_document(record)), AWARE), type(record))


@pytest.mark.parametrize("kind", RECORDS)
@settings(max_examples=30)
@given(data=st.data())
def test_a_record_comes_back_from_bson_as_it_was(kind: type, data: st.DataObject) -> None:
    record = data.draw(records_of(kind))
    back = through_bson(record)

    assert back == record
    for field in fields(record):
        value = getattr(back, field.name)
        if isinstance(value, Optime):
            assert value.same_entry(getattr(record, field.name))


NOW = datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
JOB = Job("j", JobKind.SNAPSHOT, "d", "head:d", NOW)


def test_every_kind_of_record_is_tried_here() -> None:
    assert {records.record for records in Records.__subclasses__()} == set(RECORDS)


def test_the_id_is_the_documents_key() -> None:
    document = to_document(Group("g", "Group"))

    assert document == {"_id": "g", "name": "Group"}


def test_a_state_is_stored_as_its_word() -> None:
    assert to_document(replace(JOB, state=JobState.LEASED))["state"] == "leased"


def test_nested_records_come_back_as_records() -> None:
    phase = PhaseProgress("copying", 3, None, 1.5, None, NOW, NOW)
    job = replace(JOB, progress=(phase,), error=JobError("busy", "it is", "wait"))

    assert through_bson(job) == job


def test_a_field_of_a_newer_schema_is_left_out() -> None:
    document = to_document(Group("g", "Group")) | {"colour": "red"}

    assert from_document(document, Group) == Group("g", "Group")


def test_a_field_that_an_older_schema_lacks_takes_its_default() -> None:
    document = to_document(JOB)
    del document["attempts_max"]

    assert from_document(document, Job) == JOB


def test_a_document_that_is_no_such_record_is_an_error_that_names_it() -> None:
    with pytest.raises(MetadataError, match="Group g: a record can not be read"):
        from_document({"_id": "g"}, Group)


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(MetadataError):
        from_document(to_document(JOB) | {"state": "asleep"}, Job)


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    sample = LagSample("s", "d", NOW.astimezone(there), 3)

    assert through_bson(sample) == sample


def test_a_secret_is_kept_and_not_shown() -> None:
    deployment = Deployment(
        "d", "shop", Secret("mongodb://u:hunter2@h"), "rs0", "ab", "6.0.5", "6.0", NOW
    )

    assert to_document(deployment)["uri"] == "mongodb://u:hunter2@h"
    assert through_bson(deployment) == deployment
    assert "hunter2" not in repr(deployment)


def test_enums_come_back_as_enums() -> None:
    head = Head("h", "d", "/p", "6.0.5", "6.0", NOW, phase=SyncPhase.IN_SYNC)
    event = Event("e", NOW, "kind", "text", Severity.ERROR)
    snapshot = Snapshot("s", "d", "h", NOW, SnapshotState.COMPLETE)
    restore = Restore("r", "d", "s", "/t", NOW, state=RestoreState.DONE)

    assert through_bson(head).phase is SyncPhase.IN_SYNC
    assert through_bson(event).severity is Severity.ERROR
    assert through_bson(snapshot).state is SnapshotState.COMPLETE
    assert through_bson(restore).state is RestoreState.DONE
    assert BackupState("resync required") is BackupState.RESYNC_REQUIRED
    assert ReadFrom("primary") is ReadFrom.PRIMARY
