"""What a mongod on restored files says of them: each file's blocks, and all that they hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from mmsconsole.head.server import HeadServer
from mmsconsole.head.validating import Validated, collections_of, validate_collection
from mmsconsole.metadata.witnesses import UNCOUNTED, Witness, Witnessed, unpack
from mmsconsole.mongod.fingerprint import Listed, hashes_of, listed
from mmsconsole.strategies.witness_reading import count_of, witnessed
from mmsconsole.task import Task
from mmsconsole.threads import in_order
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
    """Nobody else works on the server."""

    def __init__(self, server: HeadServer, task: Task) -> None:
        self._server = server
        self._task = task
        self._damaged: set[str] = set()
        self.findings = Findings()

    def validate(self) -> None:
        """Every block of every file, and every index. Raises MongodError, Cancelled."""
        server, names = self._server, collections_of(self._server)
        server.make_durable()

        def validated(ns: str) -> tuple[str, Validated]:
            return ns, validate_collection(server, ns, written=True)

        for ns, found in self._each(validated, names, VALIDATING):
            self._take(ns, found)
            if not server.alive:
                return

    def _take(self, ns: str, validated: Validated) -> None:
        self.findings.collections += 1
        if validated.problem is not None:
            self.findings.problems.append(str(validated.problem))
            self._damaged.add(ns)
        if validated.unverified:
            text = f"{ns}: not every block of its files could be verified"
            self.findings.left_out.append(text)

    def compare(self, witness: Witness | None) -> None:
        """With what the head held. Raises MongodError, Cancelled."""
        if not self._server.alive:
            return  # of its files; there is a problem already
        if witness is None:
            self.findings.left_out.append(UNWITNESSED)
            return
        held = unpack(witness.packed)
        with self._server.errors():
            chosen = listed(self._server.client)
            look = partial(self._look, held)
            restored = dict(self._each(look, chosen, COMPARING))
        self.findings.problems += differences(held, restored)
        self.findings.left_out += not_compared(held)
        self.findings.compared = sum(bool(one.md5) for one in restored.values())

    def _each(
        self, work: Callable[[Item], Result], items: Sequence[Item], phase: str
    ) -> Iterator[Result]:
        """Of two at one time: each of them keeps one processor busy."""
        self._task.report(phase, 0, len(items))
        with closing(in_order(work, items, LANES, ahead=LANES)) as results:
            for number, result in enumerate(results, 1):
                self._task.check()
                self._task.report(phase, number, len(items))
                yield result

    def _look(self, held: Mapping[str, Witnessed], one: Listed) -> tuple[str, Witnessed]:
        """As far as there is something to compare with. A mongod may die of what is damaged."""
        before = held.get(one.ns)
        md5, documents = "", UNCOUNTED
        if before is not None and one.ns not in self._damaged:
            if before.md5:
                md5 = hashes_of(self._server.client, [one]).get(one.ns, "")
            if before.documents != UNCOUNTED:
                documents = count_of(self._server.client, one)
        return one.ns, witnessed(one, md5, documents)
