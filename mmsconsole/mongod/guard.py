"""guard.py GRACE_SECONDS NICE MONGOD ARGUMENT...: runs a mongod that can not outlive its parent.

A script of its own, with the standard library's smallest parts only (about 9 MB resident):

- stdin is a pipe whose other end our parent holds. When it ends, the parent has died, and the
  mongod gets SIGTERM and, GRACE_SECONDS later, SIGKILL. One byte comes at the start: the parent
  holds a handle of the mongod now, so its process id may become free again.
- PR_SET_PDEATHSIG makes the kernel kill the mongod when this process dies. That signal is tied
  to the thread that forked, so this process has one thread.
- NICE is added to its and the mongod's niceness, and given to their session's group of the
  scheduler: where there are such groups, niceness alone counts among their own members only.
- stdout: the mongod's process id, a line, then nothing more.

SIGTERM and SIGINT are passed on. Ends with the mongod's exit status (128 + signal if killed).
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_EXECUTE = 127
PARENT_PIPE = 0
AUTOGROUP = "/proc/self/autogroup"


def run(grace_seconds: int, command: list[str]) -> int:
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    mongod = start(command)
    for passed_on in (signal.SIGTERM, signal.SIGINT):
        signal.signal(passed_on, lambda *_: os.kill(mongod, signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(mongod, signal.SIGKILL))
    os.write(1, b"%d\n" % mongod)
    os.close(1)
    os.read(PARENT_PIPE, 1)
    return watch(mongod, wake_reader, grace_seconds)


def let_others_go_first(nice: int) -> None:
    if not nice:
        return
    os.nice(nice)
    try:
        with open(AUTOGROUP, "w") as group:  # noqa: PTH123 - pathlib is not a small part
            group.write(str(nice))
    except OSError:  # the kernel has no such groups
        pass


def start(command: list[str]) -> int:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(CANNOT_EXECUTE)  # the guard died before the kernel knew what to do then
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        os.execv(command[0], command)  # noqa: S606 - the parent's own argument list
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(CANNOT_EXECUTE)


def watch(mongod: int, wake: int, grace_seconds: int) -> int:
    """Wait for the mongod's end; the pipe's end begins it."""
    waiting = [PARENT_PIPE, wake]
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if wake in ready:
            os.read(wake, 4096)
        if PARENT_PIPE in ready and not os.read(PARENT_PIPE, 4096):
            waiting.remove(PARENT_PIPE)
            os.kill(mongod, signal.SIGTERM)
            signal.alarm(grace_seconds)
        ended, status = os.waitpid(mongod, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    let_others_go_first(int(sys.argv[2]))
    sys.exit(run(int(sys.argv[1]), sys.argv[3:]))
