"""A dump folder: a file for each collection's documents and one for what is said of it."""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.dump.compressing import Gzip
from mmsconsole.dump.folder_content import BSON, GZIP, METADATA, PRELUDE
from mmsconsole.dump.metadata_json import versions_json, write_metadata
from mmsconsole.dump.names import check_names, file_name
from mmsconsole.dump.prelude import TOOL_VERSION
from mmsconsole.durable import WRITEBACK_BYTES, begin_writeback, disk_errors, sync_folder


class OutFile:
    """A new file, perhaps compressed. It is durable once close() has returned."""

    def __init__(self, path: Path, *, compressed: bool) -> None:
        self._where = str(path)
        self._gzip = Gzip(self._out) if compressed else None
        self.bytes = 0
        self._begun = 0
        with disk_errors(self._where):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file: BinaryIO = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> None:
        (self._gzip.write if self._gzip else self._out)(data)

    def _out(self, data: bytes) -> None:
        with disk_errors(self._where):
            self._file.write(data)
            self.bytes += len(data)
            if self.bytes - self._begun >= WRITEBACK_BYTES:
                self._file.flush()
                begin_writeback(self._file.fileno(), self._begun, self.bytes - self._begun)
                self._begun = self.bytes

    def close(self) -> None:
        if self._gzip:
            self._gzip.finish()
        with disk_errors(self._where):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> "OutFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: object, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            with disk_errors(self._where):
                self._file.close()


class FolderWriter:
    """Into `folder`, which is there and empty."""

    def __init__(self, folder: Path, *, compressed: bool) -> None:
        self._folder = folder
        self._ending = GZIP if compressed else ""
        self._compressed = compressed
        self.bytes = 0

    def write_prelude(self, server_version: str) -> None:
        self._text(self._folder / PRELUDE, versions_json(server_version, TOOL_VERSION))

    def write_metadata(self, collection: DumpedCollection) -> None:
        path = self._database(collection) / (file_name(collection.name) + METADATA)
        self._text(path, write_metadata(collection))

    def documents(self, collection: DumpedCollection) -> OutFile:
        path = self._database(collection) / (file_name(collection.data_name) + BSON)
        return self._file(path)

    def sync(self) -> None:
        """After the last file: all the names are durable."""
        with disk_errors(str(self._folder)):
            for folder in [*self._folder.iterdir(), self._folder]:
                if folder.is_dir():
                    sync_folder(folder)

    def _database(self, collection: DumpedCollection) -> Path:
        check_names(collection.database, collection.name, str(self._folder))
        folder = self._folder / collection.database
        with disk_errors(str(folder)):
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _text(self, path: Path, text: str) -> None:
        with self._file(path) as file:
            file.write(text.encode())
        self.bytes += file.bytes

    def _file(self, path: Path) -> OutFile:
        return OutFile(path.with_name(path.name + self._ending), compressed=self._compressed)
