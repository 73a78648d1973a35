"""Any file becomes a table: what it is is found and shown, no value changes on the way, and no row that cannot be used goes unnamed."""

from promptune.tasks.tables.reader import read_table
from promptune.tasks.tables.table import BadRow, Found, ReadOptions, Table

__all__ = ["BadRow", "Found", "ReadOptions", "Table", "read_table"]
