"""Frozen dataclasses to BSON documents and back. A record's `id` is the document's `_id`."""

from datetime import datetime
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter

from mmsconsole.errors import MetadataError
from mmsconsole.secret import Secret

Record = TypeVar("Record")
Document = dict[str, Any]


def _converter() -> Converter:
    converter = Converter()
    for kind in (datetime, bytes):
        converter.register_structure_hook(kind, lambda value, _: value)
        converter.register_unstructure_hook(kind, lambda value: value)
    converter.register_structure_hook(Secret, lambda value, _: Secret(value))
    converter.register_unstructure_hook(Secret, Secret.reveal)
    return converter


_CONVERTER = _converter()


def to_value(value: object) -> Any:
    """A nested value as it stands in a document."""
    return _CONVERTER.unstructure(value)


def to_document(record: object) -> Document:
    document: Document = _CONVERTER.unstructure(record)
    document["_id"] = document.pop("id")
    return document


def from_document(document: Document, kind: type[Record]) -> Record:
    """Fields that the record does not know are left out: a newer schema may have more.

    Raises MetadataError for a document that is no such record.
    """
    fields = dict(document)
    fields["id"] = fields.pop("_id")
    try:
        return _CONVERTER.structure(fields, kind)
    except BaseValidationError as error:
        where = f"{kind.__name__} {fields['id']}"
        raise MetadataError("a record can not be read", where=where) from error
