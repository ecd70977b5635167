"""The same questions to mcpcap query and to the readers of a data set."""
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "cluster"

# What all three take as it is: joins, groups, windows, truths, absent values, times.
SQL = [
    "SELECT capture, transport, count(*) AS packets, sum(payload) AS payload, min(time) AS first, max(time) AS last FROM packets"
    " GROUP BY capture, transport ORDER BY capture, transport NULLS FIRST",
    "SELECT qtype, rcode, count(*) AS transactions, count(DISTINCT name) AS names, sum(query_size) AS bytes, max(latency_ms) AS slowest"
    " FROM dns GROUP BY qtype, rcode ORDER BY qtype NULLS FIRST, rcode NULLS FIRST",
    "SELECT capture, count(*) FILTER (WHERE is_malformed) AS malformed, count(*) FILTER (WHERE recursion_desired AND rcode IS NULL) AS unanswered"
    " FROM dns GROUP BY capture ORDER BY capture",
    "SELECT d.name, count(DISTINCT d.frame) AS asked, sum(c.bytes) AS bytes FROM dns d JOIN conversations c ON c.capture = d.capture"
    " AND c.community_id = d.community_id GROUP BY d.name ORDER BY d.name NULLS FIRST",
    "WITH ranked AS (SELECT capture, client, server, bytes, row_number() OVER (PARTITION BY capture ORDER BY bytes DESC, flow) AS place FROM conversations)"
    " SELECT * FROM ranked WHERE place <= 3 ORDER BY capture, place",
    "SELECT rule, severity, count(*) AS findings, count(DISTINCT capture) AS captures FROM findings GROUP BY rule, severity ORDER BY rule, severity",
]
# What each says in its own way: lists.
LISTS = {
    "mcpcap": "SELECT a.value AS address, count(*) AS times FROM dns, json_each(answers) a GROUP BY 1 ORDER BY 1",
    "read_duckdb.py": "SELECT address, count(*) AS times FROM (SELECT unnest(answers) AS address FROM dns) GROUP BY 1 ORDER BY 1",
    "read_spark.py": "SELECT address, count(*) AS times FROM (SELECT explode(answers) AS address FROM dns) GROUP BY 1 ORDER BY 1",
}


def counts(tables):
    """How many rows each table has, of each capture."""
    parts = (f"SELECT '{table}' AS name, capture, count(*) AS number FROM {table} GROUP BY capture" for table in tables)
    return " UNION ALL ".join(parts) + " ORDER BY name, capture"


def plain(value):
    """Truths are 0 and 1 in SQLite, and large numbers are text in an answer."""
    if isinstance(value, bool):
        return str(int(value))
    return value if value is None else str(value)


def lines(command, where, accepted=(0,), given=None):
    """What a program prints, a JSON value on each line."""
    done = subprocess.run(list(map(str, command)), cwd=where, input=given, capture_output=True, text=True, check=False)
    assert done.returncode in accepted, f"{command}: exit code {done.returncode}\n{done.stderr[-4000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(objects):
    return [[(name, plain(value)) for name, value in one.items()] for one in objects]


def of_mcpcap(program, captures, sql):
    """What is told of the captures that are damaged or none is looked at elsewhere."""
    return rows(lines([program, "query", ".", sql, "--format", "ndjson", "--all"], captures, (0, 1, 3)))


def of_reader(reader, dataset, asked):
    """What one process of a reader answers, question by question; the last one alone, as a user asks it."""
    many = lines([sys.executable, __file__, reader, dataset], dataset, given=json.dumps(asked[:-1]))
    return [*map(rows, many), rows(lines([sys.executable, EXAMPLE / reader, dataset, asked[-1]], dataset))]


def compare(program, captures, dataset):
    """Asks all of them everything; gives how many questions, and how many rows they have together."""
    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_HOSTNAME="localhost", PYSPARK_SUBMIT_ARGS="--master local[2] --conf spark.ui.enabled=false pyspark-shell")
    tables = sorted(entry.name for entry in Path(dataset).iterdir() if entry.is_dir() and entry.name != "manifest")
    asked = [*(dict.fromkeys(LISTS, sql) for sql in (counts(tables), *SQL)), LISTS]
    expected = [of_mcpcap(program, captures, question["mcpcap"]) for question in asked]
    for reader in ("read_duckdb.py", "read_spark.py"):
        for question, answer, wanted in zip(asked, of_reader(reader, dataset, [question[reader] for question in asked]), expected, strict=True):
            assert wanted, f"no row: {question['mcpcap']}"
            assert answer == wanted, f"{reader} differs from mcpcap: {question[reader]}\n" + difference(answer, wanted)
    return len(asked), sum(map(len, expected))


def difference(answer, expected):
    other = [f"{reader}: {row}" for reader, one, two in (("only here", answer, expected), ("only mcpcap", expected, answer)) for row in one if row not in two]
    return "\n".join(other[:10])


def main():
    """A reader's answers to the questions on standard input: a list of rows on each line."""
    reader, dataset = sys.argv[1:]
    sys.path.append(str(EXAMPLE))
    module = importlib.import_module(Path(reader).stem)
    connection = module.connect(dataset)
    for sql in json.load(sys.stdin):
        print(json.dumps(list(module.answer(connection, sql))))


if __name__ == "__main__":
    main()
