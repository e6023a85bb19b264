"""The policy editor: keys with their values, and beside them what would be kept."""

from collections.abc import Sequence
from datetime import datetime

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.policy_editor import PolicyEditor
from mmsconsole.console.present import policy as words
from mmsconsole.console.present.keeping import SOON
from mmsconsole.console.present.status import Mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, fit, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, moment, moment_of, plural, size
from mmsconsole.errors import MmsError
from mmsconsole.operations.policy_views import OplogChange, PolicyPreview, PolicyRow
from mmsconsole.policy.fates import Outcome
from mmsconsole.policy.policy import DOMAINS, KEYS

LEFT_CELLS = 41
WIDE_LEFT_CELLS = 56
COLUMNS = (Column("KEY", 16), Column("VALUE", 8, grow=1), Column("FROM", 8))
MEANING_LINES = 6
AT_CELLS = 13
UNTIL_CELLS = 9
NAME_CELLS_MAX = 12


def title(editor: PolicyEditor, page: Page) -> Line:
    """Whose policy it is, and whether anything waits to be saved."""
    view = editor.view
    note = f"by {view.changed_by}" if view.changed_by else ""
    if editor.changes:
        note = f"{plural(len(editor.changes), 'change')}, not saved"
    return rule(words.subject(view), page, note)


def rows(editor: PolicyEditor, page: Page) -> list[Row]:
    return [_row(editor, key, page) for key in KEYS]


def _row(editor: PolicyEditor, key: str, page: Page) -> Row:
    """A changed value stands with a sign of its own before it."""
    changed = key in editor.changes
    sign = f"{page.glyphs.arrow} " if changed else ""
    own = editor.is_own(key)
    source = "here" if own else editor.source(key)
    tone = Tone.WARN if changed else Tone.TEXT if own else Tone.DIM
    cells: tuple[Line, ...] = (
        (Span(key, Tone.TITLE if changed else Tone.TEXT),),
        (Span(f"{sign}{editor.value(key)}", tone),),
        (Span(source, Tone.DIM),),
    )
    return Row(key, cells)


def meaning(editor: PolicyEditor, key: str, page: Page, *, typing: bool) -> list[Line]:
    """The chosen key: what its value means, what it was, where it would come from.

    `typing`: room is left for the field, and for why its text will not do.
    """
    width = page.width - 2
    if typing:
        return [(), *indent(wrap(words.meaning(key, editor.policy), width, Tone.ACCENT)[:1], 1)]
    told = [
        *wrap(words.meaning(key, editor.policy), width, Tone.ACCENT)[:2],
        *_origin(editor, key, width),
        *wrap(f"allowed: {DOMAINS[key].says}", width, Tone.DIM)[:3],
    ]
    return [(), *indent(told, 1)][:MEANING_LINES]


def _origin(editor: PolicyEditor, key: str, width: int) -> list[Line]:
    if key in editor.changes:
        undo = key_of("policy.undo")
        return wrap(f"it was {editor.view_value(key)}; {undo} undoes this", width, Tone.WARN)[:1]
    if editor.is_own(key):
        above = getattr(editor.view.inherited, key)
        inherit = key_of("policy.inherit")
        return wrap(f"decided here; {inherit} inherits {above} again", width, Tone.DIM)[:1]
    return wrap(f"inherited from the {editor.source(key)}", width, Tone.DIM)[:1]


def complaint(error: MmsError, page: Page) -> list[Line]:
    """Why a value will not do."""
    hint = f"; {error.hint}" if error.hint else ""
    return indent(wrap(f"{error.what}{hint}", page.width - 2, Tone.BAD)[:3], 1)


def summary(
    preview: PolicyPreview | None, trouble: MmsError | None, *, current: bool, page: Page
) -> list[Line]:
    """What goes, what stays. `current`: it is of the values that stand there now."""
    head = rule("what would be kept", page, "" if current or trouble else "being looked up")
    if trouble is not None:
        return [head, *complaint(trouble, page)]
    if preview is None:
        return [head]
    return [head, _goes(preview, page), *_oplog(preview, page), _stays(preview), *_next(preview)]


def _goes(preview: PolicyPreview, page: Page) -> Line:
    if not preview.deletes:
        return line(" ", Span(f"{page.glyphs.done} nothing is deleted by it", Tone.GOOD))
    gone = plural(len(preview.gone), "snapshot") if preview.gone else "only oplog"
    stored = f", {size(preview.gone_bytes)} stored for them" if preview.gone else ""
    return line(" ", Span(f"{page.glyphs.bad} {gone} would go{stored}", Tone.BAD))


def _stays(preview: PolicyPreview) -> Line:
    kept = [row for row in preview.rows if row.kept and row.state == Outcome.COMPLETE]
    if not kept:
        return line(" ", Span("no complete snapshot is there yet", Tone.DIM))
    oldest = min(moment_of(row.optime) for row in kept)
    told = f"{plural(len(kept), 'snapshot')} kept, from {oldest[:10]} on"
    return line(" ", Span(told, Tone.DIM))


