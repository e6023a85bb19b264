"""The engine: one process per home that keeps the backups; here its parts are put together.

lock.py         one engine per home, by a lock that ends with the process that holds it
run.py          run_engine: from the lock to the last child's end
parts.py        what runs while the engine runs, started in order and stopped in reverse
front_end.py    downloads, health and metrics; what of them comes from the operations
beside.py       what runs beside the backups
systemd.py      what systemd is told
log.py          where it logs
memory.py       how little of what is freed its process keeps
background.py   starting one that outlives the terminal, and stopping it

`python -m mmsconsole.engine` is what the console starts; `mmsconsole engine` is the same.
"""

from mmsconsole.engine.background import start_engine_in_background as start_engine_in_background
from mmsconsole.engine.background import stop_engine as stop_engine
from mmsconsole.engine.lock import engine_is_running as engine_is_running
from mmsconsole.engine.run import run_engine as run_engine
