"""Reads a Delta table as others do, and says what each of them found: one JSON object, by reader.

Usage: readers.py TABLE
"""

import datetime
import decimal
import json
import sys

import duckdb
import polars
from deltalake import DeltaTable, QueryBuilder

COLUMNS = ["position", "name", "time", "anonymous_id", "data_total", "data_ms", "data_due", "data_later", "category",
           "date", "signature_verified"]
QUERY = f"SELECT {', '.join(COLUMNS)} FROM events ORDER BY position"


def text(value):
    """A value as every reader writes it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value.normalize())
    return None if value is None else str(value)


def rows(found):
    return [[text(value) for value in row] for row in found]


def main():
    table = DeltaTable(sys.argv[1])
    frame = polars.read_delta(sys.argv[1]).sort("position").select(COLUMNS)
    asked = QueryBuilder().register("events", table).execute(QUERY).read_all()
    columns = [asked[column].to_pylist() for column in COLUMNS]
    files = table.file_uris()
    duckdb.sql("SET TimeZone = 'UTC'")
    duckdb.sql(f"CREATE VIEW events AS FROM read_parquet({files!r}, union_by_name = true, hive_partitioning = true)")
    found = {
        "deltalake": rows(zip(*columns)),
        "polars": rows(frame.rows()),
        "duckdb": rows(duckdb.sql(QUERY).fetchall()),
    }
    json.dump({"readers": found, "through": table.transaction_version("daybook")}, sys.stdout)


main()
