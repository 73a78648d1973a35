"""The schema as the list of steps that made it: append-only, one statement each. A database's version is how many it has taken.

Every table names its owner. Nothing depends on a clock: rows come back in the order of their rowid.
"""

from __future__ import annotations

MIGRATIONS = (
    # Never deleted from, so that a link or a contender's spelling never comes to mean another thing.
    """
    CREATE TABLE slugs (
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        slug TEXT NOT NULL,
        thing TEXT NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (owner, kind, slug)
    )
    """,
    """
    CREATE TABLE models (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        slug TEXT NOT NULL,
        label TEXT NOT NULL,
        origin TEXT NOT NULL,
        source TEXT NOT NULL,
        folder TEXT NOT NULL,
        created REAL NOT NULL,
        UNIQUE (owner, slug)
    )
    """,
    """
    CREATE TABLE comparisons (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        label TEXT NOT NULL,
        question TEXT NOT NULL,
        answers TEXT NOT NULL,
        created REAL NOT NULL,
        size INTEGER NOT NULL
    )
    """,
    "CREATE INDEX comparisons_owner ON comparisons (owner)",
    """
    CREATE TABLE jobs (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        label TEXT NOT NULL,
        state TEXT NOT NULL,
        cause TEXT NOT NULL,
        spec TEXT NOT NULL,
        done INTEGER NOT NULL,
        total INTEGER NOT NULL,
        note TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        cancelling INTEGER NOT NULL
    )
    """,
    "CREATE INDEX jobs_owner ON jobs (owner)",
    "CREATE INDEX jobs_state ON jobs (state)",
    """
    CREATE TABLE kept (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        slug TEXT NOT NULL,
        label TEXT NOT NULL,
        summary TEXT NOT NULL,
        content TEXT NOT NULL,
        created REAL NOT NULL,
        UNIQUE (owner, kind, slug)
    )
    """,
    "ALTER TABLE jobs ADD COLUMN begun INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN parent TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX jobs_parent ON jobs (parent)",
    "ALTER TABLE comparisons ADD COLUMN talk TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE comparisons ADD COLUMN about TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE comparisons ADD COLUMN vote TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE comparisons ADD COLUMN blind INTEGER NOT NULL DEFAULT 0",
    "UPDATE comparisons SET talk = id WHERE talk = ''",  # those from before there were talks are talks of their own
    "CREATE INDEX comparisons_talk ON comparisons (owner, talk)",
)
