"""The restore wizard's first step in words, and the line of all steps above it."""

from collections.abc import Sequence

from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import timeline
from mmsconsole.console.present.snapshots import newest_complete
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, wrap
from mmsconsole.console.present.timeline import Axis
from mmsconsole.console.present.words import duration, moment, moment_of, sentence
from mmsconsole.console.wizard.draft import Step
from mmsconsole.console.wizard.points import Pointing
from mmsconsole.errors import UsageError
from mmsconsole.operations.points import Before, parse_point
from mmsconsole.operations.views import BackupStatus, Gap, SnapshotView

TITLES = ("the point", "what", "where", "review", "run")
PLACES = {Step.POINT: 0, Step.WHAT: 1, Step.KIND: 2, Step.FIELDS: 2, Step.REVIEW: 3, Step.RUN: 4}
"""The kind of target and its rows are one step to people."""


def steps(current: Step, page: Page) -> Line:
    here = PLACES[current]
    drawn = line(" ")
    for place, title in enumerate(TITLES):
        tone = Tone.TITLE if place == here else Tone.DIM
        sign = page.glyphs.done if place < here else str(place + 1)
        sign_tone = Tone.GOOD if place < here else Tone.ACCENT if place == here else Tone.DIM
        drawn = line(drawn, Span(f"{sign} ", sign_tone), Span(title, tone))
        if place < len(TITLES) - 1:
            drawn = line(drawn, Span(f"  {page.glyphs.rule * 3}  ", Tone.DIM))
    return drawn


def point_lines(
    pointing: Pointing, snapshots: Sequence[SnapshotView], status: BackupStatus | None, page: Page
) -> list[Line]:
    """Axis, pointer, and what the cursor means."""
    axis = pointing.axis
    chosen = pointing.snapshot
    pointer = timeline.pointer_line(axis, pointing.cursor, moment(pointing.cursor), page.glyphs)
    return [
        *timeline.draw(snapshots, status, axis, page, chosen),
        pointer,
        (),
        *meaning(pointing, snapshots, status.gaps if status else (), page),
        (),
        _keys(axis, page),
    ]


def meaning(
    pointing: Pointing, snapshots: Sequence[SnapshotView], gaps: Sequence[Gap], page: Page
) -> list[Line]:
    """The point in two or three lines, as far as it is known before the engine has planned it."""
    if pointing.typed.strip():
        return _typed_meaning(pointing.typed.strip())
    if pointing.snapshot:
        told = line(" the snapshot of ", Span(moment(pointing.cursor), Tone.ACCENT), ", as it is")
        return [told, line(Span(" no oplog is replayed on top", Tone.DIM))]
    gap = pointing.gap(gaps)
    if gap is not None:
        return indent(wrap(gap_sentence(gap), page.width - 2, Tone.WARN)[:3], 1)
    base = newest_complete(snapshots, pointing.cursor)
    told = line(" everything up to and including ", Span(moment(pointing.cursor), Tone.ACCENT))
    if base is None:
        return [told, line(Span(" no complete snapshot lies before it", Tone.WARN))]
    replay = duration((pointing.cursor - timeline.moment_of(base)).total_seconds())
    start = moment(timeline.moment_of(base))
    return [
        told,
        line(Span(f" from the snapshot of {start}, and {replay} of stored oplog", Tone.DIM)),
    ]


def _typed_meaning(typed: str) -> list[Line]:
    """The engine judges it in the end; what makes no sense is told at once."""
    try:
        asked = parse_point(typed)
    except UsageError as error:
        return [line(Span(f" {error.what}", Tone.WARN)), line(Span(f" {error.hint}", Tone.DIM))]
    if isinstance(asked, Before):
        at = Span(f"{moment_of(asked.entry)} ({asked.entry})", Tone.ACCENT)
        told = line(" everything before the entry of ", at)
        return [told, line(Span(" that entry itself is left out", Tone.DIM))]
    told = line(" everything up to and including ", Span(typed, Tone.ACCENT))
    return [told, line(Span(" the review shows which entry that is", Tone.DIM))]


def gap_sentence(gap: Gap) -> str:
    """What can be restored instead, and why this can not."""
    after = "nothing after it yet" if gap.end is None else f"{moment_of(gap.end)} after it"
    return (
        f"In a gap: the nearest that can be restored are {moment_of(gap.start)} before it, "
        f"{after}. {sentence(gap.reason)}"
    )


def _keys(axis: Axis, page: Page) -> Line:
    glyphs = page.glyphs
    step = duration(axis.seconds_per_cell)
    hints = (
        (f"{key_name('left', glyphs)} {key_name('right', glyphs)}", step),
        ("pgup pgdn", "ten times that" if page.wide else "more"),
        (f"{key_name('up', glyphs)} {key_name('down', glyphs)}", "snapshots"),
        ("+ -", "zoom"),
        ("home end", "ends"),
    )
    drawn = line(" ")
    for key, label in hints:
        drawn = line(drawn, Span(f"{key} ", Tone.KEY), Span(f"{label}   ", Tone.DIM))
    return drawn
