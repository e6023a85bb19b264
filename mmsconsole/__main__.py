"""`python -m mmsconsole` is the script `mmsconsole`."""

import sys

from mmsconsole.cli import main

sys.exit(main())
