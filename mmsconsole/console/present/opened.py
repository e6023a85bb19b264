"""What is open for reading: the list, the collections in one, their documents as rows."""

from collections.abc import Sequence
from datetime import datetime

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.opened import Documents
from mmsconsole.console.opened import Row as DocumentRow
from mmsconsole.console.present import shell
from mmsconsole.console.present.progress import overall, small
from mmsconsole.console.present.status import Mark, restore_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, cells, indent, line, rule, wrap
from mmsconsole.console.present.words import (
    NONE,
    moment,
    moment_of,
    plural,
    remaining,
    sentence,
    size,
)
from mmsconsole.metadata.openings import UNFINISHED, WANTED, OpeningState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.operations.opening_views import Connection, OpenedCollection, OpeningView
from mmsconsole.operations.views import RestoreView

DETAIL_LINES, BRIEF_LINES = 4, 3
ID_CELLS = 24
"""An ObjectId, whole."""
EXAMPLES = {"filter": '{"status": "paid", "total": {"$gt": 100}}', "sort": '{"at": -1}'}
ASKED_NOTE = (
    "mongosh asks for the password. It opens only this copy, for reading, and goes with it. That "
    "it was shown is written down."
)


def mark(opening: OpeningView, glyphs: Glyphs) -> Mark:
    return {
        OpeningState.OPEN.value: Mark(glyphs.good, "open", Tone.GOOD),
        OpeningState.CLOSED.value: Mark(glyphs.off, "closed", Tone.DIM),
        OpeningState.FAILED.value: Mark(glyphs.bad, "failed", Tone.BAD),
    }.get(opening.state, Mark(glyphs.busy, opening.state, Tone.BUSY))


def what(opening: OpeningView) -> str:
    return f"{opening.deployment} of {moment_of(opening.optime)}"


def until(opening: OpeningView) -> str:
    return moment(opening.until)


def left(opening: OpeningView, now: datetime) -> str:
    return remaining(opening.until, now) if opening.state in WANTED else NONE


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("DEPLOYMENT", 10, grow=1),
        Column("DATA AS OF", 20),
        Column("OPTIME", 13, grow=1 if page.wide else 0),
        Column("STATE", 10),
        Column("LEFT", 7, right=True),
        Column("SIZE", 7, right=True),
    )
    return (*narrow, Column("ADDRESS", 15), Column("WHY", 16, grow=2)) if page.wide else narrow


def row(opening: OpeningView, page: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(opening.deployment, Tone.TITLE),),
        (Span(moment_of(opening.optime)),),
        (Span(str(opening.optime), Tone.DIM),),
        mark(opening, page.glyphs).line,
        (Span(left(opening, page.now)),),
        (Span(size(opening.bytes), Tone.DIM),),
    )
    more = ((Span(opening.address or NONE),), (Span(opening.reason, Tone.DIM),))
    return Row(opening.id, (*cells, *more) if page.wide else cells)


def making_row(restore: RestoreView, page: Page) -> Row:
    """One that is to be open, and is not yet: its restore."""
    failed = restore.state == RestoreState.FAILED
    told = restore_mark(restore, page.glyphs) if failed else Mark(
        page.glyphs.busy, "making", Tone.BUSY)  # fmt: skip
    done = () if failed else small(overall(restore.progress), 7, page.glyphs)
    optime = NONE if restore.optime is None else str(restore.optime)
    at = moment_of(restore.optime or restore.point)
    cells: tuple[Line, ...] = (
        (Span(restore.deployment, Tone.TITLE),), (Span(at),),
        (Span(optime, Tone.DIM),), told.line, done or (Span(NONE, Tone.DIM),),
        (Span(size(restore.bytes) if restore.bytes else NONE, Tone.DIM),),
    )  # fmt: skip
    more = ((Span(NONE),), (Span(restore.reason, Tone.DIM),))
    return Row(restore.id, (*cells, *more) if page.wide else cells)


def detail(opening: OpeningView, page: Page) -> list[Line]:
    asked = f"asked for {moment(opening.created_at)} by {opening.created_by or 'the engine'}"
    head = rule(opening.id, page, asked)
    source = line(Span(f" from the snapshot {opening.snapshot}", Tone.DIM))
    if opening.state == OpeningState.OPEN:
        told = line(" ", Span(opening.address, Tone.ACCENT), f"  read-only, until {until(opening)}")
        keys = _keys(("item.open", " browses it  "), ("opened.connect", " shows how to connect  "),
                     ("opened.extend", " keeps it open for longer"))  # fmt: skip
        return [head, told, source, keys]
    if opening.state in UNFINISHED:
        return [head, source, *_wrapped(opening.reason, Tone.DIM, page)[:1]]
    ended = f" {opening.state} {moment(opening.closed_at)}"
    tone = Tone.BAD if opening.state == OpeningState.FAILED else Tone.DIM
    return [head, line(Span(ended, Tone.DIM)), *_wrapped(opening.reason, tone, page)[:2]]


def making_detail(restore: RestoreView, page: Page) -> list[Line]:
    asked = f"asked for {moment(restore.created_at)} by {restore.created_by or 'the engine'}"
    if restore.state == RestoreState.FAILED:
        return [rule(restore.id, page, asked), *_wrapped(restore.reason, Tone.BAD, page)[:3]]
    told = line(" ", restore_mark(restore, page.glyphs).line, "  its files are being made")
    return [rule(restore.id, page, asked), told, _keys(("item.open", " follows it"))]


