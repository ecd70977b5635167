#!/usr/bin/env python3
"""Asks a data set of mcpcap export in SQL with DuckDB, and prints a JSON object for each row: read_duckdb.py DATASET SQL

Each table is a view of its name. Times are nanoseconds since 1970, as in mcpcap query. Lists are lists: unnest(answers) has their values.
"""
import json
import sys
from pathlib import Path

import duckdb


def connect(dataset):
    """A database in memory whose views are the tables of a data set."""
    database = duckdb.connect()
    for folder in sorted(Path(dataset).iterdir()):
        if folder.name == "manifest" or not folder.is_dir():
            continue
        files = str(folder / "*.parquet").replace("'", "''")
        columns = database.execute(f"DESCRIBE SELECT * FROM read_parquet('{files}')").fetchall()
        times = ", ".join(f'epoch_ns("{name}") AS "{name}"' for name, kind, *_ in columns if kind.startswith("TIMESTAMP"))
        replaced = f" REPLACE ({times})" if times else ""
        database.execute(f"CREATE VIEW \"{folder.name}\" AS SELECT *{replaced} FROM read_parquet('{files}')")
    return database


def answer(database, sql):
    """The rows, by the names of their columns."""
    rows = database.execute(sql)
    names = [column[0] for column in rows.description]
    while part := rows.fetchmany(1000):
        yield from (dict(zip(names, row, strict=True)) for row in part)


def main():
    dataset, sql = sys.argv[1:]
    for row in answer(connect(dataset), sql):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
