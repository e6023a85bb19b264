"""What runs now, and the collections that take most of the time: as of the last poll."""

from collections.abc import Callable, Mapping, Sequence

from mmsconsole.console.present.measures import measure, number
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, plural, since
from mmsconsole.monitoring.metrics import Unit
from mmsconsole.operations.monitoring_views import TopCollection, TopOperation, TopView

OPERATIONS, COLLECTIONS = "operations", "collections"
DETAIL_LINES = 5
SLOW_SECONDS = 10.0
SLOW_MS = 500.0
"""Of each second that is spent in one collection."""

OPERATION_SORTS: Mapping[str, Callable[[TopOperation], tuple[object, ...]]] = {
    "time": lambda one: (-one.operation.seconds,),
    "namespace": lambda one: (one.operation.namespace, -one.operation.seconds),
    "member": lambda one: (one.host, -one.operation.seconds),
    "client": lambda one: (one.operation.app, one.operation.client, -one.operation.seconds),
}
COLLECTION_SORTS: Mapping[str, Callable[[TopCollection], tuple[object, ...]]] = {
    "time": lambda one: (-one.collection.reads_ms - one.collection.writes_ms,),
    "reads": lambda one: (-one.collection.reads,),
    "writes": lambda one: (-one.collection.writes,),
    "namespace": lambda one: (one.collection.namespace, one.host),
    "member": lambda one: (one.host, one.collection.namespace),
}


def operation_key(one: TopOperation) -> str:
    return f"{one.host} {one.operation.id}"


def collection_key(one: TopCollection) -> str:
    return f"{one.host} {one.collection.namespace}"


def operations(view: TopView, query: str, sort: str) -> list[TopOperation]:
    """Those that hold every word of the query."""
    return sorted(
        (one for one in view.operations if _holds(_operation_text(one), query)),
        key=OPERATION_SORTS[sort],
    )


def collections(view: TopView, query: str, sort: str) -> list[TopCollection]:
    return sorted(
        (one for one in view.hot if _holds(f"{one.host} {one.collection.namespace}", query)),
        key=COLLECTION_SORTS[sort],
    )


def _operation_text(one: TopOperation) -> str:
    of = one.operation
    return f"{one.host} {of.op} {of.namespace} {of.client} {of.app} {of.plan} {of.text}"


def _holds(text: str, query: str) -> bool:
    return all(word in text.casefold() for word in query.casefold().split())


def operation_columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("TIME", 7, right=True),
        Column("OP", 8),
        Column("NAMESPACE", 18, grow=1),
        Column("PLAN", 14, grow=1),
        Column("APP", 11),
        Column("MEMBER", 10, grow=1),
    )
    if not page.wide:
        return narrow
    return (*narrow, Column("CLIENT", 22), Column("COMMAND", 24, grow=4))


def operation_row(one: TopOperation, page: Page) -> Row:
    of = one.operation
    tone = Tone.WARN if of.seconds >= SLOW_SECONDS else Tone.TEXT
    plan = Tone.WARN if "COLLSCAN" in of.plan else Tone.DIM
    op = line(Span(of.op), Span(f" {page.glyphs.warn}" if of.waiting else "", Tone.WARN))
    cells: tuple[Line, ...] = (
        (Span(measure(of.seconds, Unit.SECONDS), tone),), op, (Span(of.namespace, Tone.TITLE),),
        (Span(of.plan or NONE, plan),), (Span(of.app or NONE),), (Span(one.host, Tone.DIM),),
    )  # fmt: skip
    if page.wide:
        cells = (*cells, (Span(of.client, Tone.DIM),), (Span(of.text),))
    return Row(operation_key(one), cells)


def collection_columns(_page: Page) -> tuple[Column, ...]:
    return (
        Column("NAMESPACE", 20, grow=2),
        Column("MEMBER", 16, grow=1),
        Column("READS", 8, right=True),
        Column("TIME", 7, right=True),
        Column("WRITES", 8, right=True),
        Column("TIME", 7, right=True),
    )


def collection_row(one: TopCollection, _page: Page) -> Row:
    of = one.collection
    cells: tuple[Line, ...] = (
        (Span(of.namespace, Tone.TITLE),), (Span(one.host, Tone.DIM),),
        (Span(f"{number(of.reads)}/s"),), _busy(of.reads_ms),
        (Span(f"{number(of.writes)}/s"),), _busy(of.writes_ms),
    )  # fmt: skip
    return Row(collection_key(one), cells)


def _busy(milliseconds: float) -> Line:
    """Of each second: above 100 % where several work at once."""
    tone = Tone.WARN if milliseconds >= SLOW_MS else Tone.TEXT
    return (Span(f"{milliseconds / 10:.1f} %", tone),)


def above(view: TopView, what: str, query: str, sort: str) -> list[Line]:
    """What is listed, how it was chosen, and how old it is."""
    count = len(view.operations) if what == OPERATIONS else len(view.hot)
    noun = "operation" if what == OPERATIONS else "busy collection"
    only = f", only {query}" if query else ""
    silent = [each.host for each in view.members if not each.up]
    gone = Span(f"  no answer: {', '.join(silent)}" if silent else "", Tone.WARN)
    told = Span(f", by {sort}{only}; as of {_age(view)}", Tone.DIM)
    return [line(" ", Span(plural(count, noun), Tone.TITLE), told, gone)]


def _age(view: TopView) -> str:
    newest = max((each.seen_at for each in view.members if each.seen_at), default=None)
    return "never" if newest is None else since(newest, view.at)


def operation_detail(one: TopOperation, page: Page) -> list[Line]:
    of = one.operation
    waiting = ", waits for a lock" if of.waiting else ""
    note = f"{measure(of.seconds, Unit.SECONDS)} on {one.host} ({one.state.lower()}){waiting}"
    return [
        rule(f"{of.op} {of.namespace}", page, note),
        *indent(wrap(of.text, page.width - 2)[:2], 1),
        line(" ", Span(of.plan or "no plan", Tone.DIM)),
        line(" ", Span(f"{of.client}  {of.app}  operation {of.id}", Tone.DIM)),
    ][:DETAIL_LINES]


def operation_whole(one: TopOperation, width: int) -> Sequence[Line]:
    """All that is known of it, for a page of its own."""
    of = one.operation
    facts = (
        ("member", f"{one.host} ({one.state})"), ("operation", of.id), ("kind", of.op),
        ("namespace", of.namespace), ("runs for", measure(of.seconds, Unit.SECONDS)),
        ("waits", "for a lock" if of.waiting else "no"), ("client", of.client), ("app", of.app),
        ("plan", of.plan),
    )  # fmt: skip
    told = [line(Span(f"{label:<12}", Tone.DIM), text or NONE) for label, text in facts]
    return [*told, (), *wrap(of.text, width)]


def collection_detail(one: TopCollection, page: Page) -> list[Line]:
    of = one.collection
    return [
        rule(of.namespace, page, f"on {one.host} ({one.state.lower()})"),
        line(f" {number(of.reads)} reads per second take {number(of.reads_ms)} ms of each"),
        line(f" {number(of.writes)} writes per second take {number(of.writes_ms)} ms of each"),
    ]
