"""The command line over operations.

stdout is data: one JSON value with --json, a table or a sentence without. Progress, questions
and warnings go to stderr. Commands return what they have to say and print nothing; the
boundary prints it, and turns every error into its exit code (exits.py).

The modules behind a command are imported when it runs: `mmsconsole --help` is quick.
"""

import os
import sys
from collections.abc import Sequence

PROGRAM = "mmsconsole"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    from mmsconsole.cli.boundary import run
    from mmsconsole.cli.shell import Shell

    return run(list(sys.argv[1:] if arguments is None else arguments), Shell.of_process(os.environ))
