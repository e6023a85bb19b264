"""Writes tests/oplog/corpus anew: `python -m tests.oplog.make_corpus`.

Starts a replica set of one member in a temporary folder, lets the workload write every kind of
entry, and keeps the smallest of each shape. Look at what git says has changed: a decision that
is another one is a change of what the product does.
"""

import os
import tempfile
from pathlib import Path

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.wire import WireConnection
from tests.oplog.corpus import FOLDER, decoded, gathered, save
from tests.oplog.kinds import KINDS
from tests.support.oplog_reader import read_arrays
from tests.support.oplog_workload import SOURCE_FLAGS, run_everything


def main() -> None:
    arrays = _written()
    found = gathered(decoded(arrays))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for kind in KINDS:
        if kind.name in found:
            save(kind, list(found[kind.name].values()))
    print(f"{len(found)} kinds, {sum(map(len, found.values()))} entries in {FOLDER}")


def _written() -> list[bytes]:
    binary = find_binaries([], os.environ)[-1].path
    with tempfile.TemporaryDirectory(prefix="mms-corpus-") as folder:
        clock = SystemClock()
        started = LocalReplicaSet(binary, Path(folder), clock, 1, extra=SOURCE_FLAGS).start()
        try:
            with started.client() as client:
                for version in ("5.0", "6.0"):
                    client.admin.command("setFeatureCompatibilityVersion", version)
                run_everything(client)
            with WireConnection.connect(started.addresses[0], None) as connection:
                return read_arrays(connection)
        finally:
            started.kill()


if __name__ == "__main__":
    main()
