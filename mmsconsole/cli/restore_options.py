"""Where a restore goes and what it takes, as the command line says it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsconsole.cli.credentials import UriArguments, holds_password, read_line_of, read_uri
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.metadata.targets import Selection, Target
    from mmsconsole.secret import Secret

WHERE, WHAT = "Where to (exactly one)", "What of it"

ToFolder = Annotated[
    Path | None,
    typer.Option("--to-folder", metavar="DIR", help="Data files; DIR is empty, or not there yet."),
]
ToTar = Annotated[
    Path | None,
    typer.Option(
        "--to-tar", metavar="FILE", help="Data files in one new tar file, FILE.sha256 beside it."
    ),
]
ToArchive = Annotated[
    Path | None,
    typer.Option("--to-archive", metavar="FILE", help="A new archive for mongorestore."),
]
ToDump = Annotated[
    Path | None, typer.Option("--to-dump", metavar="DIR", help="A new folder for mongorestore.")
]
ToLink = Annotated[bool, typer.Option("--to-link", help="A tar file, downloaded by HTTPS.")]
ToSsh = Annotated[
    str | None,
    typer.Option("--to-ssh", metavar="USER@HOST:PATH", help="Data files, put there by SFTP."),
]
ToLive = Annotated[
    str | None,
    typer.Option(
        "--to-live",
        metavar="TARGET",
        help="Into what runs: a deployment's name, a connection "
        "string without its password, or '-': a line of stdin.",
    ),
]

Compression = Annotated[
    str,
    typer.Option("--compression", metavar="KIND", help="Of a tar file or a link: gzip or zstd."),
]
Gzip = Annotated[bool, typer.Option("--gzip", help="Compress what mongorestore takes.")]
Hours = Annotated[float, typer.Option("--hours", help="How long a link is good.")]
Downloads = Annotated[
    int, typer.Option("--downloads", help="How often a link is good; 0: not counted.")
]
Port = Annotated[int, typer.Option("--port", help="Of SSH.")]
Identity = Annotated[
    Path | None,
    typer.Option("--identity", metavar="FILE", help="Private key for SSH; else the agent's."),
]
KnownHosts = Annotated[
    Path | None,
    typer.Option("--known-hosts", metavar="FILE", help="Keys of hosts; else ~/.ssh/known_hosts."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Its first line opens the private key."),
]
Archive = Annotated[
    bool, typer.Option("--archive", help="By SSH: one tar archive in place of files.")
]
UriFile = Annotated[
    Path | None,
    typer.Option(
        "--uri-file", metavar="FILE", help="Its first line is the live target's connection string."
    ),
]
UriEnv = Annotated[
    str | None,
    typer.Option("--uri-env", metavar="VARIABLE", help="The environment variable that holds it."),
]
PasswordFile = Annotated[
    str | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Its first line is the password of the live target."
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Live: drop what is there of the same name.")
]
MbPerSecond = Annotated[
    float,
    typer.Option(
        "--mb-per-second",
        metavar="MB",
        help="What goes to the target, of a link each download, is no faster; 0: no limit.",
    ),
]

Ns = Annotated[
    list[str] | None,
    typer.Option(
        "--ns", metavar="NS", help="Only this database or DATABASE.COLLECTION; may be repeated."
    ),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="NS", help="All but this; may be repeated.")
]
Rename = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="FROM=TO", help="Under another name; may be repeated."),
]
Users = Annotated[
    bool | None,
    typer.Option(
        "--users/--no-users",
        help="Users and roles; with --ns they stay out unless asked for.",
        show_default=False,
    ),
]
NoIndexes = Annotated[bool, typer.Option("--no-indexes", help="No indexes but _id's.")]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", metavar="NS=JSON", help="Only documents that match; not for data files."
    ),
]

_SSH = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]]+\]|[^@/:\[\]]+):(?P<path>.+)", re.S)


@dataclass(frozen=True, slots=True)
class TargetOptions:
    to_folder: ToFolder = None
    to_tar: ToTar = None
    to_archive: ToArchive = None
    to_dump: ToDump = None
    to_link: ToLink = False
    to_ssh: ToSsh = None
    to_live: ToLive = None
    compression: Compression = ""
    gzip: Gzip = False
    hours: Hours = 24
    downloads: Downloads = 1
    port: Port = 22
    identity: Identity = None
    known_hosts: KnownHosts = None
    passphrase_file: PassphraseFile = None
    archive: Archive = False
    uri_file: UriFile = None
    uri_env: UriEnv = None
    password_file: PasswordFile = None
    overwrite: Overwrite = False
    mb_per_second: MbPerSecond = 0


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    ns: Ns = None
    exclude: Exclude = None
    rename: Rename = None
    users: Users = None
    no_indexes: NoIndexes = False
    filters: Filter = None


def target_of(shell: Shell, options: TargetOptions) -> "tuple[Target, Secret | None]":
    """And what is secret of it. Raises UsageError, Refused."""
    from mmsconsole.metadata.targets import Target, TargetKind

    kind = TargetKind(_kind(options))
    gzip = "gzip" if options.gzip else ""
    target = Target(
        kind, compression=options.compression or gzip, mb_per_second=options.mb_per_second,
        hours=options.hours, downloads=options.downloads, overwrite=options.overwrite,
    )  # fmt: skip
    if kind is TargetKind.SSH:
        return _ssh(shell, options, target)
    if kind is TargetKind.LIVE:
        return _live(shell, options, target)
    path = options.to_folder or options.to_tar or options.to_archive or options.to_dump
    return _replaced(target, path="" if path is None else _named(path)), None


def _named(path: Path) -> str:
    """An empty name, which Path takes for '.', stays one."""
    return str(path) if path.parts else ""


def _kind(options: TargetOptions) -> str:
    named = {
        "folder": options.to_folder is not None, "tar": options.to_tar is not None,
        "archive": options.to_archive is not None, "dump": options.to_dump is not None,
        "link": options.to_link, "ssh": options.to_ssh is not None,
        "live": options.to_live is not None or bool(options.uri_file or options.uri_env),
    }  # fmt: skip
    chosen = [kind for kind, is_named in named.items() if is_named]
    if len(chosen) != 1:
        hint = f"one of {', '.join(f'--to-{kind}' for kind in named)}; see --help"
        raise UsageError("name exactly one place to restore to", hint=hint)
    return chosen[0]


def _ssh(shell: Shell, options: TargetOptions, target: "Target") -> "tuple[Target, Secret | None]":
    found = _SSH.fullmatch(options.to_ssh or "")
    if found is None:
        raise UsageError("no place on another host", where=options.to_ssh or "",
                         hint="USER@HOST:PATH")  # fmt: skip
    from mmsconsole.secret import Secret

    passphrase = None
    if options.passphrase_file is not None:
        passphrase = Secret(read_line_of(shell, str(options.passphrase_file), "a passphrase"))
    host = found["host"].strip("[]")
    return _replaced(
        target, host=host, port=options.port, user=found["user"] or "", path=found["path"],
        identity=str(options.identity or ""), known_hosts=str(options.known_hosts or ""),
        as_archive=options.archive,
    ), passphrase  # fmt: skip


def _live(shell: Shell, options: TargetOptions, target: "Target") -> "tuple[Target, Secret | None]":
    from mmsconsole.secret import Secret

    named = options.to_live
    if named is not None and named != "-" and "://" not in named:
        return _replaced(target, deployment=named), None
    if named is not None and holds_password(named):
        hint = "leave the password out: it is asked for; or --uri-file, --uri-env, '-'"
        raise UsageError("a password in the arguments can be read by others", hint=hint)
    if options.uri_env is not None:
        if named is not None or options.uri_file is not None:
            raise UsageError("name the live target once")
        uri = shell.environ.get(options.uri_env)
        if not uri:
            raise UsageError("there is no such environment variable", where=options.uri_env)
        return target, Secret(uri)
    return target, read_uri(shell, UriArguments(named, options.uri_file, options.password_file))


def _replaced(target: "Target", **changes: Any) -> "Target":
    from dataclasses import replace

    return replace(target, **changes)


def selection_of(options: SelectionOptions) -> "Selection":
    """Raises UsageError. What the names mean is looked at by operations."""
    from mmsconsole.metadata.targets import Selection

    return Selection(
        namespaces=tuple(options.ns or ()),
        excluded=tuple(options.exclude or ()),
        renames=tuple(_pair(text, "FROM=TO") for text in options.rename or ()),
        users=with_users(options.users, options.ns),
        indexes=not options.no_indexes,
        filters=tuple(_pair(text, "NS=JSON") for text in options.filters or ()),
    )


def with_users(said: bool | None, namespaces: list[str] | None) -> bool:
    """Users and roles belong to all of the data, unless something is said."""
    return not namespaces if said is None else said


def _pair(text: str, form: str) -> tuple[str, str]:
    """Split at the first '=': a name that holds one can not be told here."""
    left, equals, right = text.partition("=")
    if not equals or not left or not right:
        raise UsageError(f"not of the form {form}", where=text)
    return left, right
