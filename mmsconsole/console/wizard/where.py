"""The third step: where to. A kind of target, and the rows of that kind."""

import re
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.console.wizard.forms import Form, Row
from mmsconsole.errors import UsageError
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.operations.views import RestorePoint
from mmsconsole.optime import Optime
from mmsconsole.restore.tar.archive import SUFFIXES

PATH, COMPRESSION, HOURS, DOWNLOADS, LIMIT = "path", "compression", "hours", "downloads", "limit"
HOST, USER, PORT, IDENTITY, PASSPHRASE = "host", "user", "port", "identity", "passphrase"
KNOWN_HOSTS, SENDS = "known_hosts", "sends"
DEPLOYMENT, URI, STANDING = "deployment", "uri", "standing"
FILES, ARCHIVE, ARCHIVE_GZIP = "files", "archive", "archive gzip"
REFUSE, DROP = "refuse", "drop"

NOT = "no"
"""Compressed: a value that is not empty, so that it can be shown."""
GZIP = ((NOT, "no"), ("gzip", "gzip"))
ZSTD = (*GZIP, ("zstd", "zstd"))
_LIMIT = Row(LIMIT, "MB/s", "No faster than this, in 1,000,000 bytes a second; 0: no limit.")
_HOURS = Row(HOURS, "hours", "It ends by itself after so long.")

ROWS: dict[TargetKind, tuple[Row, ...]] = {
    TargetKind.FOLDER: (
        Row(PATH, "folder", "On the engine's host. It must not exist yet, or be empty."),
        _LIMIT,
    ),
    TargetKind.TAR: (
        Row(PATH, "file", "A new file on the engine's host; its sha256 is put beside it."),
        Row(COMPRESSION, "compressed", "How the file is compressed.", ZSTD),
        _LIMIT,
    ),
    TargetKind.ARCHIVE: (
        Row(PATH, "file", "A new file on the engine's host; mongorestore --archive=FILE takes it."),
        Row(COMPRESSION, "compressed", "With gzip: mongorestore --gzip takes it.", GZIP),
        _LIMIT,
    ),
    TargetKind.DUMP: (
        Row(PATH, "folder", "A new folder on the engine's host; mongorestore DIR takes it."),
        Row(COMPRESSION, "compressed", "With gzip: mongorestore --gzip takes it.", GZIP),
        _LIMIT,
    ),
    TargetKind.LINK: (
        _HOURS,
        Row(DOWNLOADS, "downloads", "How often it can be downloaded; 0: that is not counted."),
        Row(COMPRESSION, "compressed",
            "A download that is not compressed can be gone on with after a break.", ZSTD),
        _LIMIT,
    ),
    TargetKind.SSH: (
        Row(HOST, "host", "Its key has to be known: no unknown host is sent anything.",
            example="db7.example.net"),
        Row(USER, "user", "Empty: the one that the engine runs as.", example="mongod"),
        Row(PATH, "path", "There: a folder that does not exist yet, or is empty; for an archive a "
            "new file."),
        Row(SENDS, "sends", "Data files, or one tar archive of them.", (
            (FILES, "files"), (ARCHIVE, "archive"), (ARCHIVE_GZIP, "gzip archive"))),
        Row(PORT, "port", "Of its SSH server."),
        Row(IDENTITY, "key file", "A private key on the engine's host; empty: the SSH agent's.",
            example="~/.ssh/id_ed25519"),
        Row(PASSPHRASE, "passphrase", "That opens the private key, if it wants one.", secret=True),
        Row(KNOWN_HOSTS, "known hosts", "A file; empty: ~/.ssh/known_hosts of the engine's user."),
        _LIMIT,
    ),
    TargetKind.LIVE: (
        Row(DEPLOYMENT, "deployment", "One that is known here, by its name. For another leave it "
            "empty, and type a connection string below."),
        Row(URI, "or URI", "Hidden here, kept until the restore has ended, and shown nowhere. Its "
            "user needs the roles restore and readWriteAnyDatabase.",
            example="mongodb://user:password@db7:27017/", secret=True),
        Row(STANDING, "existing", "What is there of the same names: refused, or dropped first.", (
            (REFUSE, "refuse: nothing there is touched"), (DROP, "drop it first, OVERWRITE it"))),
        _LIMIT,
    ),
    TargetKind.OPEN: (_HOURS,),
}  # fmt: skip

