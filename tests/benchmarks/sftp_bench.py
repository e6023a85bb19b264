"""How fast files are pushed by SFTP, beside OpenSSH's own `sftp` program in the same round.

    python -m tests.benchmarks.sftp_bench [MEGABYTES] [ROUNDS]

To a server on loopback, so both ends share this machine's processors. Four files that do not
compress. Told: the median of seconds, and the median of the ratios.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from mmsconsole.restore.ssh.connecting import connected
from mmsconsole.restore.ssh.pushing import Push, files_in
from mmsconsole.restore.ssh.remote import Remote
from tests.support.sshd import SshServer, running_server

FILES = 4
TIMEOUT_SECONDS = 600


class Unheard:
    """A meter that nobody reads."""

    def sent(self, count: int) -> None: ...

    def kept(self, count: int) -> None: ...


def ours(server: SshServer, source: Path, target: Path) -> None:
    with connected(server.login) as one, connected(server.login) as another:
        lanes = [Remote(one, "loopback"), Remote(another, "loopback")]
        Push(lanes, str(target), "bench").send(files_in(source), Unheard())


def theirs(server: SshServer, source: Path, target: Path) -> None:
    known = f"UserKnownHostsFile={server.folder}/known_hosts"
    command = ["sftp", "-q", "-P", str(server.port), "-i", f"{server.folder}/user", "-o", known]
    asked = f'put -r "{source}" "{target}"\n'
    subprocess.run(
        [*command, "-b", "-", f"{server.login.user}@127.0.0.1"],
        input=asked.encode(), check=True, capture_output=True, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip


def main(megabytes: int = 400, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server:
        source = Path(name) / "source"
        source.mkdir()
        for number in range(FILES):
            (source / f"{number}.wt").write_bytes(os.urandom(megabytes * 1_000_000 // FILES))
        seconds: dict[str, list[float]] = {"ours": [], "sftp": []}
        for _ in range(rounds):
            for what, work in (("sftp", theirs), ("ours", ours)):
                target = Path(name) / "target"
                began = perf_counter()
                work(server, source, target)
                seconds[what].append(perf_counter() - began)
                shutil.rmtree(target)
        for what, found in seconds.items():
            print(f"{what:6} {median(found):6.2f} s  {megabytes / median(found):5.0f} MB/s")
        ratios = [one / other for one, other in zip(seconds["ours"], seconds["sftp"], strict=True)]
        print(f"ours / sftp: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
