"""What can be done with an oplog entry: the values that `decide` returns."""

from dataclasses import dataclass

from mmsconsole.errors import OplogError


@dataclass(frozen=True, slots=True)
class Apply:
    """The entry goes to the head as it stands."""


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """These go to the head instead, in order."""

    operations: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class IndexChange:
    """Where: the collection's name at that time, and its UUID (16 bytes)."""

    database: bytes
    collection: bytes
    uuid: bytes


@dataclass(frozen=True, slots=True)
class CreateIndexes(IndexChange):
    specs: tuple[bytes, ...]
    """Raw BSON, as the source has them."""


@dataclass(frozen=True, slots=True)
class DropIndex(IndexChange):
    name: bytes


@dataclass(frozen=True, slots=True)
class ModifyIndex(IndexChange):
    """A collMod that changes an index, and perhaps more."""

    change: bytes
    """The value of its `index`: a document with name or keyPattern, and what is to be."""
    operation: bytes
    """The whole operation."""
    rest: bytes | None
    """The operation without `index`; None if nothing else is changed."""


@dataclass(frozen=True, slots=True)
class Unwrap:
    """The operations of the BSON array at data[start:end] are decided upon one by one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InTransaction:
    """Part of a transaction: it goes through the buffer (transactions.py)."""


@dataclass(frozen=True, slots=True)
class Refuse:
    error: OplogError


@dataclass(frozen=True, slots=True)
class EndOfWindow:
    """A head cannot follow beyond here; what was stored before stays restorable."""

    reason: str


Decision = (
    Apply | Skip | Rewrite | CreateIndexes | DropIndex | ModifyIndex | Unwrap | InTransaction
    | Refuse | EndOfWindow
)  # fmt: skip

APPLY = Apply()
