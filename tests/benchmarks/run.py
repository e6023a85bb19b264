"""python -m tests.benchmarks.run [--scale 1.0] [--stages sync,snapshot,...] [--json FILE]

Measures the product's stages and, in the same run, the ceiling of each. Scale 1 is 1.2 GB and
needs about 12 GB of free disk; --scale 0.05 is the short form, for a look.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from mmsconsole.mongod.binaries import find_binaries
from tests.benchmarks.report import ratio, table
from tests.benchmarks.stages import STAGES, Bench, as_document
from tests.support.folders import short_folder_for
from tests.support.stage import Stage


def main() -> int:
    asked = _arguments()
    binary = find_binaries([], os.environ)[-1]
    with short_folder_for("mms-bench-") as folder:
        stage = Stage(folder, binary, members=1, MMSCONSOLE_BACKUP_SLICE_MB="10")
        try:
            bench = Bench(stage.open(), asked.scale, lambda text: print(text, file=sys.stderr))
            bench.fill()
            bench.run(asked.stages)
        finally:
            stage.close()
    print(table(bench.rows))
    if asked.json:
        documents = [as_document(row) | {"ratio": ratio(row, bench.rows)} for row in bench.rows]
        asked.json.write_text(json.dumps({"scale": asked.scale, "rows": documents}, indent=2))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--stages", type=_stages, default=STAGES, help=",".join(STAGES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _stages(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    unknown = [name for name in wanted if name not in STAGES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such stage: {unknown[0]}")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