def _oplog(preview: PolicyPreview, page: Page) -> list[Line]:
    """From where on any second can be restored."""
    lines = []
    for change in preview.oplog:
        whose = "" if preview.view.deployment else f"{_short(change.deployment, page)} "
        lines += [line(" ", whose, each) for each in _oplog_of(change, page)]
    return lines


def _oplog_of(change: OplogChange, page: Page) -> list[Line]:
    if change.will_begin is None:
        return [line(Span("no oplog is stored", Tone.DIM))]
    begin = Span(f"any second since {moment_of(change.will_begin)[:16]}Z")
    if not change.cut:
        return [line(begin)]
    until = f"oplog of {moment_of(change.begins)[:16]}Z on goes"
    return [line(begin), line(Span(f"{page.glyphs.bad} {until}", Tone.BAD))]


def _next(preview: PolicyPreview) -> list[Line]:
    at = preview.view.next_at
    return [] if at is None else [line(" ", Span(f"next snapshot {moment(at)}", Tone.DIM))]


def table(preview: PolicyPreview, page: Page) -> list[Line]:
    """What goes first, then what stays, the newest first; any number of lines."""
    gone = [_snapshot(row, preview, page) for row in reversed(preview.gone)]
    kept = [_snapshot(row, preview, page) for row in reversed(preview.rows) if row.kept]
    past = [
        _snapshot(row, preview, page)
        for row in reversed(preview.rows)
        if not row.kept and not row.deleted
    ]
    moved = any(row.kept and row.expires_at != row.expires_before for row in preview.rows)
    note = "+ later, - sooner" if moved else "until, why"
    return [
        *_section("would go", gone, "until, last reason", page),
        *_section("kept", kept, note, page),
        *_section("expired already", past, "", page),
    ]


def _section(name: str, lines: Sequence[Line], note: str, page: Page) -> list[Line]:
    return [rule(f"{len(lines)} {name}", page, note), *lines] if lines else []


def _snapshot(row: PolicyRow, preview: PolicyPreview, page: Page) -> Line:
    at = row.optime.time if row.optime is not None else row.taken_at
    mark = _mark(row, page)
    whose = "" if preview.view.deployment else f"{_short(row.deployment, page)} "
    why = ", ".join(row.reasons) if row.kept else _last_reason(row)
    until = _until(row, page)
    return line(
        f" {mark.sign} ", Span(f"{_brief(at, page):<{AT_CELLS}}", mark.tone), until,
        Span(whose, Tone.ACCENT), Span(why or NONE, Tone.DIM),
    )  # fmt: skip


def _brief(at: datetime, page: Page) -> str:
    """With its time of day where it is of this year."""
    return f"{at:%m-%d %H:%M}" if at.year == page.now.year else f"{at:%Y-%m-%d}"


def _until(row: PolicyRow, page: Page) -> Span:
    """When it expires, or has; a sign before it where that is later, or sooner, than it was."""
    end, before = row.expires_at, row.expires_before
    if end == before or not row.kept:
        sign, tone = " ", Tone.DIM
    elif end is None or (before is not None and end > before):
        sign, tone = "+", Tone.GOOD
    else:
        sign, tone = "-", Tone.WARN
    told = "no end" if end is None else f"{end:%m-%d}"
    if end is not None and end.year != page.now.year:
        told = f"{end:%Y-%m}"
    return Span(f"{sign}{told:<{UNTIL_CELLS}}", tone)


def _mark(row: PolicyRow, page: Page) -> Mark:
    glyphs: Glyphs = page.glyphs
    if not row.kept:
        return Mark(glyphs.bad, "goes", Tone.BAD if row.deleted else Tone.DIM)
    if "held" in row.reasons:
        return Mark(glyphs.held, "held", Tone.ACCENT)
    if row.expires_at is not None and row.expires_at - page.now <= SOON:
        return Mark(glyphs.soon, "soon", Tone.WARN)
    return Mark(glyphs.good, "kept", Tone.GOOD)


def _last_reason(row: PolicyRow) -> str:
    """Of the sentence why it expired what tells the rules apart."""
    why = row.why.removeprefix("no rule keeps it any more; the last was ")
    return why.partition(", until ")[0].partition(";")[0]


def _short(name: str, page: Page) -> str:
    room = NAME_CELLS_MAX
    return "".join(span.text for span in fit((Span(name),), room, page.glyphs.ellipsis)).rstrip()


def losses(preview: PolicyPreview, count: int, page: Page) -> list[Line]:
    """For the question: the table of what goes, at most so many lines of it."""
    lines = [_snapshot(row, preview, page) for row in reversed(preview.gone)]
    lines += [
        line(" ", Span(f"{page.glyphs.bad} oplog of {one.deployment}: {words.cut(one)}", Tone.BAD))
        for one in preview.cuts
    ]
    if len(lines) <= count:
        return lines
    more = len(lines) - count + 1
    return [*lines[: count - 1], line("   ", Span(f"and {more} more", Tone.WARN))]


def told_changes(editor: PolicyEditor) -> tuple[str, ...]:
    """Each key with its old and its new value, for the question."""
    again = " (inherited)"
    told = [
        f"{key} {editor.view_value(key)} becomes {editor.value(key)}{again if new is None else ''}"
        for key, new in editor.changes.items()
    ]
    return (f"{'; '.join(told)}.",)
