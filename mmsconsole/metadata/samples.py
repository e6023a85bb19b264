"""Samples of monitoring: three time-series collections, one for each grain.

A document: `at`, `of` (deployment and subject: the series' meta field), and one flat field for
each value, so that the server compresses them as columns. An insert that is tried again may leave
two of one time; reading gives one. Not majority-committed: a lost sample is a gap in a chart.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database
from pymongo.errors import CollectionInvalid
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.failures import metadata_errors

WRITE_TIMEOUT_MS = 20_000
PUT_MAX = 500
"""Samples in one insert: some 2 MB."""
READ_AT_ONCE = 500
"""Whole samples: a batch is decoded as one, of wide ones into some 30 MB."""
SERIES_INDEX = [("of.deployment", ASCENDING), ("of.subject", ASCENDING), ("at", ASCENDING)]
KEPT_ASIDE = frozenset(("_id", "at", "of"))


class Grain(StrEnum):
    FINE = "10s"
    MINUTE = "1m"
    HOUR = "1h"


GRANULARITY = {Grain.FINE: "seconds", Grain.MINUTE: "minutes", Grain.HOUR: "hours"}
"""How long a bucket of the server may be: an hour, a day, 30 days."""

DAY = 24 * 3600
KEPT_SECONDS: Mapping[Grain, int] = {
    Grain.FINE: DAY, Grain.MINUTE: 7 * DAY, Grain.HOUR: 730 * DAY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    deployment: str
    """Its id."""
    subject: str
    """"host:port", "host:port/db" or "host:port/db.collection"."""
    at: datetime
    values: dict[str, float]
    """By metric. In roll-ups NAME is the mean, beside NAME__min and NAME__max."""


@dataclass(frozen=True, slots=True)
class SeriesSize:
    """What a grain's collection takes on the metadata database's disk."""

    buckets: int
    data_bytes: int
    """Before the disk's compression."""
    stored_bytes: int
    index_bytes: int


class Samples:
    """Everything here raises MetadataError when the database does not answer."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._collections = {
            grain: database.get_collection(
                f"samples_{grain}",
                write_concern=WriteConcern(1, wtimeout=WRITE_TIMEOUT_MS),
                read_concern=ReadConcern("local"),
            )
            for grain in Grain
        }

    @metadata_errors()
    def ensure(self, kept_seconds: Mapping[Grain, int] | None = None) -> None:
        """The collections are there; safe to be called again.

        `kept_seconds`: how long samples stay from now on; None: as it is, or the default.
        """
        there = {
            found["name"]: found.get("options", {})
            for found in self._database.list_collections(
                filter={"name": {"$in": [each.name for each in self._collections.values()]}}
            )
        }
        for grain, collection in self._collections.items():
            if collection.name not in there:
                self._create(collection.name, grain, (kept_seconds or KEPT_SECONDS)[grain])
            elif kept_seconds is not None:
                seconds = kept_seconds[grain]
                if there[collection.name].get("expireAfterSeconds") != seconds:
                    command = {"collMod": collection.name, "expireAfterSeconds": seconds}
                    self._database.command(command)
            collection.create_index(SERIES_INDEX)  # also where a crash came before it

    def _create(self, name: str, grain: Grain, seconds: int) -> None:
        series = {"timeField": "at", "metaField": "of", "granularity": GRANULARITY[grain]}
        try:
            self._database.create_collection(
                name, timeseries=series, expireAfterSeconds=seconds, check_exists=False
            )
        except CollectionInvalid:
            return  # another engine was faster

    def put(self, grain: Grain, samples: Iterable[Sample]) -> int:
        """In bulk; returns how many there were."""
        rest, count = iter(samples), 0
        while some := list(islice(rest, PUT_MAX)):
            with metadata_errors("sample"):
                self._collections[grain].insert_many(list(map(_document, some)), ordered=False)
            count += len(some)
        return count

    def series(
        self, grain: Grain, deployment: str, subject: str, names: Sequence[str],
        since: datetime, until: datetime,
    ) -> Iterator[Sample]:  # fmt: skip
        """since <= at < until, oldest first, each time once. `names`: empty means all values."""
        query = {"of.deployment": deployment, "of.subject": subject, **_between(since, until)}
        return _once(self._find(grain, query, names, sort=[("at", ASCENDING)]))

    def between(self, grain: Grain, since: datetime, until: datetime) -> Iterator[Sample]:
        """All of them, since <= at < until, in no order; one of one time may come twice."""
        return self._find(grain, _between(since, until), ())

    def latest(self, grain: Grain, deployment: str, subject: str) -> Sample | None:
        query = {"of.deployment": deployment, "of.subject": subject}
        return next(self._find(grain, query, (), sort=[("at", DESCENDING)], limit=1), None)

    def oldest_at(self, grain: Grain, since: datetime) -> datetime | None:
        """The time of the first sample at or after `since`, of whatever it is."""
        return self._first_at(grain, {"at": {"$gte": since}}, ASCENDING)

    def newest_at(self, grain: Grain, since: datetime, until: datetime) -> datetime | None:
        """The time of the last one, since <= at < until, of whatever it is."""
        return self._first_at(grain, _between(since, until), DESCENDING)

    def _first_at(self, grain: Grain, query: Mapping[str, Any], order: int) -> datetime | None:
        found = self._find(grain, query, ("at",), [("at", order)], 1)
        return next((sample.at for sample in found), None)

    @metadata_errors()
    def subjects(self, grain: Grain, deployment: str, since: datetime) -> list[str]:
        """Those that have samples since then, in order."""
        query = {"of.deployment": deployment, "at": {"$gte": since}}
        return sorted(self._collections[grain].distinct("of.subject", query))

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        for collection in self._collections.values():
            collection.delete_many({"of.deployment": deployment})

    @metadata_errors()
    def sizes(self) -> dict[Grain, SeriesSize]:
        return {
            grain: _size(self._database.command("collStats", collection.name))
            for grain, collection in self._collections.items()
        }

    def _find(
        self, grain: Grain, query: Mapping[str, Any], names: Collection[str],
        sort: list[tuple[str, int]] | None = None, limit: int = 0,
    ) -> Iterator[Sample]:  # fmt: skip
        wanted = {"_id": 0, "at": 1, "of": 1, **dict.fromkeys(names, 1)} if names else {"_id": 0}
        with metadata_errors():
            for found in self._collections[grain].find(
                query, wanted, sort=sort, limit=limit, batch_size=0 if names else READ_AT_ONCE
            ):
                yield _sample(found)


def _between(since: datetime, until: datetime) -> dict[str, Any]:
    return {"at": {"$gte": since, "$lt": until}}


def _document(sample: Sample) -> Document:
    of = {"deployment": sample.deployment, "subject": sample.subject}
    return {"at": sample.at, "of": of, **sample.values}


def _sample(found: Mapping[str, Any]) -> Sample:
    values = {name: value for name, value in found.items() if name not in KEPT_ASIDE}
    return Sample(found["of"]["deployment"], found["of"]["subject"], found["at"], values)


def _once(samples: Iterable[Sample]) -> Iterator[Sample]:
    before = None
    for sample in samples:
        if sample.at != before:
            yield sample
        before = sample.at


def _size(stats: Mapping[str, Any]) -> SeriesSize:
    return SeriesSize(
        buckets=int(stats.get("timeseries", {}).get("bucketCount", 0)),
        data_bytes=int(stats.get("size", 0)),
        stored_bytes=int(stats.get("storageSize", 0)),
        index_bytes=int(stats.get("totalIndexSize", 0)),
    )
