"""The rules: what may happen to a source and to its backup, in any order, as hypothesis chooses.

The model is the source itself: what it held at a moment is what a restore of that moment must
hold. So a rule need not know what the servers hold: it names a step, the source refuses what
makes no sense, and the schedule of an example is known before anything runs. That is why a
failure can be played again exactly, and why its schedule is shortened by leaving steps out
(shortening.py): hypothesis would play it hundreds of times on servers that the failure has
spoilt, and give up as flaky where the timing of a kill decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model import ddl, values
from tests.model.schedule import Step
from tests.model.values import Change, Document
from tests.model.writes import Write

DATABASES = ("one", "two")
COLLECTIONS = ("a", "b", "c", "é ☃%/x")
NAMESPACES = tuple(f"{database}.{name}" for database in DATABASES for name in COLLECTIONS)
DOCUMENTS = 200
CHANGES = 300
STEPS = 40
"""Moments and snapshots come within so many."""
MOMENTS = 6
FILLED = 25
"""Documents of a collection at the beginning."""
BURST = 200
FAULTS_MAX = 3
LARGE_MAX = 1
"""How often an example may do what takes long."""

where = st.sampled_from(NAMESPACES)
kinds = st.sampled_from(tuple(ddl.KINDS))
picks = st.integers(0, max(DOCUMENTS, CHANGES) - 1)
identities = st.sampled_from(values.IDENTITIES)
numbers = st.integers(0, len(ddl.INDEXES) - 1)
few = st.lists(picks, min_size=1, max_size=8)


@dataclass(frozen=True)
class Pools:
    documents: Sequence[Document]
    changes: Sequence[Change]

    @classmethod
    def of_seed(cls, seed: int) -> "Pools":
        return cls(
            values.pool(values.documents(), seed, DOCUMENTS),
            values.pool(values.changes(), seed, CHANGES),
        )

    def document(self, pick: int) -> Document:
        return self.documents[pick % len(self.documents)]

    def change(self, pick: int) -> Change:
        return self.changes[pick % len(self.changes)]


class BackupMachine(RuleBasedStateMachine):
    """Writes one example down, in `schedule`."""

    def __init__(self, pools: Pools) -> None:
        super().__init__()
        self.pools = pools
        self.schedule: list[Step] = []
        self.steps = 0
        self.faults_left = FAULTS_MAX
        self.large_left = LARGE_MAX

    def play(self, kind: str, /, **arguments: object) -> None:
        """One step, and what was marked to come after it."""
        self.schedule.append(Step(kind, arguments))
        self.steps += 1
        if self.steps in self.snapshots:
            self.schedule.append(Step("snapshot"))
        if self.steps in self.moments:
            self.schedule.append(Step("moment"))

    @initialize(
        moments=st.sets(st.integers(1, STEPS), min_size=3, max_size=MOMENTS),
        snapshots=st.sets(st.integers(1, STEPS), max_size=2),
    )
    def mark(self, moments: set[int], snapshots: set[int]) -> None:
        """No rules of their own: hypothesis leaves rules out of an example, and these must come."""
        self.moments, self.snapshots = moments, snapshots

    @initialize(layout=st.tuples(*[st.tuples(kinds, numbers, numbers)] * len(NAMESPACES)))
    def fill(self, layout: Sequence[tuple[str, int, int]]) -> None:
        """Every collection is of some kind, holds something, and has indexes. A snapshot comes
        soon: what is noted before the first one can only be refused.
        """
        self.schedule.append(Step("empty"))
        for place, (where, (kind, *indexes)) in enumerate(zip(NAMESPACES, layout, strict=True)):
            documents = [self.pools.document(place * FILLED + n) for n in range(FILLED)]
            self.schedule.append(Step("create", {"where": where, "kind": kind}))
            self.schedule.append(Step("insert", {"where": where, "documents": documents}))
            self.schedule.append(Step("measure", {"where": where, "count": FILLED}))
            for number in indexes:
                self.schedule.append(Step("create_index", {"where": where, "number": number}))
        self.schedule.append(Step("snapshot"))

    def teardown(self) -> None:
        self.schedule.append(Step("check"))

    # -- writes

    @rule(where=where, few=few)
    def insert(self, where: str, few: list[int]) -> None:
        self.play("insert", where=where, documents=[self.pools.document(pick) for pick in few])

    @rule(where=where, identity=identities, few=few, upsert=st.booleans())
    def update(self, where: str, identity: object, few: list[int], upsert: bool) -> None:
        """By several changes, for the server refuses some."""
        for pick in few:
            change = self.pools.change(pick)
            self.play("update", where=where, identity=identity, change=change, upsert=upsert)

    @rule(where=where, few=few)
    def update_all(self, where: str, few: list[int]) -> None:
        for pick in few:
            self.play("update_all", where=where, change=self.pools.change(pick))

    @rule(where=where, identity=identities, pick=picks, upsert=st.booleans())
    def replace(self, where: str, identity: object, pick: int, upsert: bool) -> None:
        document = self.pools.document(pick)
        self.play("replace", where=where, identity=identity, document=document, upsert=upsert)

    @rule(where=where, identity=identities, pick=picks)
    def find_and_modify(self, where: str, identity: object, pick: int) -> None:
        change = self.pools.change(pick)
        self.play("find_and_modify", where=where, identity=identity, change=change)

    @rule(where=where, identity=identities)
    def delete(self, where: str, identity: object) -> None:
        self.play("delete", where=where, identity=identity)

    @rule(where=where)
    def delete_all(self, where: str) -> None:
        self.play("delete_all", where=where)

    @rule(where=where, identity=identities, pick=picks, other=picks)
    def bulk(self, where: str, identity: object, pick: int, other: int) -> None:
        document, change = self.pools.document(pick), self.pools.change(other)
        self.play("bulk", where=where, document=document, identity=identity, change=change)

    @rule(where=where, identity=identities)
    def grow(self, where: str, identity: object) -> None:
        self.play("grow", where=where, identity=identity)

    @rule(where=where, count=st.integers(1, 60))
    def measure(self, where: str, count: int) -> None:
        self.play("measure", where=where, count=count)

    # -- transactions

    @rule(where=where, other=where, few=few, identity=identities, commit=st.booleans())
    def transaction(
        self, where: str, other: str, few: list[int], identity: object, commit: bool
    ) -> None:
        writes: list[Write] = [
            ("replace", {"where": other, "identity": number, "upsert": True,
                         "document": self.pools.document(pick)})
            for number, pick in enumerate(few)
        ]  # fmt: skip
        writes.append(("delete", {"where": where, "identity": identity}))
        writes.append(("delete_all", {"where": where}))
        writes.append(("measure", {"where": where, "count": len(few)}))
        self.play("transaction", writes=writes, commit=commit)

    @precondition(lambda self: self.large_left > 0)
    @rule(where=where)
    def large_transaction(self, where: str) -> None:
        self.large_left -= 1
        self.play("large_transaction", where=where)

    @rule(few=few)
    def prepare(self, few: list[int]) -> None:
        """Open until the next moment, election or other prepared one."""
        self.play("prepare", documents=[self.pools.document(pick) for pick in few])

    @rule(commit=st.booleans())
    def end_prepared(self, commit: bool) -> None:
        self.play("end_prepared", commit=commit)

    # -- the catalogue

    @rule(where=where, kind=kinds)
    def create(self, where: str, kind: str) -> None:
        self.play("create", where=where, kind=kind)

    @rule(where=where)
    def drop(self, where: str) -> None:
        self.play("drop", where=where)

    @rule(where=where, kind=kinds)
    def make_anew(self, where: str, kind: str) -> None:
        self.play("make_anew", where=where, kind=kind)

    @rule(database=st.sampled_from(DATABASES))
    def drop_database(self, database: str) -> None:
        self.play("drop_database", database=database)

    @rule(where=where, to=where, drop_target=st.booleans())
    def rename(self, where: str, to: str, drop_target: bool) -> None:
        self.play("rename", where=where, to=to, drop_target=drop_target)

    @rule(where=where, number=numbers)
    def create_index(self, where: str, number: int) -> None:
        self.play("create_index", where=where, number=number)

    @rule(where=where, number=st.integers(0, 2))
    def drop_index(self, where: str, number: int) -> None:
        self.play("drop_index", where=where, number=number)

    @rule(where=where, number=st.integers(0, len(ddl.CHANGES) - 1))
    def modify(self, where: str, number: int) -> None:
        self.play("modify", where=where, number=number)

    @rule(where=where)
    def convert_to_capped(self, where: str) -> None:
        self.play("convert_to_capped", where=where)

    @rule(where=where, to=where)
    def copy_out(self, where: str, to: str) -> None:
        self.play("copy_out", where=where, to=to)

    @rule(where=where, to=where)
    def merge(self, where: str, to: str) -> None:
        self.play("merge", where=where, to=to)

    @rule(database=st.sampled_from(DATABASES), name=st.sampled_from(("anna", "ü")))
    def user(self, database: str, name: str) -> None:
        self.play("user", database=database, name=name)

    # -- faults: with writes just before each, so that it meets something under way

    @precondition(lambda self: self.faults_left > 0)
    @rule()
    def kill_engine(self) -> None:
        self.strike("kill_engine")

    @precondition(lambda self: self.faults_left > 0)
    @rule(chunk_seconds=st.sampled_from(("0.1", "0.5", "3")))
    def restart_engine(self, chunk_seconds: str) -> None:
        self.strike("restart_engine", chunk_seconds=chunk_seconds)

    @precondition(lambda self: self.faults_left > 0)
    @rule()
    def kill_head(self) -> None:
        self.strike("kill_head")

    @precondition(lambda self: self.faults_left > 0)
    @rule()
    def kill_metadata(self) -> None:
        self.strike("kill_metadata")

    @precondition(lambda self: self.faults_left > 0)
    @rule()
    def step_down(self) -> None:
        self.strike("step_down")

    @precondition(lambda self: self.faults_left > 0)
    @rule(role=st.sampled_from(("secondary", "primary")))
    def kill_member(self, role: str) -> None:
        self.strike("kill_member", role=role)

    def strike(self, fault: str, **arguments: object) -> None:
        self.faults_left -= 1
        self.play("burst", where=f"{DATABASES[0]}.burst", count=BURST)
        self.play(fault, **arguments)
