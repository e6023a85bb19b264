"""The table of keys in docs/console.md, from the registry: python -m tests.support.console_keys"""

from pathlib import Path

from mmsconsole.console.actions import CHAPTERS, REGISTRY
from mmsconsole.console.glyphs import ASCII, key_name

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "console.md"
BEGIN, END = "<!-- keys: made of the registry -->", "<!-- end of keys -->"


def table() -> str:
    lines = ["| key | command | what it does | id |", "|---|---|---|---|"]
    for chapter in CHAPTERS:
        lines.append(f"| **{chapter}** | | | |")
        for action in REGISTRY:
            if action.chapter == chapter:
                keys = " ".join(f"`{key_name(key, ASCII)}`" for key in action.keys)
                word = f"`:{action.words[0]}`" if action.words else ""
                asks = " (asks first)" if action.dangerous else ""
                lines.append(f"| {keys} | {word} | {action.help}{asks} | {action.id} |")
    return "\n".join(lines)


def documented() -> str:
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def main() -> None:
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
