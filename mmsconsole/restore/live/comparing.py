"""What stands at the target, compared with what was to be written.

By dbHash where the documents come from a mongod and all of a collection went; by the number of
documents else. Before the indexes are made: until then no TTL index takes anything away.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mmsconsole.errors import CommandFailed, MissingPrivileges
from mmsconsole.mongod.fingerprint import Client, hash_of_collection
from mmsconsole.restore.choosing import Chosen
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.selecting import shown
from mmsconsole.task import Task

HashOf = Callable[[str, str], str]
"""dbHash's MD5 of a collection: database and name."""

PHASE = "comparing (collections)"
COMPARE_SECONDS = 6 * 3600
"""How long the hash of one collection may take."""
SHOWN_MAX = 5
WHAT_TO_DO = (
    "somebody else may have written there: restore these again under other names, and compare"
)


@dataclass(slots=True)
class Verdict:
    hashed: int = 0
    counted: int = 0
    different: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def in_words(self) -> str:
        parts = []
        if self.different:
            names = ", ".join(map(shown, self.different[:SHOWN_MAX]))
            more = f" and {len(self.different) - SHOWN_MAX} more" * (
                len(self.different) > SHOWN_MAX
            )
            parts.append(f"DIFFERENT: {names}{more}; {WHAT_TO_DO}")
        if self.hashed:
            parts.append(f"dbHash equal for {self.hashed} collections")
        if self.counted:
            parts.append(f"number of documents equal for {self.counted} collections")
        return "; ".join([*parts, *self.remarks])


class Comparison:
    """`source`: asks the mongod that the documents came from; None: they came of a dump."""

    def __init__(self, primary: Primary, source: HashOf | None, task: Task) -> None:
        self._primary = primary
        self._source = source
        self._task = task

    def compare(
        self, chosen: Sequence[Chosen], written: Callable[[str], int], whole: Callable[[str], bool]
    ) -> Verdict:
        """`written`: how many documents of a namespace at the target; `whole`: whether all of a
        source's collection was to go. Raises SourceError, Cancelled.
        """
        verdict = Verdict()
        with self._primary.uri.client(socketTimeoutMS=COMPARE_SECONDS * 1000) as target:
            for number, one in enumerate(chosen):
                self._task.report(PHASE, number, len(chosen))
                self._task.check()
                self._compare(verdict, one, target, written, whole)
        self._task.report(PHASE, len(chosen), len(chosen))
        return verdict

    def _compare(
        self, verdict: Verdict, one: Chosen, target: Client,
        written: Callable[[str], int], whole: Callable[[str], bool],
    ) -> None:  # fmt: skip
        ns = one.target.data_ns
        if self._source is not None and whole(one.source.ns):
            try:
                there = hash_of_collection(target, one.target.database, one.target.data_name)
            except MissingPrivileges as error:
                verdict.remarks = [f"not compared by dbHash: {error.what}"]
            else:
                here = self._source(one.source.database, one.source.data_name)
                _note(verdict, ns, here == there)
                verdict.hashed += here == there
                return
        equal = self._count(one) == written(ns)
        _note(verdict, ns, equal)
        verdict.counted += equal

    def _count(self, one: Chosen) -> int:
        command = {"count": one.target.data_name}
        try:
            return int(self._primary.run(one.target.database, command)["n"])
        except (CommandFailed, MissingPrivileges):
            # A view's name, or no right to count: then there is nothing to compare with.
            return -1


def _note(verdict: Verdict, ns: str, equal: bool) -> None:
    if not equal:
        verdict.different.append(ns)


def compared(chosen: Iterable[Chosen]) -> list[Chosen]:
    """Those that have documents. Pure."""
    return [one for one in chosen if one.source.has_documents]
