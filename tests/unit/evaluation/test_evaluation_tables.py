"""Tables: cells, Markdown, and names that would break them."""

from __future__ import annotations

import pytest
from evaluation_results import result, row

from whichcam.errors import UnknownNameError
from whichcam.evaluation import Table, summary_tables, to_markdown


def _table(*rows: tuple[str | int | float | None, ...]) -> Table:
    return Table(key="k", title="T", note="", columns=("a", "b"), rows=rows)


def test_tables_come_in_reading_order_and_empty_ones_stay_away() -> None:
    tables = summary_tables(result(row(0, 0), row(0, 1)))
    keys = [table.key for table in tables]
    assert keys == ["splits", "levels", "manipulations", "models", "confusions"]


def test_every_row_has_a_cell_for_each_heading() -> None:
    tables = summary_tables(result(row(0, 1), row(-1, 0, split="unknown")))
    assert len(tables) == 6
    assert all(
        len(line) == len(table.columns) for table in tables for line in table.rows
    )


def test_shares_have_three_decimals_counts_none_and_gaps_a_dash() -> None:
    assert _table((2, 2 / 3), (None, "x")).text() == (("2", "0.667"), ("–", "x"))  # noqa: RUF001


def test_a_column_with_text_is_not_numeric() -> None:
    table = _table((1, "x"), (None, 0.5))
    assert [table.is_numeric(0), table.is_numeric(1)] == [True, False]


def test_confusions_are_the_most_frequent_first() -> None:
    tables = summary_tables(result(row(0, 1), *[row(2, 3)] * 2, row(2, 2)))
    assert tables[-1].rows == (
        ("Zeta One", "Zeta Two", 2, 3),
        ("Acme One", "Acme Two", 1, 1),
    )


def test_known_splits_are_pooled_in_a_last_row_where_there_are_several() -> None:
    one = summary_tables(result(row(0, 0), known_splits=("test_device",)))[0]
    two = summary_tables(result(row(0, 0), row(0, 1, split="test_scene")))[0]
    assert [line[0] for line in one.rows] == ["test_device", "converted"]
    assert two.rows[-1][:2] == ("known", 2)


def test_markdown_is_the_table_then_where_it_is_from() -> None:
    text = to_markdown(result(row(0, 1)), keys=["confusions"])
    assert text == (
        "**Most frequent confusions**\n\n"
        "| camera model | taken for | photos | of |\n"
        "| --- | --- | ---: | ---: |\n"
        "| Acme One | Acme Two | 1 | 1 |\n\n"
        "At most 15; of untouched pictures, known splits together.\n\n"
        "Model `0123456789ab`, manifest `abababababab`, whichcam 0.1.0, seed 0.\n"
    )


def test_a_name_cannot_break_out_of_its_cell() -> None:
    names = ("Bad|\n`<b>", "Acme Two", "Zeta One", "Zeta Two")
    text = to_markdown(result(row(0, 1), classes=names), keys=["confusions"])
    assert "| Bad\\| \\`\\<b> | Acme Two | 1 | 1 |\n" in text


def test_a_sample_is_said_to_be_one() -> None:
    assert "at most 3 pictures a split" in to_markdown(result(limit_per_split=3))


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="splits, unknown"):
        to_markdown(result(row(0, 0)), keys=["everything"])
