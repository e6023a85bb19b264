"""The table of metrics in docs/monitoring.md: python -m tests.support.metric_table"""

from pathlib import Path

from mmsconsole.monitoring.metrics import METRICS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"
BEGIN, END = "<!-- metrics: made of the catalogue -->", "<!-- end of metrics -->"


def table() -> str:
    lines = ["| chart | metric | unit | kind | of | what it is |", "|---|---|---|---|---|---|"]
    for each in METRICS:
        cells = (each.chart, f"`{each.name}`", each.unit, each.kind, each.scope, each.about)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def documented() -> str:
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def main() -> None:
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
