from tests.support import metric_table


def test_the_document_has_exactly_the_metrics_that_there_are() -> None:
    """To mend it: python -m tests.support.metric_table"""
    assert metric_table.KEPT.documented() == metric_table.table()
