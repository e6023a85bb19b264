"""The primary steps down in the middle of a live restore."""

from collections.abc import Iterator

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.dump.contents import Batch
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.targets import Selection
from mmsconsole.restore.server_content import ServerContent
from mmsconsole.task import Task
from tests.restore.live.conftest import Live, write

COUNT = 30_000


class SteppingDown(ServerContent):
    """Has the set elect another primary after its first batch."""

    def elect(self, members: LocalReplicaSet) -> None:
        self._members: LocalReplicaSet | None = members

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        for batch in super().batches(wanted, task):
            yield batch
            if self._members is not None:
                self._members.step_down()
                self._members = None


def test_a_live_restore_goes_on_with_the_new_primary(
    restored: HeadServer, three_members: LocalReplicaSet
) -> None:
    collection = restored.client.elected.c
    collection.insert_many([{"_id": n, "pad": "x" * 100} for n in range(COUNT)])
    live = Live(three_members)
    content = SteppingDown(restored, {}, Task())
    content.elect(three_members)
    verdict = write(live, content, Selection(namespaces=("elected",), users=False))
    assert verdict.in_words() == "dbHash equal for 1 collections"
    assert live.client.elected.c.count_documents({}) == COUNT
    live.client.drop_database("elected")
    live.client.close()
