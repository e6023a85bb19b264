"""A backup by itself for the length of a benchmark: a source, a metadata database, no engine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources
from tests.support.backups import SMALL, Bench
from tests.support.metadata import private_metadata, settings_of


@contextmanager
def bench_alone(binary: MongodBinary, **environ: str) -> Iterator[Bench]:
    """Everything is removed at the end of the block. `environ`: settings; by default small slices
    and chunks."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="mms-", dir="/tmp") as name:
        folder = Path(name)
        source = LocalReplicaSet(binary.path, folder / "source", clock, 1).start()
        try:
            with private_metadata(settings_of(folder / "metadata"), binary, clock) as metadata:
                settings = settings_of(folder / "home", **{**SMALL, **environ})
                storages = Storages.one(LocalStorage(folder / "storage"))
                resources = Resources(settings, metadata, storages, clock, [binary])
                bench = Bench(source, metadata, folder, binary, resources)
                try:
                    yield bench
                finally:
                    bench.close()
        finally:
            source.kill()
