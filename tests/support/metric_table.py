"""The table of metrics in docs/monitoring.md: python -m tests.support.metric_table"""

from mmsconsole.monitoring.metrics import METRICS
from tests.support.made_tables import MadeTable


def table() -> str:
    lines = ["| chart | metric | unit | kind | of | what it is |", "|---|---|---|---|---|---|"]
    for each in METRICS:
        cells = (each.chart, f"`{each.name}`", each.unit, each.kind, each.scope, each.about)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


KEPT = MadeTable(
    "monitoring.md", "<!-- metrics: made of the catalogue -->", "<!-- end of metrics -->", table
)


if __name__ == "__main__":
    KEPT.write()
