"""One snapshot: everything that is known of it, what works for it, what happened to it."""

from collections.abc import Sequence

from mmsconsole.console.present.events import event_lines
from mmsconsole.console.present.jobs import job_lines
from mmsconsole.console.present.keeping import kept_sentence, verdict_sentence
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.snapshots import kept_tone, took, verdict_tone
from mmsconsole.console.present.status import snapshot_mark
from mmsconsole.console.present.text import Line, Page, Span, Tone, line, rule, wrap
from mmsconsole.console.present.words import NONE, moment, moment_of, since, size
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.views import EventView, JobView, SnapshotView
from mmsconsole.policy.fates import Reason

LABEL_CELLS = 14


def draw(
    snapshot: SnapshotView, jobs: Sequence[JobView], events: Sequence[EventView], page: Page
) -> list[Line]:
    """Any number of lines: the view scrolls."""
    happened = event_lines(events, page, names=False)
    nothing = [line(" ", Span("nothing is noted of it", Tone.DIM))]
    return [
        (),
        line(" ", snapshot_mark(snapshot, page.glyphs).line),
        (),
        *_data(snapshot, page),
        *_keeping(snapshot, page),
        *_origin(snapshot, page),
        *job_lines(jobs, page),
        rule("events", page),
        *(happened or nothing),
    ]


def told(label: str, text: str, tone: Tone, page: Page) -> list[Line]:
    """A label and its text, which may need several lines."""
    first, *others = wrap(text, page.width - LABEL_CELLS - 1, tone) or [()]
    return [labelled(label, first), *(labelled("", each) for each in others)]


def _data(snapshot: SnapshotView, page: Page) -> list[Line]:
    if snapshot.state != SnapshotState.COMPLETE:
        return []
    optime = Span(f"  {snapshot.optime}", Tone.DIM)
    much = f"{size(snapshot.bytes)} in {snapshot.files} files, {size(snapshot.new_bytes)} new"
    return [
        labelled("data as of", moment_of(snapshot.optime), optime),
        labelled("size", much),
        labelled("made by", f"mongod {snapshot.mongod_version}, fcv {snapshot.fcv}"),
        *(told("in doubt", snapshot.doubt, Tone.WARN, page) if snapshot.doubt else []),
    ]


def _keeping(snapshot: SnapshotView, page: Page) -> list[Line]:
    if snapshot.state == SnapshotState.DELETING:
        return told("keeping", f"no longer: {snapshot.leaving or 'it is being deleted'}", Tone.WARN,
                    page)  # fmt: skip
    kept = kept_sentence(snapshot, page.now)
    lines = told("keeping", kept, kept_tone(snapshot, page.now), page)
    others = [reason for reason in snapshot.kept_for if reason != Reason.HELD]
    if snapshot.hold and others:
        lines += told("also for", ", ".join(others), Tone.DIM, page)
    if snapshot.state == SnapshotState.COMPLETE:
        lines += told("verdict", verdict_sentence(snapshot), verdict_tone(snapshot), page)
    return lines


def _origin(snapshot: SnapshotView, page: Page) -> list[Line]:
    asked = f"{moment(snapshot.created_at)} by {snapshot.asked_by or 'the engine'}"
    age = Span(f"  {since(snapshot.created_at, page.now)}", Tone.DIM)
    ended = moment(snapshot.finished_at)
    within = "" if took(snapshot) == NONE else f", in {took(snapshot)}"
    return [
        labelled("asked for", asked, age),
        *([labelled("due", moment(snapshot.due_at))] if snapshot.due_at else []),
        labelled("ended", f"{ended}{within}"),
        *(told("why", snapshot.reason, Tone.BAD, page) if snapshot.reason else []),
        labelled("id", snapshot.id),
    ]
