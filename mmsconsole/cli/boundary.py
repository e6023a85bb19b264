"""The one place that prints an answer, and that turns an error into words and an exit code."""

import os
import sys
from dataclasses import replace
from typing import Any

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode, exit_code_of
from mmsconsole.cli.shell import Shell
from mmsconsole.errors import Cancelled, MmsError, UsageError

JSON = "--json"
PROGRAM = "mmsconsole"

# Typer carries click inside; this is its "used wrongly" class, whatever the version calls it.
WrongUse: type[Exception] = typer.BadParameter.__mro__[1]


def run(arguments: list[str], shell: Shell) -> int:
    as_json = JSON in arguments
    shell = replace(shell, as_json=as_json)
    try:
        answer = _invoke([argument for argument in arguments if argument != JSON], shell)
        return _print(answer, shell, as_json) if isinstance(answer, Answer) else int(answer or 0)
    except MmsError as error:
        return _fail(error, shell, as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(Cancelled("interrupted"), shell, as_json)
    except BrokenPipeError:
        return _nobody_reads()
    except Exception as error:  # noqa: BLE001 - the boundary: a fault of ours is logged and named
        from mmsconsole.cli.faults import fault

        return _fail(fault(error, shell), shell, as_json)


def _invoke(arguments: list[str], shell: Shell) -> Any:
    from mmsconsole.cli.app import command

    try:
        with command().make_context(PROGRAM, arguments, obj=shell) as context:
            return context.command.invoke(context)
    except typer.Exit as left:
        return left.exit_code
    except WrongUse as error:
        raise _usage_error(error) from error


def _usage_error(error: Exception) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else PROGRAM
    said = str(getattr(error, "format_message", lambda: str(error))())
    return UsageError(said.rstrip("."), hint=f"see: {path} --help")


def _print(answer: Answer, shell: Shell, as_json: bool) -> int:
    if as_json:
        from mmsconsole.cli.documents import dump

        shell.stdout.write(dump(answer.value) + "\n")
    else:
        from mmsconsole.cli.tables import show

        show(answer, shell.stdout, shell.clock.now())
    shell.stdout.flush()
    return answer.exit_code


def _fail(error: MmsError, shell: Shell, as_json: bool) -> int:
    if as_json:
        from mmsconsole.cli.documents import dump, error_document

        shell.stdout.write(dump(error_document(error)) + "\n")
        shell.stdout.flush()
    else:
        shell.tell(f"{PROGRAM}: {error}")
        if error.hint:
            shell.tell(f"  hint: {error.hint}")
    return exit_code_of(error)


def _nobody_reads() -> int:
    """`mmsconsole job list | head`: no more to say, and nothing to complain about at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.FAILED
