"""The applier on real servers: a head that has applied the oplog equals its source."""

from collections.abc import Callable

import pytest

from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.task import Task
from tests.head.conftest import Recorded, TestedHead

pytestmark = pytest.mark.xdist_group("oplog source")

NewHead = Callable[..., TestedHead]


def test_a_head_that_has_applied_everything_equals_its_source(
    recorded: Recorded, head: TestedHead
) -> None:
    applier = head.applier()
    for array in recorded.arrays:
        applier.apply(array, None, Task())

    assert differences(recorded.fingerprint, fingerprint(head.client)) == []
