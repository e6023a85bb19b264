"""Deployments as the records of a running product show them: all well, or with one thing wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from mmsconsole.alerts.defaults import default_rules
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import SPACE_HEADS, SPACE_STORE, EngineRecord, Space
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind, JobState, PhaseProgress
from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.metadata.tails import Tail
from mmsconsole.metadata.validations import Validation, ValidationKind
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from tests.alerts.world import EARLIER, NOW, ago, deployment, rule

T = int(NOW.timestamp())
HOSTS = ("db1:27017", "db2:27017", "db3:27017")
TIB = 1 << 40
JUST_NOW = ago(seconds=5)
OPLOG = {"oplog_window": 90_000.0, "oplog_bytes": 99.0, "oplog_maximum": 100.0}


def host(id_: str, name: str, **fields: Any) -> MemberState:
    known: dict[str, Any] = {
        "set_name": "rs", "state": "PRIMARY" if name == HOSTS[0] else "SECONDARY",
        "asked_at": ago(seconds=5), "seen_at": ago(seconds=5), "version": "6.0.5", "fcv": "6.0",
        "lag_seconds": 1.0, "certificate_ends": ago(days=-90),
        "values": {"connections_percent": 5.0, "queue_total": 9.0, **OPLOG},
    }  # fmt: skip
    return MemberState(member_id(id_, name), id_, name, **(known | fields))


def snapshot(id_: str, hours: float, **fields: Any) -> Snapshot:
    known: dict[str, Any] = {
        "state": SnapshotState.COMPLETE, "optime": Optime(T - int(hours * 3600), 1),
        "verdict": Verdict.GOOD, "verified_at": ago(hours=hours), "due_at": ago(hours=hours),
    }  # fmt: skip
    return Snapshot(f"s{hours:g}{id_}", id_, f"h{id_}", ago(hours=hours), **(known | fields))


class Product:
    """Records in a metadata database; each method changes what is known of one deployment."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self.ids: list[str] = []
        metadata.alert_rules.put_all(default_rules("default", EARLIER))
        self.engine("e1")

    def engine(self, id_: str, agent_at: datetime = JUST_NOW, **fields: Any) -> None:
        space = Space(SPACE_HEADS, "/heads", TIB // 2, TIB), Space(SPACE_STORE, "st", TIB // 2, TIB)
        known: dict[str, Any] = {
            "started_at": EARLIER, "seen_at": ago(seconds=5), "spaces": space,
            "spaces_at": ago(seconds=20),
        }  # fmt: skip
        record = EngineRecord(id_, id_, "/home", "1", **(known | fields))
        self.metadata.engines.put_all([record])
        self.metadata.agents.report(Agent(f"embedded {id_}", id_, agent_at))

    def well(self, id_: str, **fields: Any) -> str:
        """A backup that is in sync, of three members that answer."""
        known = deployment(id_, head=f"h{id_}", store=f"st-{id_}", copy_to="second")
        self.metadata.deployments.put_all([replace(known, **fields)])
        self.hosts(id_)
        self.tail(id_)
        self.head(id_)
        self.copy(id_)
        self.metadata.snapshots.put_all([snapshot(id_, 7), snapshot(id_, 1)])
        self.validation(id_)
        self.job(id_)
        self.ids.append(id_)
        return id_

    def hosts(self, id_: str, **first: Any) -> None:
        """`first`: what is otherwise with the first secondary."""
        second = host(id_, HOSTS[1], **first)
        self.metadata.members.report([host(id_, HOSTS[0]), second, host(id_, HOSTS[2])])

    def all_hosts(self, id_: str, **fields: Any) -> None:
        self.metadata.members.report([host(id_, name, **fields) for name in HOSTS])

    def tail(self, id_: str, **fields: Any) -> None:
        known: dict[str, Any] = {
            "seen_at": ago(seconds=5), "stored": Optime(T - 5, 1), "source": Optime(T - 5, 1),
            "oplog_window_seconds": 36_000, "oplog_full": True,
        }  # fmt: skip
        self.metadata.tails.put_all([Tail(id_, HOSTS[0], **(known | fields))])

    def head(self, id_: str, **fields: Any) -> None:
        known: dict[str, Any] = {
            "phase": SyncPhase.IN_SYNC, "optime": Optime(T - 9, 1),
            "sync_end": Optime(int(EARLIER.timestamp()), 1),
        }  # fmt: skip
        head = Head(f"h{id_}", id_, "/heads/h", "6.0.5", "6.0", EARLIER, **(known | fields))
        self.metadata.heads.put_all([head])

    def copy(self, id_: str, **fields: Any) -> None:
        known: dict[str, Any] = {"oplog_end": Optime(T - 60, 1)}
        self.metadata.copies.put(CopyState(id_, "second", **(known | fields)))

    def validation(self, id_: str, *problems: str) -> None:
        self.metadata.validations.put_all([Validation(
            f"v{id_}", id_, f"h{id_}", next(iter(ValidationKind)), ago(hours=2), ago(hours=1), None,
            not problems, problems=problems,
        )])  # fmt: skip

    def job(self, id_: str, minutes: float = 1, **fields: Any) -> None:
        moved = PhaseProgress("copy", 1, 2, 1.0, None, ago(hours=9), ago(minutes=minutes))
        known: dict[str, Any] = {
            "created_at": ago(hours=9), "state": JobState.LEASED, "started_at": ago(hours=9),
            "progress": (moved,), "deployment": id_, "kind": JobKind.RESTORE,
        }  # fmt: skip
        self.metadata.jobs.put_all([Job(f"j{id_}", resource=f"x:{id_}", **(known | fields))])

    def restore(self, id_: str, state: RestoreState) -> None:
        restore = Restore(f"r{id_}", id_, "s", "/restores", ago(hours=2), state=state)
        ended = replace(restore, finished_at=ago(minutes=5), reason="no room")
        self.metadata.restores.put_all([ended])

    def window_end(self, id_: str) -> None:
        end = WindowEnd(f"w{id_}", id_, Optime(T, 2), "convertToCapped", ago(hours=1))
        self.metadata.window_ends.put_all([end])

    def check(self, store: str, found: int, hours: float = 1) -> None:
        self.metadata.checks.put_all([StoreCheck(
            f"c{store}{hours}", store, ago(hours=hours), 1.0, finished_at=ago(hours=hours),
            found=found,
        )])  # fmt: skip


Cause = Callable[[Product, str], None]


def _snapshots(*taken: Snapshot) -> Callable[[Product, str], None]:
    def make(product: Product, id_: str) -> None:
        product.metadata.snapshots.collection.delete_many({"deployment": id_})
        named = [replace(one, id=one.id + id_, deployment=id_) for one in taken]
        product.metadata.snapshots.put_all(named)

    return make


def _deployment(**fields: Any) -> Cause:
    return lambda product, id_: product.metadata.deployments.set(id_, **fields) and None


def _rule(product: Product, id_: str) -> None:
    own = rule("metric below", metric="queue_total", deployment=id_, threshold=5.0, id="own")
    product.metadata.alert_rules.put_all([own])
    product.hosts(id_, values=OPLOG | {"queue_total": 1.0})


def _store(product: Product, id_: str) -> None:
    product.check(f"st-{id_}", 3)


CAUSES: dict[str, Cause] = {
    "host down": lambda p, i: p.hosts(i, error="refused", since=ago(minutes=1), healthy=False),
    "no primary": lambda p, i: p.all_hosts(i, state="SECONDARY"),
    "new primary": lambda p, i: p.metadata.members.report(
        [host(i, HOSTS[0], elected_at=ago(minutes=5))]
    ),
    "multiple primaries": lambda p, i: p.hosts(i, state="PRIMARY"),
    "replication lag": lambda p, i: p.hosts(i, lag_seconds=90.0),
    "oplog window": lambda p, i: p.hosts(i, values=OPLOG | {"oplog_window": 3600.0}),
    "metric above": lambda p, i: p.hosts(i, values=OPLOG | {"connections_percent": 90.0}),
    "metric below": _rule,
    "member left locked": lambda p, i: p.hosts(i, locked=True),
    "certificate near its end": lambda p, i: p.hosts(i, certificate_ends=ago(days=-9)),
    "version mix": lambda p, i: p.hosts(i, version="5.0.9"),
    "fcv change": lambda p, i: p.metadata.members.report([host(i, HOSTS[0], fcv="5.0")]),
    "backup agent down": lambda p, i: p.tail(i, error="refused", since=ago(minutes=20)),
    "backup oplog behind": lambda p, i: (
        p.tail(i, stored=Optime(T - 7200, 1)) or p.head(i, optime=Optime(T - 7200, 1))
    ),
    "resync near": lambda p, i: p.tail(i, stored=Optime(T - 3000, 1), oplog_window_seconds=5400),
    "resync required": _deployment(backup="resync required", reason="the oplog was overrun"),
    "snapshot late": _snapshots(snapshot("", 10)),
    "snapshot failed": _snapshots(
        snapshot("", 2), snapshot("", 1, state=SnapshotState.FAILED, reason="no room")
    ),
    "verification failed": _snapshots(
        snapshot("", 2), snapshot("", 1, verdict=Verdict.BAD, verdict_text="shop.a differs")
    ),
    "verification too old": _snapshots(
        snapshot("", 100), snapshot("", 1, verdict=Verdict.NONE, verified_at=None)
    ),
    "head mongod down": _deployment(reason="mongod ended with status 14"),
    "head behind the stored oplog": lambda p, i: p.head(i, optime=Optime(T - 7200, 1)),
    "head validation failed": lambda p, i: p.validation(i, "shop.a: bad index"),
    "window ended": lambda p, i: p.window_end(i),
    "second copy behind": lambda p, i: p.copy(i, error="no room", since=ago(hours=8)),
    "job stuck": lambda p, i: p.job(i, minutes=200),
    "restore done": lambda p, i: p.restore(i, RestoreState.DONE),
    "restore failed": lambda p, i: p.restore(i, RestoreState.FAILED),
    "store damaged": _store,
    "monitoring agent down": lambda p, i: p.engine("a1", agent_at=ago(minutes=5)),
    "engine down": lambda p, i: p.engine("a2", seen_at=ago(hours=1), spaces_at=ago(hours=1)),
    "store space": lambda p, i: p.engine("a3", spaces=(Space(SPACE_STORE, "st", 1, 100),)),
    "head space": lambda p, i: p.engine("a4", spaces=(Space(SPACE_HEADS, "/h", 1, 100),)),
}
"""By the condition that each makes true, and no other. Those of engines need no deployment."""
OF_ENGINES = ("monitoring agent down", "engine down", "store space", "head space")
OF_NONE = (*OF_ENGINES, "store damaged")
"""Their alerts name no deployment."""


def make_all(product: Product) -> None:
    """A deployment with each, of the condition's name."""
    for name, make in CAUSES.items():
        make(product, name if name in OF_ENGINES else product.well(name))


def end_all(product: Product) -> None:
    """Everything is well again."""
    for name in CAUSES:
        product.metadata.snapshots.collection.delete_many({"deployment": name})
        if name not in OF_ENGINES:
            product.well(name)
    for name in ("a1", "a2", "a3", "a4"):
        product.engine(name)
    product.hosts("metric below")
    product.metadata.checks.collection.update_many({}, {"$set": {"found": 0}})
