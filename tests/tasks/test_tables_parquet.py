"""Parquet: every value exactly, dates and bytes as text, and what cannot be told to a model as a bad row."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptune.errors import UserError
from promptune.tasks.tables import Table, read_table


def written(folder: Path, columns: dict[str, Any], name: str = "table.parquet", **options: Any) -> Table:
    pq.write_table(pa.table(columns), folder / name, **options)
    return read_table(folder / name)


def test_values_are_exact(tmp_path: Path) -> None:
    rows = {
        "text": ["003", " ü\u2028😀 ", ""],
        "number": [2**63 - 1, -1, None],
        "unsigned": pa.array([2**64 - 1, 0, 1], pa.uint64()),
        "float": [0.1, 1e300, None],
        "half": pa.array([0.5, 1.5, 2.0], pa.float16()),
        "single": pa.array([0.1, None, 2], pa.float32()),
        "truth": [True, False, None],
        "list": [["a", "b"], [], None],
        "object": [{"x": [1, None]}, {"x": []}, None],
        "classes": pa.array(["a", "b", "a"]).dictionary_encode(),
    }
    read = written(tmp_path, rows)
    assert not read.bad and read.columns == tuple(rows) and read.found.format == "parquet" and [row.number for row in read.rows] == [1, 2, 3]
    assert read.found.size == (tmp_path / "table.parquet").stat().st_size
    for name, column in rows.items():
        assert [row.values[name] for row in read.rows] == (column.to_pylist() if isinstance(column, pa.Array | pa.DictionaryArray) else column)


def test_what_json_has_no_word_for_is_its_exact_text(tmp_path: Path) -> None:
    moment = datetime.datetime.fromisoformat("2024-02-29T12:30:15.123456")
    read = written(
        tmp_path,
        {
            "price": pa.array([Decimal("1.10")], pa.decimal128(5, 2)),
            "day": [moment.date()],
            "time": [moment.time()],
            "moment": pa.array([moment], pa.timestamp("us")),
            "nano": pa.array([1_709_209_815_123_456_789], pa.timestamp("ns")),
            "zoned": pa.array([0], pa.timestamp("ms", tz="UTC")),
            "bytes": ["é".encode()],
            "days": [[moment.date()]],
        },
    )
    assert list(read.rows[0].values.values()) == [
        "1.10",
        "2024-02-29",
        "12:30:15.123456",
        "2024-02-29 12:30:15.123456",
        "2024-02-29 12:30:15.123456789",
        "1970-01-01 00:00:00.000Z",
        "é",
        ["2024-02-29"],
    ]


def test_bad_values_are_named(tmp_path: Path) -> None:
    columns = {"a": [0.5, float("nan"), 1.0, 2.0, 3.0], "b": [["x"], ["x"], ["x", "a\0b"], ["x"], ["y"]], "c": [b"x", b"x", b"x", b"\xff\xfe", b"x"]}
    read = written(tmp_path, columns)
    assert [(row.row, row.column, row.line) for row in read.bad] == [(2, "a", None), (3, "b[1]", None), (4, "c", None)]
    assert [row.number for row in read.rows] == [1, 5]


def test_a_cell_that_is_too_long_is_a_bad_row(tmp_path: Path) -> None:
    read = written(tmp_path, {"a": ["x" * 500_000, "x" * 500_001, "x"], "b": [1, 2, 3]})
    assert [(row.row, row.column) for row in read.bad] == [(2, "a")] and len(read.rows) == 2


def test_a_table_is_recognised_whatever_it_is_called(tmp_path: Path) -> None:
    assert len(written(tmp_path, {"a": [1]}, "table.csv").rows) == 1


@pytest.mark.parametrize("columns", [{"a": pa.array([], pa.string())}, {}])
def test_a_file_without_rows_is_told(tmp_path: Path, columns: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="no rows"):
        written(tmp_path, columns)


def test_our_own_process_never_loads_arrow(tmp_path: Path) -> None:
    """It is slow to import, and a damaged file can crash it."""
    pq.write_table(pa.table({"a": [1]}), tmp_path / "table.parquet")
    script = (
        "import sys; from pathlib import Path; from promptune.tasks.tables import read_table; read_table(Path(sys.argv[1])); print('pyarrow' in sys.modules)"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "table.parquet")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True, env={"PYTHONPATH": os.pathsep.join(sys.path)}).stdout == "False\n"


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Wherever it is damaged: rows that came before are not kept, for nobody knows how many there were."""
    pq.write_table(pa.table({"a": [f"text {i}" for i in range(1_000)]}), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for damaged in (whole[:-1], whole[: len(whole) // 2], b"PAR1", b"PAR1" + bytes(1_000), whole[:4] + bytes(200) + whole[204:]):
        (tmp_path / "table.parquet").write_bytes(damaged)
        with pytest.raises(UserError, match="damaged") as caught:
            read_table(tmp_path / "table.parquet")
        assert "Traceback" not in str(caught.value) and caught.value.todo
