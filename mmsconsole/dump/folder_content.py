"""A dump folder as Content: DB/COLLECTION.bson and DB/COLLECTION.metadata.json."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsconsole.dump.collections import BUCKETS, TIMESERIES, VIEW, DumpedCollection
from mmsconsole.dump.contents import Batch
from mmsconsole.dump.metadata_json import JSON_BYTES_MAX, read_metadata
from mmsconsole.dump.names import check_names, collection_name, file_name, is_hashed
from mmsconsole.dump.reading import opened, runs
from mmsconsole.durable import disk_errors
from mmsconsole.errors import DumpDamaged
from mmsconsole.task import Task

BSON, METADATA, GZIP = ".bson", ".metadata.json", ".gz"
PRELUDE, OPLOG_FILE = "prelude.json", "oplog.bson"


class FolderContent:
    """Raises DumpDamaged, StorageError."""

    def __init__(self, folder: Path) -> None:
        self.where = str(folder)
        with disk_errors(self.where):
            self._files = _files(folder)
            databases = sorted(entry for entry in folder.iterdir() if entry.is_dir())
            self._data: dict[str, Path] = {}
            """Namespace -> the file with its documents."""
            self.collections = tuple(
                one for database in databases for one in self._collections(database)
            )
        self.has_oplog = OPLOG_FILE in self._files
        self.server_version = self._server_version()
        if not self.collections and not self.has_oplog and PRELUDE not in self._files:
            raise DumpDamaged("this is no dump: no database's folder in it", where=self.where)

    def _server_version(self) -> str:
        path = self._files.get(PRELUDE)
        if path is None:
            return ""  # mongodump writes one since 100.13
        try:
            found = json.loads(_text(path))
        except (ValueError, RecursionError) as error:
            raise DumpDamaged("it is no JSON", where=str(path)) from error
        return str(found.get("ServerVersion", "")) if isinstance(found, dict) else ""

    def _collections(self, folder: Path) -> Iterator[DumpedCollection]:
        files = _files(folder)
        described = {
            stem: _described(folder.name, stem, path)
            for stem, path in _of_kind(files, METADATA).items()
        }
        data = _of_kind(files, BSON)
        for one in described.values():
            yield self._with_data(one, data.pop(file_name(one.data_name), None), folder)
        for stem, path in data.items():
            if is_hashed(stem):
                raise DumpDamaged("its metadata are missing", where=str(path))
            name = collection_name(stem, str(path))
            check_names(folder.name, name, str(path))
            yield self._with_data(DumpedCollection(folder.name, name), path, folder)

    def _with_data(
        self, one: DumpedCollection, path: Path | None, folder: Path
    ) -> DumpedCollection:
        if one.kind == VIEW:
            return one
        if path is None:
            missing = folder / (file_name(one.data_name) + BSON)
            raise DumpDamaged("the documents are missing", where=str(missing))
        self._data[one.ns] = path
        return replace(one, size=path.stat().st_size)

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        for one in self.collections:
            if one.ns not in wanted or not one.has_documents:
                continue
            path = self._data[one.ns]
            with opened(path) as read:
                for data, count in runs(read, str(path)):
                    task.check()
                    yield Batch(one, data, count, is_array=False)
            yield Batch(one, b"", 0, is_array=False, last=True)

    def oplog(self, task: Task) -> Iterator[bytes]:
        """Its entries, one behind the other, in pieces; none if it has no oplog."""
        path = self._files.get(OPLOG_FILE)
        if path is None:
            return
        with opened(path) as read:
            for data, _ in runs(read, str(path)):
                task.check()
                yield data


def _files(folder: Path) -> dict[str, Path]:
    """By their names without .gz."""
    found: dict[str, Path] = {}
    for path in sorted(entry for entry in folder.iterdir() if entry.is_file()):
        name = path.name.removesuffix(GZIP)
        if name in found:
            raise DumpDamaged("it is there compressed and not compressed", where=str(found[name]))
        found[name] = path
    return found


def _of_kind(files: dict[str, Path], ending: str) -> dict[str, Path]:
    return {
        name.removesuffix(ending): path for name, path in files.items() if name.endswith(ending)
    }


def _described(database: str, stem: str, path: Path) -> DumpedCollection:
    name = "" if is_hashed(stem) else collection_name(stem, str(path))
    found = read_metadata(_text(path), database, name, str(path))
    check_names(database, found.name, str(path))
    if file_name(found.name) != stem:
        raise DumpDamaged(f"it speaks of {found.name!r}"[:400], where=str(path))
    if found.kind == TIMESERIES and found.name.startswith(BUCKETS):
        raise DumpDamaged("a time series among the buckets", where=str(path))
    return found


def _text(path: Path) -> str:
    with opened(path) as read:
        data = b""
        while more := read(JSON_BYTES_MAX):
            data += more
            if len(data) > JSON_BYTES_MAX:
                raise DumpDamaged("it is too large for what it should be", where=str(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DumpDamaged("it is no text", where=str(path)) from error
