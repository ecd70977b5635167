#!/usr/bin/env python3
"""Asks a data set of mcpcap export in SQL with Spark, and prints a JSON object for each row: read_spark.py DATASET SQL

Each table is a view of its name. Times are nanoseconds since 1970, as in mcpcap query. Lists are arrays: explode(answers) has their values.
"""
import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def connect(dataset):
    """A session whose views are the tables of a data set. On a cluster, spark-submit --master sets where it runs."""
    session = SparkSession.builder.appName("mcpcap").config("spark.sql.legacy.parquet.nanosAsLong", "true").getOrCreate()
    for folder in sorted(Path(dataset).iterdir()):
        if folder.name != "manifest" and folder.is_dir():
            session.read.parquet(str(folder)).createOrReplaceTempView(folder.name)
    return session


def answer(session, sql):
    """The rows, by the names of their columns."""
    for row in session.sql(sql).toLocalIterator():
        yield row.asDict(recursive=True)


def main():
    dataset, sql = sys.argv[1:]
    for row in answer(connect(dataset), sql):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
