"""The one place that prints an answer, and that turns an error into words and an exit code."""

from dataclasses import dataclass, replace
from typing import Any

import typer

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode, exit_code_of
from mmsconsole.cli.shell import Shell
from mmsconsole.cli.streams import drop
from mmsconsole.errors import Cancelled, MmsError, UsageError

JSON = "--json"
PROGRAM = "mmsconsole"
ALONE = {"--read-data": "--read-data=100%"}

# Typer carries click inside; this is its "used wrongly" class, whatever the version calls it.
WrongUse: type[Exception] = typer.BadParameter.__mro__[1]


@dataclass(frozen=True, slots=True)
class _End:
    """How a command has ended, and what is still to be said."""

    code: int
    out: str = ""
    told: tuple[str, ...] = ()


def run(arguments: list[str], shell: Shell) -> int:
    shell = replace(shell, as_json=JSON in arguments)
    try:
        return _say(_end(_completed(arguments), shell), shell)
    except BrokenPipeError:
        # `mmsconsole job list | head`: no more to say, and nothing to complain about.
        drop(shell.stdout)
    return ExitCode.FAILED


def _completed(arguments: list[str]) -> list[str]:
    """Without --json, which every command takes; and with what stands for an option alone, for
    typer has no options whose value may be left out."""
    return [ALONE.get(argument, argument) for argument in arguments if argument != JSON]


def _say(end: _End, shell: Shell) -> int:
    for line in end.told:
        shell.tell(line)
    try:
        shell.stdout.write(end.out)
        shell.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(shell.stdout)
        shell.tell(f"{PROGRAM}: the answer can not be written: {error.strerror}")
        return ExitCode.FAILED
    return end.code


def _end(arguments: list[str], shell: Shell) -> _End:
    try:
        _check_text(arguments)
        answer = _invoke(arguments, shell)
        return _answered(answer, shell) if isinstance(answer, Answer) else _End(int(answer or 0))
    except MmsError as error:
        return _failed(error, shell)
    except (KeyboardInterrupt, EOFError, typer.Abort):
        return _failed(Cancelled("interrupted"), shell)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: a fault of ours is logged and named
        from mmsconsole.cli.faults import fault

        return _failed(fault(error, shell), shell)


def _check_text(arguments: list[str]) -> None:
    """Bytes that are no UTF-8 come as halves of characters, which no record can hold."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise UsageError("not text in UTF-8", where=ascii(argument)) from error


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


def _answered(answer: Answer, shell: Shell) -> _End:
    if shell.as_json:
        from mmsconsole.cli.documents import dump

        return _End(answer.exit_code, dump(answer.value) + "\n")
    if answer.text:
        return _End(answer.exit_code, answer.text)
    from mmsconsole.cli.tables import render

    on_terminal = shell.stdout.isatty()
    return _End(answer.exit_code, render(answer, shell.clock.now(), on_terminal=on_terminal))


def _failed(error: MmsError, shell: Shell) -> _End:
    code = exit_code_of(error)
    if shell.as_json:
        from mmsconsole.cli.documents import dump, error_document

        return _End(code, dump(error_document(error)) + "\n")
    hint = (f"  hint: {error.hint}",) if error.hint else ()
    return _End(code, told=(f"{PROGRAM}: {error}", *hint))
