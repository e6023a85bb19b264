"""The table of keys in docs/console.md, from the registry: python -m tests.support.console_keys"""

from mmsconsole.console.actions import CHAPTERS, REGISTRY
from mmsconsole.console.glyphs import ASCII, key_name
from tests.support.made_tables import MadeTable


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


KEPT = MadeTable("console.md", "<!-- keys: made of the registry -->", "<!-- end of keys -->", table)


if __name__ == "__main__":
    KEPT.write()
