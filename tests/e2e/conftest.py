"""A stage that a whole module plays on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.support.folders import short_folder_for
from tests.support.stage import Stage
from tests.support.steady import keep_primary


@pytest.fixture(scope="module")
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    with short_folder_for("mms-e2e-") as folder:
        stage = Stage(Path(folder), mongod_binary)
        try:
            keep_primary(stage.open().source)
            yield stage
        finally:
            stage.close()
