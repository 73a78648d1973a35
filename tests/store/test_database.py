"""The file itself: its whole schema, its way up from every older version, and what its troubles say to a person."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from promptune.errors import Busy, DiskFull, UserError
from promptune.store import Store, database
from promptune.store.database import Database
from promptune.store.migrations import MIGRATIONS

Start = Callable[..., "subprocess.Popen[str]"]

SCHEMA = {
    "slugs": "owner TEXT, kind TEXT, slug TEXT, thing TEXT, created REAL",
    "models": "id TEXT, owner TEXT, slug TEXT, label TEXT, origin TEXT, source TEXT, folder TEXT, created REAL",
    "comparisons": "id TEXT, owner TEXT, label TEXT, question TEXT, answers TEXT, created REAL, size INTEGER, talk TEXT, about TEXT, vote TEXT, blind INTEGER",
    "jobs": "id TEXT, owner TEXT, kind TEXT, label TEXT, state TEXT, cause TEXT, spec TEXT, done INTEGER, total INTEGER, note TEXT, "
    "created REAL, started REAL?, ended REAL?, cancelling INTEGER, begun INTEGER, parent TEXT",
    "kept": "id TEXT, owner TEXT, kind TEXT, slug TEXT, label TEXT, summary TEXT, content TEXT, created REAL",
}
UNIQUE = {
    ("slugs", "owner, kind, slug"),
    ("models", "id"),
    ("models", "owner, slug"),
    ("comparisons", "id"),
    ("jobs", "id"),
    ("kept", "id"),
    ("kept", "owner, kind, slug"),
}
INDEXES = {("comparisons", "owner"), ("comparisons", "owner, talk"), ("jobs", "owner"), ("jobs", "parent"), ("jobs", "state")}


def open_raw(home: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(home / "promptune.db", isolation_level=None))


def schema(home: Path) -> tuple[dict[str, str], set[tuple[str, str]], set[tuple[str, str]]]:
    """Columns of every table ('?' where NULL may stand), and the columns of its unique and its other indexes."""
    tables, unique, others = {}, set(), set()
    with open_raw(home) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = db.execute(f"PRAGMA table_info({table})").fetchall()
            tables[table] = ", ".join(f"{name} {kind}{'' if filled else '?'}" for _, name, kind, filled, _, _ in columns)
            for _, index, is_unique, *_ in db.execute(f"PRAGMA index_list({table})").fetchall():
                names = ", ".join(row[2] for row in db.execute(f"PRAGMA index_info({index})"))
                (unique if is_unique else others).add((table, names))
        assert {kind for (kind,) in db.execute("SELECT DISTINCT type FROM sqlite_master")} <= {"table", "index"}
    return tables, unique, others


def test_the_whole_schema(store: Store, home: Path) -> None:
    """Written out, so that no column comes or goes unseen."""
    assert schema(home) == (SCHEMA, UNIQUE, INDEXES)


def test_every_row_has_an_owner(store: Store, home: Path) -> None:
    assert all("owner TEXT," in columns for columns in schema(home)[0].values())


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_every_older_version_is_brought_up_to_date_with_its_rows(home: Path, version: int) -> None:
    """People update from any release, and what they had is there afterwards."""
    home.mkdir()
    with open_raw(home) as db:
        for statement in MIGRATIONS[:version]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")
        if version:
            db.execute("INSERT INTO slugs VALUES ('ada', 'model', 'old', 'x', 1.0)")
    upgraded = Store(home)
    assert schema(home) == (SCHEMA, UNIQUE, INDEXES)
    assert upgraded.claim_slug("ada", "model", "old") == ("old-2" if version else "old")


def test_what_was_kept_before_there_were_talks_is_a_talk_of_its_own(home: Path) -> None:
    home.mkdir()
    before = next(i for i, statement in enumerate(MIGRATIONS) if "ADD COLUMN talk" in statement)
    with open_raw(home) as db:
        for statement in MIGRATIONS[:before]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {before}")
        for id in ("a", "b"):
            db.execute("INSERT INTO comparisons (id, owner, label, question, answers, created, size) VALUES (?, 'ada', 'Why?', 'why?', '[]', 1.0, 6)", (id,))
    store = Store(home)
    assert [[one.id for one in records] for records in store.comparisons.talks("ada", bool, 9)] == [["b"], ["a"]]
    assert (old := store.comparisons.get("ada", "a")).talk == "a" and (old.about, old.vote, old.blind) == (None, "", False)


def test_opening_again_changes_nothing(store: Store, home: Path) -> None:
    saved = store.comparisons.save("ada", question="why?", answers=[])
    assert Store(home).comparisons.get("ada", saved.id) == saved


def test_a_newer_database_is_refused_and_left_alone(store: Store, home: Path) -> None:
    """An older program would read it wrongly, or write what the newer one cannot read."""
    with open_raw(home) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = (home / "promptune.db").read_bytes()
    with pytest.raises(UserError, match=r"newer Promptune.*Update Promptune"):
        Store(home)
    assert (home / "promptune.db").read_bytes() == before


def test_the_journal_is_the_safe_one(store: Store) -> None:
    """The WAL of the SQLite that Python 3.11 brings can lose a commit."""
    with Database(store.job_folder("0" * 12).parents[1] / "promptune.db").read() as db:
        modes = [db.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert modes == [{"journal_mode": "delete"}, {"synchronous": 2}, {"foreign_keys": 1}]


def test_an_error_within_a_transaction_leaves_nothing_of_it(home: Path) -> None:
    file = Database(home / "promptune.db")
    with suppress(ZeroDivisionError), file.write() as db:
        db.execute("INSERT INTO slugs VALUES ('ada', 'model', 'x', 'x', 1.0)")
        raise ZeroDivisionError
    with file.read() as db:
        assert db.execute("SELECT * FROM slugs").fetchall() == []


def test_a_locked_database_says_busy_and_the_write_succeeds_once_it_is_free(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads go on meanwhile; the refused write is not there twice afterwards."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with open_raw(home) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="Try again"):
            store.comparisons.save("ada", question="why?", answers=[])
        assert store.comparisons.list("ada") == []
        other.execute("ROLLBACK")
    store.comparisons.save("ada", question="why?", answers=[])
    assert len(store.comparisons.list("ada")) == 1


def test_a_full_database_says_disk_full_and_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.comparisons.save("ada", question="small", answers=[])
    with monkeypatch.context() as small:
        small.setattr(database, "PRAGMAS", (*database.PRAGMAS, "PRAGMA max_page_count = 30"))
        with pytest.raises(DiskFull, match=r"MB are free.*Make room") as full:
            store.comparisons.save("ada", question="large", answers=[{"text": "x" * 500_000}])
    assert full.value.name == "DISK_FULL"
    assert store.comparisons.list("ada") == [kept]
    store.comparisons.save("ada", question="large", answers=[{"text": "x" * 500_000}])


def test_a_limit_on_the_size_of_files_says_disk_full_too(store: Store, home: Path, start: Start) -> None:
    """A quota or a limit refuses the write itself, which SQLite calls an I/O error."""
    script = """if True:
        import resource, sys, pathlib
        from promptune.errors import DiskFull
        from promptune.store import Store
        store = Store(pathlib.Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            store.comparisons.save("ada", question="large", answers=[{"text": "x" * 500_000}])
        except DiskFull as error:
            print(error.name)
    """
    assert start(script, home).communicate()[0] == "DISK_FULL\n"
    assert store.comparisons.list("ada") == []
    with open_raw(home) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_is_no_database_is_refused_by_name(home: Path) -> None:
    home.mkdir()
    (home / "promptune.db").write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match=r"damaged promptune\.db"):
        Store(home)


def test_a_database_that_cannot_be_opened_is_a_users_error(home: Path) -> None:
    (home / "promptune.db").mkdir(parents=True)
    with pytest.raises(UserError, match=r"cannot be written.*permissions"):
        Store(home)


def test_a_data_folder_that_cannot_be_made_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(UserError, match="PROMPTUNE_HOME"):
        Store(tmp_path / "data")


def test_half_a_character_is_refused_and_not_a_crash(store: Store) -> None:
    """Anyone may send one through the raw API; UTF-8 has no way to write it."""
    with pytest.raises(UserError, match="half of a character"):
        store.comparisons.get("ada", "\ud800")
