"""A process that starts a mongod, says the ids of it and of its guard, and waits to be killed.

Arguments: the binary and a folder.
"""

import sys
from pathlib import Path

from mmsconsole.clock import SystemClock
from mmsconsole.mongod import process as process_module
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import MongodOptions, MongodProcess

process_module.GUARD_GRACE_SECONDS = 120  # a clean end may take its time
binary, folder = map(Path, sys.argv[1:])
options = MongodOptions(
    binary, folder / "data", Address.unix(folder / "parent.sock"), folder / "mongod.log"
)
process = MongodProcess.start(options, SystemClock())
print(process.pid, process._guard.pid, flush=True)
sys.stdin.read()