def _keys(*told: tuple[str, str]) -> Line:
    each = (line(Span(key_of(id_), Tone.KEY), Span(text, Tone.DIM)) for id_, text in told)
    return line(" ", *each)


def _wrapped(text: str, tone: Tone, page: Page) -> list[Line]:
    return indent(wrap(sentence(text), page.width - 2, tone), 1)


# -- inside of one -----------------------------------------------------------------------------


def above(opening: OpeningView | None, count: str, doing: str, page: Page) -> list[Line]:
    """Which one it is and for how long; then what is shown of it, or what is being read."""
    if opening is None:
        return []
    at = f" {moment_of(opening.optime)} ({opening.optime})  "
    first = line(Span(at, Tone.TITLE), mark(opening, page.glyphs).line)
    if opening.state in WANTED:
        first = line(first, Span(f"  closes in {left(opening, page.now)}", Tone.DIM))
    elif opening.reason:
        first = line(first, Span(f"  {opening.reason}", Tone.DIM))
    if doing:
        busy = line(Span(f" {page.glyphs.busy} {doing}", Tone.BUSY))
        return [first, line(busy, Span("  esc stops it", Tone.DIM))]
    return [first, line(Span(f" {count}", Tone.DIM))]


def reading(what_: str, done: int, page: Page) -> str:
    so_far = f" {plural(done, 'document')}" if done else ""
    return f"reading {what_}{page.glyphs.more}{so_far}"


def counted(found: Sequence[OpenedCollection]) -> str:
    databases = len({one.database for one in found})
    return f"{plural(len(found), 'collection')} in {plural(databases, 'database')}"


def collection_columns(_: Page) -> tuple[Column, ...]:
    return (
        Column("DATABASE", 18, grow=1),
        Column("NAME", 24, grow=2),
        Column("KIND", 10),
        Column("DOCUMENTS", 14, right=True),
    )


def is_servers_own(found: OpenedCollection) -> bool:
    return found.collection.startswith("system.") or found.database == "admin"


def collection_rows(found: Sequence[OpenedCollection], page: Page) -> list[Row]:
    """What belongs to the server itself comes last."""
    return [collection_row(one, page) for one in sorted(found, key=is_servers_own)]


def collection_row(found: OpenedCollection, _: Page) -> Row:
    own = is_servers_own(found)
    tone = Tone.DIM if own else Tone.TEXT
    documents = NONE if found.documents is None else f"{found.documents:,}"
    cells: tuple[Line, ...] = (
        (Span(found.database, tone),), (Span(found.collection, tone if own else Tone.TITLE),),
        (Span(found.kind, Tone.DIM),), (Span(documents, tone),),
    )  # fmt: skip
    return Row(f"{found.database}.{found.collection}", cells)


def paged(documents: Documents) -> str:
    """What is shown, and how it was chosen."""
    if documents.rows is None:
        return ""
    first, last = documents.start + 1, documents.start + len(documents.rows)
    told = f"documents {first} to {last}" if documents.rows else "no documents"
    told += f" of {documents.namespace}"
    told += ", more follow" if documents.more else ""
    if documents.filter:
        told += f"; only {documents.filter}"
    return told + (f"; sorted by {documents.sort}" if documents.sort else "")


def document_columns(rows: Sequence[DocumentRow], page: Page) -> tuple[Column, ...]:
    """As much for the _id as these need."""
    longest = max((cells((Span(row_.identity),)) for row_ in rows), default=0)
    most = ID_CELLS * 2 if page.wide else ID_CELLS
    return (
        Column("", 5, right=True),
        Column("_ID", min(most, max(3, longest))),
        Column("DOCUMENT", 30, grow=1),
    )


def document_row(row_: DocumentRow, _: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(row_.id, Tone.DIM),), (Span(row_.identity, Tone.TITLE),), (Span(row_.brief),),
    )  # fmt: skip
    return Row(row_.id, cells)


def document_detail(row_: DocumentRow, page: Page) -> list[Line]:
    told = wrap(row_.brief, page.width - 2)[: BRIEF_LINES - 1]
    return [rule(f"document {row_.id}", page, size(len(row_.text))), *indent(told, 1)]


def document_above(
    namespace: str, row_: DocumentRow | None, *, reads: bool, page: Page
) -> list[Line]:
    if row_ is None:
        return [line(Span(" It was read too long ago: go back and read it again.", Tone.WARN))]
    doing = f" {page.glyphs.busy} being written out{page.glyphs.more}" if reads else ""
    told = f"extended JSON, {size(len(row_.text))}"
    return [rule(f"{namespace}  _id {row_.identity}", page, told + doing)]


# -- how to connect ----------------------------------------------------------------------------


def connection_lines(connection: Connection, width: int) -> list[Line]:
    return [
        *shell.commands((connection.shell,), width),
        (),
        line(Span("password  ", Tone.DIM), Span(connection.password, Tone.TITLE)),
        (),
        *wrap(ASKED_NOTE, width, Tone.DIM),
    ]
