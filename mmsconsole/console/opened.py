"""What is opened for reading, as values: hours, points, a collection page by page. No screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmsconsole.console.ports import Reading
from mmsconsole.console.present.documents import identity_text, short_text
from mmsconsole.errors import UsageError
from mmsconsole.operations.opening_views import FoundDocuments
from mmsconsole.operations.openings import HOURS_MAX, Question
from mmsconsole.operations.points import parse_point
from mmsconsole.task import Task

PAGE_DOCUMENTS, PAGE_BYTES = 100, 8_000_000
"""Of a page at most, and one document at least; a document has up to 16 MB."""
HOURS = "24"
"""What the question about hours begins with."""
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    """Its number in the answer, from 1; stands for the document as long as it is shown."""
    identity: str
    """Its _id, short."""
    brief: str
    """The other fields, cut where a row ends at the latest."""
    text: str
    """All of it: canonical extended JSON."""


@dataclass(frozen=True, slots=True)
class Documents:
    """A collection, looked at: what was asked for, and the page that came of it."""

    namespace: str
    filter: str = ""
    sort: str = ""
    starts: tuple[int, ...] = (0,)
    """Where the pages begin up to this one: pages are as long as their documents allow."""
    rows: tuple[Row, ...] | None = None
    """None: not read yet."""
    more: bool = False

    @property
    def start(self) -> int:
        return self.starts[-1]

    @property
    def question(self) -> Question:
        return Question(
            self.namespace, self.filter, self.sort, skip=self.start, limit=PAGE_DOCUMENTS,
            bytes_max=PAGE_BYTES,
        )  # fmt: skip

    def asked(self, *, filter_: str | None = None, sort: str | None = None) -> "Documents":
        """From the first page on."""
        return Documents(
            self.namespace,
            self.filter if filter_ is None else filter_,
            self.sort if sort is None else sort,
        )

    def next(self) -> "Documents | None":
        """None: there is none."""
        if not self.more or not self.rows:
            return None
        return replace(self, starts=(*self.starts, self.start + len(self.rows)))

    def previous(self) -> "Documents | None":
        return replace(self, starts=self.starts[:-1]) if len(self.starts) > 1 else None

    def row(self, id_: str) -> Row | None:
        return next((row for row in self.rows or () if row.id == id_), None)


def read(operations: Reading, opening: str, documents: Documents, task: Task) -> Documents:
    """The same with its page. Raises MmsError, Cancelled."""
    found = operations.find_opened(opening, documents.question, task=task)
    return taken_in(documents, found)


def taken_in(documents: Documents, found: FoundDocuments) -> Documents:
    rows = tuple(
        row_of(number, text) for number, text in enumerate(found.documents, documents.start + 1)
    )
    return replace(documents, rows=rows, more=found.more)


def row_of(number: int, text: str) -> Row:
    document: dict[str, Any] = json.loads(text)
    return Row(str(number), identity_text(document), short_text(document), text)


def read_hours(text: str) -> float:
    """Raises UsageError."""
    try:
        hours = float(text)
    except ValueError as error:
        raise UsageError("hours are a number: 0.5, 8, 24", where=text) from error
    if not 0 < hours <= HOURS_MAX:
        raise UsageError(f"hours: more than 0, at most {HOURS_MAX}", where=text)
    return hours


def hours_complaint(text: str) -> str:
    """Why it will not do; empty: it will."""
    try:
        read_hours(text)
    except UsageError as error:
        return error.what
    return ""


def point_complaint(text: str) -> str:
    try:
        parse_point(text)
    except UsageError as error:
        return f"{error.what}: {error.hint}" if error.hint else error.what
    return ""


def name_complaint(text: str, known: Sequence[str]) -> str:
    return "" if text in known else f"a deployment's name: {', '.join(known)}"
