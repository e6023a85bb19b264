"""contained.py PIPE COMMAND ARGUMENT...: runs a command that can not outlive who wants it.

A script of its own, with the standard library's smallest parts only. The command leads a process
group. PIPE is a descriptor whose other end our parent holds: when that ends, the parent has died
or given up, and the whole group gets SIGKILL. So does what the command has left behind when it
has ended. Ends with the command's exit status (128 + signal if killed).
"""

import os
import select
import signal
import sys
from contextlib import suppress

CANNOT_EXECUTE = 127


def run(pipe: int, command: list[str]) -> int:
    os.set_inheritable(pipe, False)
    child = start(command)
    handle = os.pidfd_open(child)
    select.select([pipe, handle], [], [])
    # Not reaped yet: the group's number is still its own.
    os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def start(command: list[str]) -> int:
    child = os.fork()
    if child:
        with suppress(PermissionError):  # it runs its program already, in the group that it made
            os.setpgid(child, child)
        return child
    try:
        os.setpgid(0, 0)
        os.execv(command[0], command)  # noqa: S606 - the administrator's own argument list
    finally:
        os._exit(CANNOT_EXECUTE)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
