"""A collection's metadata.json: canonical extended JSON (v2), the order of keys kept."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from mmsconsole.dump.collections import COLLECTION, KINDS, NO_OPTIONS, VIEW, DumpedCollection
from mmsconsole.errors import DumpDamaged, UsageError

JSON_BYTES_MAX = 64 << 20
JSON = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL, datetime_conversion=DatetimeConversion.DATETIME_MS
)
_RAW: CodecOptions[Mapping[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_MS
)
_UUID_BYTES = 16


def to_json(document: Mapping[str, Any]) -> str:
    """As mongodump writes it: no spaces, text as it is."""
    return json_util.dumps(document, json_options=JSON, ensure_ascii=False, separators=(",", ":"))


def write_metadata(collection: DumpedCollection) -> str:
    """`indexes` is a list always, `options` there if there are any, as mongodump does it."""
    fields: dict[str, Any] = {}
    if collection.options != NO_OPTIONS:
        fields["options"] = bson.decode(collection.options, _RAW)
    fields["indexes"] = [bson.decode(index, _RAW) for index in collection.indexes]
    if collection.uuid:
        fields["uuid"] = collection.uuid.hex()
    fields |= {"collectionName": collection.name, "type": collection.kind}
    return to_json(fields)


def read_metadata(text: str, database: str, name: str, where: str) -> DumpedCollection:
    """The collection that a metadata.json speaks of; `name` counts where it names none.

    Raises DumpDamaged for what mongodump does not write. Empty text: nothing is known.
    """
    plain = DumpedCollection(database, name)
    if not text:
        return plain
    found = _parsed(text, where)
    kind = found.get("type") or (VIEW if "viewOn" in _options(found, where) else COLLECTION)
    named = found.get("collectionName") or name
    if kind not in KINDS or not isinstance(named, str):
        raise DumpDamaged(f"a collection of the type {kind!r}"[:200], where=where)
    return replace(
        plain, name=named, kind=kind, options=_encoded(_options(found, where), where),
        indexes=_indexes(found, where), uuid=_uuid(found, where),
    )  # fmt: skip


def _parsed(text: str, where: str) -> dict[str, Any]:
    if len(text) > JSON_BYTES_MAX:
        raise DumpDamaged(f"its metadata have {len(text)} bytes", where=where)
    try:
        found = json.loads(text, object_pairs_hook=_value_of)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, BSONError) as error:
        raise DumpDamaged("its metadata are no extended JSON", where=where) from error
    if not isinstance(found, dict):
        raise DumpDamaged("its metadata are no document", where=where)
    return found


def _value_of(pairs: list[tuple[str, Any]]) -> Any:
    document = dict(pairs)
    # Operators in validators and pipelines, which the driver would take for its own old forms.
    if "$regex" in document or "$ref" in document:
        return document
    return json_util.object_hook(document, JSON)


def _options(found: Mapping[str, Any], where: str) -> dict[str, Any]:
    options = found.get("options") or {}
    if not isinstance(options, dict):
        raise DumpDamaged("its options are no document", where=where)
    return options


def _indexes(found: Mapping[str, Any], where: str) -> tuple[bytes, ...]:
    listed = found.get("indexes") or []
    if not isinstance(listed, list) or not all(isinstance(index, dict) for index in listed):
        raise DumpDamaged("its indexes are no list of documents", where=where)
    for index in listed:
        if not isinstance(index.get("key"), dict) or not isinstance(index.get("name"), str):
            raise DumpDamaged("an index without key or name", where=where)
    return tuple(_encoded(index, where) for index in listed)


def _uuid(found: Mapping[str, Any], where: str) -> bytes:
    text = found.get("uuid") or ""
    try:
        uuid = bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise DumpDamaged("its UUID is not hexadecimal", where=where) from error
    if len(uuid) not in (0, _UUID_BYTES):
        raise DumpDamaged("its UUID has not 16 bytes", where=where)
    return uuid


def _encoded(document: Mapping[str, Any], where: str) -> bytes:
    try:
        return bson.encode(document)
    except (BSONError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DumpDamaged("its metadata do not fit into BSON", where=where) from error


def versions_json(server: str, tool: str) -> str:
    """What prelude.json says."""
    return json.dumps({"ServerVersion": server, "ToolVersion": tool}, separators=(",", ":"))


def parse_filter(text: str) -> bytes:
    """A query as extended JSON, as raw BSON. Raises UsageError."""
    try:
        found = json.loads(text, object_pairs_hook=_value_of)
        if isinstance(found, dict):
            return bson.encode(found)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, BSONError) as error:
        raise UsageError(f"the filter is no extended JSON: {error}"[:300]) from error
    raise UsageError("a filter is a document", hint='for example {"customer": 7}')
