"""The restore wizard's four steps in words."""

from collections.abc import Sequence

from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import timeline
from mmsconsole.console.present.snapshots import newest_complete
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.timeline import Axis
from mmsconsole.console.present.words import duration, moment, moment_of, sentence, size, until
from mmsconsole.console.wizard import Choice, Step, Wizard
from mmsconsole.operations.views import BackupStatus, Gap, RestorePlan, SnapshotView

STEP_TITLES = {
    Step.POINT: "the point",
    Step.TARGET: "the folder",
    Step.REVIEW: "review",
    Step.RUN: "run",
}


def steps(current: Step, page: Page) -> Line:
    drawn = line(" ")
    for number, (step, title) in enumerate(STEP_TITLES.items(), start=1):
        tone = Tone.TITLE if step == current else Tone.DIM
        sign = page.glyphs.done if step < current else str(number)
        sign_tone = Tone.GOOD if step < current else Tone.ACCENT if step == current else Tone.DIM
        drawn = line(drawn, Span(f"{sign} ", sign_tone), Span(title, tone))
        if step != Step.RUN:
            drawn = line(drawn, Span(f"  {page.glyphs.rule * 3}  ", Tone.DIM))
    return drawn


def point_lines(
    wizard: Wizard, snapshots: Sequence[SnapshotView], status: BackupStatus | None, page: Page
) -> list[Line]:
    """Axis, pointer, and what the cursor means."""
    axis = wizard.axis
    chosen = wizard.snapshot
    pointer = timeline.pointer_line(axis, wizard.cursor, moment(wizard.cursor), page.glyphs)
    return [
        *timeline.draw(snapshots, status, axis, page, chosen),
        pointer,
        (),
        *meaning(wizard, snapshots, status.gaps if status else (), page),
        (),
        _keys(axis, page),
    ]


def meaning(
    wizard: Wizard, snapshots: Sequence[SnapshotView], gaps: Sequence[Gap], page: Page
) -> list[Line]:
    """The point in two or three lines, as far as it is known before the engine has planned it."""
    if wizard.snapshot:
        told = line(" the snapshot of ", Span(moment(wizard.cursor), Tone.ACCENT), ", as it is")
        return [told, line(Span(" no oplog is replayed on top", Tone.DIM))]
    gap = wizard.gap(gaps)
    if gap is not None:
        return indent(wrap(gap_sentence(gap), page.width - 2, Tone.WARN)[:3], 1)
    base = newest_complete(snapshots, wizard.cursor)
    told = line(" everything up to and including ", Span(moment(wizard.cursor), Tone.ACCENT))
    if base is None:
        return [told, line(Span(" no complete snapshot lies before it", Tone.WARN))]
    replay = duration((wizard.cursor - timeline.moment_of(base)).total_seconds())
    start = moment(timeline.moment_of(base))
    return [
        told,
        line(Span(f" from the snapshot of {start}, and {replay} of stored oplog", Tone.DIM)),
    ]


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


def target_lines(choice: Choice, deployment: str, page: Page) -> list[Line]:
    what = f"the snapshot {choice.snapshot}" if choice.snapshot else f"up to {choice.at}"
    told = (
        "The restored files are written to this folder on the engine's host. It must not exist "
        "yet, or be empty. Nothing else is touched: not the source, not the head."
    )
    return [
        line(" ", Span(deployment, Tone.TITLE), ", ", Span(what, Tone.ACCENT)),
        (),
        *indent(wrap(told, page.width - 2, Tone.DIM), 1),
        (),
    ]


def review_lines(plan: RestorePlan, page: Page) -> list[Line]:
    """Exactly what will happen, in the order in which it will."""
    actions = [
        f"The folder {plan.target} is made.",
        f"{size(plan.bytes)} of the snapshot {plan.snapshot} are written to it and verified.",
    ]
    if plan.point is not None:
        actions.append(
            f"{size(plan.oplog_bytes)} of oplog are applied, up to and including "
            f"{until(plan.point)}."
        )
    numbered = [
        each for number, text in enumerate(actions, start=1) for each in _item(number, text, page)
    ]
    return [
        rule("what will happen", page),
        *numbered,
        (),
        rule("what you will have", page),
        *indent(wrap(sentence(plan.in_words), page.width - 2, Tone.TITLE), 1),
        (),
        rule("room", page),
        _room(plan, page),
        (),
        line(Span(" The source and the head are not touched.", Tone.DIM)),
    ]


def _item(number: int, text: str, page: Page) -> list[Line]:
    first, *others = wrap(text, page.width - 4)
    return [line(" ", Span(f"{number} ", Tone.DIM), first), *indent(others, 3)]


def _room(plan: RestorePlan, page: Page) -> Line:
    needed = plan.bytes + plan.oplog_bytes
    enough = plan.free_bytes >= needed
    sign, tone, word = (
        (page.glyphs.good, Tone.GOOD, "enough")
        if enough
        else (page.glyphs.bad, Tone.BAD, "not enough")
    )
    told = f"{size(plan.free_bytes)} free, about {size(needed)} needed"
    return line(" ", Span(f"{sign} {word}", tone), f"  {told}")