DEFAULTS = {
    TargetKind.FOLDER: {LIMIT: "0"},
    TargetKind.TAR: {COMPRESSION: NOT, LIMIT: "0"},
    TargetKind.ARCHIVE: {COMPRESSION: NOT, LIMIT: "0"},
    TargetKind.DUMP: {COMPRESSION: NOT, LIMIT: "0"},
    TargetKind.LINK: {HOURS: "24", DOWNLOADS: "1", COMPRESSION: NOT, LIMIT: "0"},
    TargetKind.SSH: {SENDS: FILES, PORT: "22", LIMIT: "0"},
    TargetKind.LIVE: {STANDING: REFUSE, LIMIT: "0"},
    TargetKind.OPEN: {HOURS: "24"},
}
ARCHIVE_SUFFIXES = {"": ".archive", "gzip": ".archive.gz"}
KINDS = tuple(ROWS)
"""In the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where something new may be put on this machine, and a name that is new for each point."""

    folder: Path
    name: str


def proposal_for(folder: Path, point: RestorePoint) -> Proposal:
    """A deployment's name may hold anything, a path part may not."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", point.deployment).strip(".-") or "restore"
    optime = point.optime
    whole = not point.replayed or optime == Optime.end_of_second(optime.t)
    within = "" if whole else f"-{optime.i}"
    return Proposal(folder, f"{name}-{optime.time:%Y%m%d-%H%M%S}{within}")


def fresh(kind: TargetKind) -> Form:
    return Form(ROWS[kind], proposed=DEFAULTS.get(kind, {}))


def proposing(form: Form, kind: TargetKind, proposal: Proposal) -> Form:
    """With the path that it would have, where nobody has typed one."""
    compression = _compression(form)
    local = {
        TargetKind.FOLDER: proposal.name,
        TargetKind.TAR: proposal.name + SUFFIXES.get(compression, ""),
        TargetKind.ARCHIVE: proposal.name + ARCHIVE_SUFFIXES.get(compression, ""),
        TargetKind.DUMP: f"{proposal.name}-dump",
    }
    if kind in local:
        return form.proposing(path=str(proposal.folder / local[kind]))
    return form.proposing(path=proposal.name) if kind is TargetKind.SSH else form


def remembered(form: Form) -> Form:
    """For the next time: as it was, but for what is new each time, and without secrets."""
    kept = {key: text for key, text in form.values.items() if key not in (PATH, STANDING)}
    return Form(form.rows, values=kept, proposed=form.proposed)


def target_of(kind: TargetKind, form: Form) -> Target:
    """Raises UsageError; `where` is the label of the row that it is about."""
    if kind is TargetKind.SSH:
        return _ssh(form)
    if kind is TargetKind.LIVE:
        return _live(form)
    if kind is TargetKind.LINK:
        return Target(
            kind, hours=_number(form, HOURS), downloads=_whole(form, DOWNLOADS),
            mb_per_second=_number(form, LIMIT), compression=_compression(form),
        )  # fmt: skip
    if kind is TargetKind.OPEN:
        return Target(kind, hours=_number(form, HOURS))
    return Target(
        kind, path=_needed(form, PATH), compression=_compression(form),
        mb_per_second=_number(form, LIMIT),
    )  # fmt: skip


def _ssh(form: Form) -> Target:
    return Target(
        TargetKind.SSH, host=_needed(form, HOST), user=form.text(USER).strip(),
        path=_needed(form, PATH), port=_whole(form, PORT), identity=form.text(IDENTITY).strip(),
        known_hosts=form.text(KNOWN_HOSTS).strip(), as_archive=form.text(SENDS) != FILES,
        compression="gzip" if form.text(SENDS) == ARCHIVE_GZIP else "",
        mb_per_second=_number(form, LIMIT),
    )  # fmt: skip


def _live(form: Form) -> Target:
    name = form.text(DEPLOYMENT).strip()
    if bool(name) == (form.secret(URI) is not None):
        what = "a deployment and a URI are too much" if name else "a deployment or a URI is needed"
        hint = "the name of one that is known here, or the connection string of another"
        raise UsageError(what, hint=hint)
    return Target(
        TargetKind.LIVE, deployment=name, overwrite=form.text(STANDING) == DROP,
        mb_per_second=_number(form, LIMIT),
    )  # fmt: skip


def _compression(form: Form) -> str:
    return form.text(COMPRESSION).removeprefix(NOT)


def _label(form: Form, key: str) -> str:
    return next(row.label for row in form.rows if row.key == key)


def _needed(form: Form, key: str) -> str:
    text = form.text(key).strip()
    if not text:
        raise UsageError("it is needed", where=_label(form, key))
    return text


def _number(form: Form, key: str) -> float:
    try:
        return float(form.text(key))
    except ValueError as error:
        what = f"{form.text(key)!r} is no number"
        raise UsageError(what, where=_label(form, key), hint="24, or 0.5") from error


def _whole(form: Form, key: str) -> int:
    try:
        return int(form.text(key))
    except ValueError as error:
        what = f"{form.text(key)!r} is no whole number"
        raise UsageError(what, where=_label(form, key)) from error
