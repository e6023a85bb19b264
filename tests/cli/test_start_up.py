"""Help is quick because it imports next to nothing; only the console imports Textual."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.settings import HOME

HEAVY = ("pymongo", "bson", "pydantic", "textual", "rich", "cattrs", "zstandard", "apscheduler")

SCRIPT = """
import json, sys
from mmsconsole.cli import main
main(json.loads(sys.argv[1]))
print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules_after(home: Path, *arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(arguments)],
        env={HOME: str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    assert modules_after(tmp_path, "--help").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "arguments", [["backup", "--help"], ["deployment", "add", "--help"], ["nosuch"]]
)
def test_help_of_a_command_imports_only_what_typer_does(
    tmp_path: Path, arguments: list[str]
) -> None:
    assert modules_after(tmp_path, *arguments).isdisjoint({*HEAVY} - {"pydantic"})


@pytest.mark.parametrize(
    "arguments", [["status"], ["doctor"], ["job", "list"], [], ["status", "--json"]]
)
def test_no_command_but_the_console_imports_textual(tmp_path: Path, arguments: list[str]) -> None:
    assert "textual" not in modules_after(tmp_path, *arguments)


def test_the_module_is_the_script(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mmsconsole", "status", "--json"],
        env={HOME: str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["error"]["code"] == "no_engine"
