"""The restore wizard's review: everything that will be done, in words."""

from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.restore_form import TITLES, reached
from mmsconsole.console.present.text import Line, Page, Span, Tone, cells, indent, line, rule, wrap
from mmsconsole.console.present.words import duration, plural, sentence, size
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.operations.views import RestorePlan, RestorePoint

LABEL_CELLS = 14
OVERWRITES = "WHAT IS THERE OF THE SAME NAMES IS DROPPED FIRST"
WRITES_THERE = "It writes into what runs: its name is asked for before it begins."
UNTOUCHED = "The source and the head are not touched."


def draw(plan: RestorePlan, point: RestorePoint, *, overwrites: bool, page: Page) -> list[Line]:
    return [
        *_alarm(overwrites, page),
        labelled("up to", reached(point.optime), Span("  included", Tone.DIM)),
        *_long("that is", sentence(plan.in_words), page),
        *_long("what", plan.what, page),
        *_long("where", f"to {TITLES[TargetKind(plan.kind)]}: {plan.target}", page, Tone.TITLE),
        *_steps(plan, page),
        labelled("takes", _time(plan)),
        labelled("room", _room(plan, page)),
        labelled("begins", _queue(plan, page)),
        *_notes(plan, page),
    ]


def _long(label: str, text: str, page: Page, tone: Tone = Tone.TEXT) -> list[Line]:
    first, *others = wrap(text, page.width - LABEL_CELLS - 1, tone) or [()]
    return [labelled(label, first), *indent(others, LABEL_CELLS)]


def _alarm(overwrites: bool, page: Page) -> list[Line]:
    if not overwrites:
        return []
    told = line(Span(f" {page.glyphs.warn} {OVERWRITES}", Tone.ALARM))
    return [line(told, Span(" " * (page.width - cells(told)), Tone.ALARM))]


def _steps(plan: RestorePlan, page: Page) -> list[Line]:
    done = [f"{size(plan.bytes)} of the snapshot {plan.snapshot} are read and verified"]
    if plan.oplog_bytes:
        done.append(f"{size(plan.oplog_bytes)} of oplog are applied")
    if plan.staging:
        done.append(f"the files are made in {plan.staging} first, which is removed then")
    return _long("steps", sentence("; ".join(done)), page)


def _time(plan: RestorePlan) -> str:
    return "not known yet" if plan.seconds is None else f"about {duration(max(1, plan.seconds))}"


def _room(plan: RestorePlan, page: Page) -> Line:
    if not plan.disk_bytes:
        return line("nothing is written on this machine's disks")
    enough = plan.free_bytes >= plan.disk_bytes
    sign, tone, word = (
        (page.glyphs.good, Tone.GOOD, "enough")
        if enough
        else (page.glyphs.bad, Tone.BAD, "not enough")
    )
    told = f"{size(plan.free_bytes)} free, about {size(plan.disk_bytes)} needed"
    return line(Span(f"{sign} {word}", tone), f"  {told}")


def _queue(plan: RestorePlan, page: Page) -> Line:
    if not plan.waits_for:
        return line("at once")
    told = f"when {plural(plan.waits_for, 'restore')} before it ended: others go first"
    return line(Span(f"{page.glyphs.warn} {told}", Tone.WARN))


def _notes(plan: RestorePlan, page: Page) -> list[Line]:
    live = plan.kind == TargetKind.LIVE
    notes = [part for note in plan.notes for part in _note(note, page)]
    last = (Span(f" {WRITES_THERE if live else UNTOUCHED}", Tone.WARN if live else Tone.DIM),)
    return [rule("to know", page), *notes, last]


def _note(note: str, page: Page) -> list[Line]:
    first, *others = wrap(sentence(note), page.width - 4) or [()]
    return [line(" ", Span(f"{page.glyphs.warn} ", Tone.WARN), first), *indent(others, 3)]
