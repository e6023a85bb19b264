"""The corpus of tests/oplog holds what a server writes: here is one that has just written it."""

import pytest

from tests.head.conftest import Recorded, needs_source
from tests.oplog.corpus import FOLDER, Document, Shape, decoded, gathered, load, shape
from tests.oplog.kinds import KINDS, Kind

pytestmark = needs_source


@pytest.fixture(scope="module")
def fresh(recorded: Recorded) -> dict[str, dict[Shape, Document]]:
    """By kind, the entries of each shape. Making it fails for an entry of no known kind."""
    return gathered(decoded(recorded.arrays))


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.in_every_run], ids=lambda kind: kind.name
)
def test_a_server_writes_the_shapes_of_the_corpus_and_no_others(
    fresh: dict[str, dict[Shape, Document]], kind: Kind
) -> None:
    kept = {shape(example.entry) for example in load(FOLDER / f"{kind.name}.json")}
    assert set(fresh.get(kind.name, {})) == kept
