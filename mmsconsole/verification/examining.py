"""What a mongod on restored files says of them: each file's blocks, and all that they hold."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from mmsconsole.head.server import HeadServer
from mmsconsole.head.validating import Validated, collections_of, validate_collection
from mmsconsole.metadata.witnesses import UNCOUNTED, Witness, Witnessed, unpack
from mmsconsole.mongod.fingerprint import Listed, hashes_of, listed
from mmsconsole.strategies.witness_reading import witnessed
from mmsconsole.task import Task
from mmsconsole.threads import as_it_ends
from mmsconsole.verification.comparing import differences, not_compared

VALIDATING = "validating collections"
COMPARING = "comparing collections"
LANES = 2
"""Collections that are looked at at one time."""
UNWITNESSED = "nothing was compared: the head said nothing of its data at that moment"


Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class Findings:
    collections: int = 0
    """Validated."""
    compared: int = 0
    """Whose documents were compared."""
    problems: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Examination:
    """Nobody else works on the server. `witness`: what the head held; None: it has not said.

    All are validated before the first is compared: dbHash locks its whole database, and would
    wait for the validations in it.
    """

    def __init__(self, server: HeadServer, witness: Witness | None, task: Task) -> None:
        self._server = server
        self._task = task
        self._held = None if witness is None else unpack(witness.packed)
        self._damaged: set[str] = set()
        self._documents: dict[str, int] = {}
        """Counted by validate."""
        self.findings = Findings()

    def validate(self) -> None:
        """Every block of every file, and every index. Raises MongodError, Cancelled."""
        server, names = self._server, collections_of(self._server)
        server.make_durable()

        def validated(ns: str) -> tuple[str, Validated]:
            return ns, validate_collection(server, ns, written=True)

        names = largest_first(names, self._held or {})
        for ns, found in self._each(validated, names, VALIDATING):
            self._take(ns, found)
            if not server.alive:
                return

    def _take(self, ns: str, validated: Validated) -> None:
        self.findings.collections += 1
        if validated.documents is not None:
            self._documents[ns] = validated.documents
        if validated.problem is not None:
            self.findings.problems.append(str(validated.problem))
            self._damaged.add(ns)
        if validated.unverified:
            text = f"{ns}: not every block of its files could be verified"
            self.findings.left_out.append(text)

    def compare(self) -> None:
        """With what the head held. Raises MongodError, Cancelled."""
        if not self._server.alive:
            return  # of its files; there is a problem already
        held = self._held
        if held is None:
            self.findings.left_out.append(UNWITNESSED)
            return
        with self._server.errors():
            chosen = {one.ns: one for one in listed(self._server.client)}
            ordered = [chosen[ns] for ns in largest_first(chosen, held)]
            restored = dict(self._each(partial(self._look, held), ordered, COMPARING))
        self.findings.problems += differences(held, restored)
        self.findings.left_out += not_compared(held)
        self.findings.compared = sum(bool(one.md5) for one in restored.values())

    def _each(
        self, work: Callable[[Item], Result], items: Sequence[Item], phase: str
    ) -> Iterator[Result]:
        """Of two at one time: each of them keeps one processor busy."""
        self._task.report(phase, 0, len(items))
        with closing(as_it_ends(work, items, LANES)) as results:
            for number, result in enumerate(results, 1):
                self._task.check()
                self._task.report(phase, number, len(items))
                yield result

    def _look(self, held: Mapping[str, Witnessed], one: Listed) -> tuple[str, Witnessed]:
        """As far as there is something to compare with. A mongod may die of what is damaged."""
        before = held.get(one.ns)
        if before is None or one.ns in self._damaged:
            return one.ns, witnessed(one, "", UNCOUNTED)
        md5 = hashes_of(self._server.client, [one]).get(one.ns, "") if before.md5 else ""
        return one.ns, witnessed(one, md5, self._documents.get(one.ns, UNCOUNTED))


def largest_first(names: Iterable[str], held: Mapping[str, Witnessed]) -> list[str]:
    """So that no lane ends long before the other. By the documents that the head held: mongod
    would take as long for the size of a small collection as for its validation. Pure.
    """

    def documents(ns: str) -> float:
        one = held.get(ns)
        if one is None or one.kind != "collection":
            return 0
        return one.documents if one.documents != UNCOUNTED else math.inf  # mostly: very many

    return sorted(names, key=lambda ns: (-documents(ns), ns))
