"""mmsconsole restore dump"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.commands.restore import app as app
from mmsconsole.cli.exits import by_verdict
from mmsconsole.cli.options import Yes, command
from mmsconsole.cli.restore_options import Users, with_users
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import UsageError

if TYPE_CHECKING:
    from mmsconsole.operations.dump_restores import DumpArguments

DumpPath = Annotated[
    Path, typer.Argument(metavar="PATH", help="An archive, or a folder of mongodump.")
]
ToLive = Annotated[
    str | None,
    typer.Option(
        "--to-live",
        metavar="URI",
        help="Connection string of a replica set or a standalone; - for stdin.",
    ),
]
UriFile = Annotated[
    Path | None, typer.Option("--uri-file", metavar="FILE", help="It stands in a file.")
]
PasswordFile = Annotated[
    str | None, typer.Option("--password-file", metavar="FILE", help="- for stdin.")
]
Namespaces = Annotated[
    list[str] | None,
    typer.Option("--ns", metavar="DB[.COLLECTION]", help="Only this; may be said often."),
]
Excluded = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="DB[.COLLECTION]", help="Not this; may be said often."),
]
Renames = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="OLD=NEW", help="Under another name; may be said often."),
]
NoIndexes = Annotated[bool, typer.Option("--no-indexes", help="Without indexes.")]
NoOplog = Annotated[bool, typer.Option("--no-oplog", help="Its oplog, if it has one, is not used.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Drop first what is there under the same names.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done.")]


@command(
    app,
    examples=(
        "mmsconsole restore dump /srv/all.archive --uri-file live.uri --dry-run",
        "mmsconsole restore dump /srv/dump --to-live mongodb://h1/?replicaSet=rs0",
        "mmsconsole restore dump /srv/dump --uri-file f --ns shop --rename shop=old",
    ),
)
def dump(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    path: DumpPath,
    to_live: ToLive = None,
    uri_file: UriFile = None,
    password_file: PasswordFile = None,
    ns: Namespaces = None,
    exclude: Excluded = None,
    rename: Renames = None,
    users: Users = None,
    no_indexes: NoIndexes = False,
    no_oplog: NoOplog = False,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> Answer:
    """What mongodump wrote, into a live deployment.

    Needs no engine: Ctrl-C takes away what was made. Killed, ask again with --overwrite.
    """
    from mmsconsole.cli.credentials import UriArguments, read_uri
    from mmsconsole.metadata.targets import Selection
    from mmsconsole.operations.dump_restores import DumpArguments

    shell: Shell = context.obj
    if not path.exists():
        raise UsageError("there is no such dump", where=str(path))
    uri = read_uri(shell, UriArguments(to_live, uri_file, password_file))
    if uri is None:
        raise UsageError("name the target", hint="--to-live URI, --uri-file FILE, or --to-live -")
    what = Selection(
        namespaces=tuple(ns or ()), excluded=tuple(exclude or ()), renames=_renames(rename or []),
        users=with_users(users, ns), indexes=not no_indexes,
    )  # fmt: skip
    arguments = DumpArguments(path.absolute(), uri, what, overwrite, replay=not no_oplog)
    return _answer(shell, arguments, dry_run=dry_run, yes=yes)


def _answer(shell: Shell, arguments: "DumpArguments", *, dry_run: bool, yes: bool) -> Answer:
    from mmsconsole.cli.telling import at_work
    from mmsconsole.operations.dump_restores import plan, restore
    from mmsconsole.restore.live.standing import in_words

    with at_work(shell) as (telling, task):
        if dry_run:
            return Answer(plan(arguments, shell.clock, task))
        if arguments.overwrite:
            planned = plan(arguments, shell.clock, task)
            if planned.there:
                shell.confirm_typed(
                    f"this is dropped at {planned.target}: {in_words(list(planned.there))}",
                    ("overwrite",),
                    yes=yes,
                )
        done = restore(arguments, shell.clock, telling.say, task)
        return Answer(done, exit_code=by_verdict(differs=done.differs))


def _renames(texts: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for text in texts:
        old, equals, new = text.partition("=")
        if not equals:
            raise UsageError(f"no new name in {text!r}", hint="--rename OLD=NEW")
        found.append((old, new))
    return tuple(found)
