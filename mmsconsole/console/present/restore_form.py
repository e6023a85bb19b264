"""What of the data and where to, in words: the wizard's rows and its kinds of targets."""

from collections.abc import Sequence

from mmsconsole.console.actions import KIND_LETTERS, key_of
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present.text import Line, Page, Span, Tone, clip, fit, indent, line, wrap
from mmsconsole.console.present.words import moment_of
from mmsconsole.console.wizard.draft import Draft, Step
from mmsconsole.console.wizard.forms import Form, Row
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.optime import Optime

LABEL_CELLS = 14
"""Of a row: as wide as the label and the field's edge beside it."""
TITLE_CELLS = 24
NAMES_LINES_MAX = 3
TITLES = {TargetKind(kind): title for kind, _, title in KIND_LETTERS}
ABOUT = {
    TargetKind.FOLDER: "data files that a mongod is started on",
    TargetKind.TAR: "the same in one file, its sha256 beside it",
    TargetKind.ARCHIVE: "one file that mongorestore takes",
    TargetKind.DUMP: "a folder that mongorestore takes",
    TargetKind.LINK: "a tar file, fetched from anywhere by HTTPS",
    TargetKind.SSH: "data files or an archive, put there by SFTP",
    TargetKind.LIVE: "documents, into what runs",
    TargetKind.OPEN: "a read-only mongod on this machine, for a while",
}
GIVEN = "(typed, not shown)"


def reached(optime: Optime) -> Line:
    """A moment as both time and optime."""
    return line(Span(moment_of(optime), Tone.ACCENT), Span(f"  {optime_text(optime)}", Tone.DIM))


def optime_text(optime: Optime) -> str:
    whole = optime == Optime.end_of_second(optime.t)
    return f"({optime.t}, whole second)" if whole else f"({optime})"


def above(draft: Draft) -> list[Line]:
    """What is settled so far."""
    if draft.point is None:
        return []
    told = line(" up to and including ", reached(draft.point.optime))
    if draft.step != Step.FIELDS:
        return [told, ()]
    kind = line(" to ", Span(TITLES[draft.kind], Tone.TITLE), Span(f": {ABOUT[draft.kind]}",
                Tone.DIM))  # fmt: skip
    return [told, kind, ()]


def kind_lines(draft: Draft, page: Page) -> list[Line]:
    rows = [_kind(kind, key, title, draft, page) for kind, key, title in KIND_LETTERS]
    hint = line(
        Span(f" {key_name('up', page.glyphs)} {key_name('down', page.glyphs)}", Tone.KEY),
        Span(" or the letter chooses, ", Tone.DIM),
        Span(key_of("wizard.next"), Tone.KEY),
        Span(" goes on", Tone.DIM),
    )
    return [*above(draft), *rows, (), hint]


def _kind(kind: str, key: str, title: str, draft: Draft, page: Page) -> Line:
    here = kind == draft.kind
    sign = Span(f" {page.glyphs.here if here else ' '} ", Tone.ACCENT)
    name = fit((Span(title, Tone.TITLE if here else Tone.TEXT),), TITLE_CELLS, page.glyphs.ellipsis)
    about = Span(ABOUT[TargetKind(kind)], Tone.TEXT if here else Tone.DIM)
    return clip(line(sign, Span(f"{key}  ", Tone.KEY), name, about), page.width,
                page.glyphs.ellipsis)  # fmt: skip


def label(row: Row) -> Line:
    return line(Span(f" {row.label}", Tone.TITLE))


def rows_before(form: Form, page: Page) -> list[Line]:
    return [_row(form, row, page) for row in form.rows[: form.at]]


def rows_after(form: Form, page: Page) -> list[Line]:
    return [_row(form, row, page) for row in form.rows[form.at + 1 :]]


def _row(form: Form, row: Row, page: Page) -> Line:
    shown = row.shown(form.text(row.key))
    if row.secret:
        shown = GIVEN if form.secret(row.key) else ""
    name = Span(f" {row.label:<{LABEL_CELLS - 1}}", Tone.DIM)
    return clip(line(name, Span(shown)), page.width, page.glyphs.ellipsis)


def below(draft: Draft, page: Page) -> list[Line]:
    """What the row under the cursor is about, and the keys."""
    form = draft.form
    if form is None:
        return []
    told = wrap(form.row.help, page.width - 2, Tone.DIM)
    there = draft.point.namespaces if draft.point is not None else ()
    if form.row.names and there:
        told += wrap(f"There is: {', '.join(there)}", page.width - 2)[:NAMES_LINES_MAX]
    return [(), *indent(told, 1), (), _keys(form, bool(there), page)]


def _keys(form: Form, names: bool, page: Page) -> Line:
    glyphs = page.glyphs
    hints = [(f"{key_name('up', glyphs)} {key_name('down', glyphs)}", "rows")]
    if len(form.rows) == 1:
        hints = []
    if form.row.choices:
        hints.append((f"{key_name('left', glyphs)} {key_name('right', glyphs)}", "change it"))
    if form.row.names and names:
        hints.append((key_name("ctrl+o", glyphs), "choose"))
    hints.append((key_of("wizard.next"), "goes on"))
    return line(" ", *(line(Span(f"{key} ", Tone.KEY), Span(f"{what}   ", Tone.DIM))
                       for key, what in hints))  # fmt: skip


def chosen_names(there: Sequence[str]) -> list[str]:
    """Databases, each with its collections behind it."""
    databases = {name.partition(".")[0] for name in there}
    return sorted({*there, *databases})
