"""Ad-hoc SQL reads the documented views and nothing else, and tells nothing of a row it stopped at."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from stillgraph.errors import QueryRefused
from stillgraph.records import Nominal, NominalId
from stillgraph.store import CaseFile, queries

NAME = "Ada Quillfeather"

ALLOWED = [
    "SELECT count(*) FROM nominals",
    "select COUNT(*) from NOMINALS;",
    'SELECT n."nominal_id" FROM "Nominals" AS n',
    "FROM nominals",
    "FROM nominals SELECT nominal_id",
    "TABLE nominals",
    "VALUES (1), (2)",
    "SELECT * FROM main.nominals",
    "SELECT * FROM casefile.main.nominals",
    "SELECT * FROM nominals AS held",
    "SELECT (SELECT max(nominal_id) FROM nominals)",
    "WITH few AS (SELECT * FROM nominals LIMIT 1) SELECT * FROM few, few AS again",
    "WITH nominals AS (SELECT 1 AS a) SELECT a FROM NOMINALS",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT * FROM t",
    "SELECT * FROM stores JOIN offences USING (store_id) JOIN stills USING (offence_id)",
    "SELECT retailer_id, rank() OVER (ORDER BY stills) FROM retailers QUALIFY rank() OVER (ORDER BY stills) < 3",
    "SELECT unnest([1, 2]), list_transform([1], lambda x: x + 1), range FROM range(3)",
    "SELECT * FROM generate_series(1, 3), unnest([1])",
    "SELECT * FROM nominals WHERE name = 'O''Neill; DROP TABLE held.nominals --'",
    "SELECT try_cast(name AS INTEGER) FROM nominals",
    "UNPIVOT retailers ON stores, stills INTO NAME what VALUE many",
    "DESCRIBE nominals",
    "SELECT * FROM (DESCRIBE nominals)",
    "SELECT nominal_id FROM nominals UNION SELECT officer FROM audit ORDER BY 1",
    "-- a remark\nSELECT 1 /* another */",
]

ATTACKS = [
    # tables behind the views
    "SELECT * FROM held.nominals",
    "SELECT * FROM HELD.nominals",
    'SELECT * FROM "held"."nominals"',
    "SELECT * FROM casefile.held.nominals",
    'SELECT * FROM "casefile"."held"."templates"',
    "FROM held.templates",
    "TABLE held.templates",
    "SELECT (SELECT count(*) FROM held.templates)",
    "SELECT 1 WHERE EXISTS (FROM held.officers)",
    "SELECT 1 FROM nominals ORDER BY (SELECT max(name) FROM held.officers)",
    "SELECT 1 FROM nominals GROUP BY ALL HAVING (SELECT count(*) FROM held.officers) > 0",
    "SELECT 1 LIMIT (SELECT count(*) FROM held.officers)",
    "SELECT 1 UNION ALL SELECT count(*) FROM held.officers",
    "SELECT * FROM nominals, LATERAL (SELECT count(*) FROM held.officers)",
    "SELECT * FROM nominals JOIN held.officers ON true",
    "SELECT * FROM nominals ASOF JOIN held.officers ON nominals.name >= held.officers.name",
    "SELECT * FROM (PIVOT held.officers ON role USING count(*))",
    "SELECT * FROM (UNPIVOT held.templates ON model INTO NAME a VALUE b)",
    # names given to a CTE so that they pass for something else
    'WITH "held.officers" AS (SELECT 1) SELECT * FROM held.officers',
    'WITH "main.hidden" AS (SELECT 1) SELECT * FROM main.hidden',
    "WITH officers AS (SELECT 1) SELECT * FROM held.officers",
    "WITH x AS MATERIALIZED (SELECT * FROM held.officers) SELECT * FROM x",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, held.officers WHERE n < 3) SELECT * FROM t",
    """WITH "query()" AS (SELECT 1) SELECT * FROM query('SELECT * FROM held.officers')""",
    """WITH "nextval()" AS (SELECT 1) SELECT nextval('held.search_ids')""",
    'WITH "duckdb_settings()" AS (SELECT 1) SELECT * FROM duckdb_settings()',
    "SELECT * FROM duckdb_tables, (WITH duckdb_tables AS (SELECT 1) SELECT * FROM duckdb_tables)",
    "SELECT * FROM DUCKDB_TABLES, (WITH Duckdb_Tables AS (SELECT 1) SELECT * FROM duckdb_tables)",
    "WITH a AS (SELECT * FROM sqlite_master), sqlite_master AS (SELECT 1) SELECT * FROM a",
    "WITH pg_class AS (SELECT * FROM pg_class) SELECT * FROM pg_class",
    'SELECT * FROM "x.csv", (WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv")',
    "SELECT * FROM frame, (WITH frame AS (SELECT 1) SELECT * FROM frame)",
    # other catalogues
    "SELECT * FROM memory.main.nominals",
    "SELECT * FROM system.main.duckdb_tables",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM casefile.nominals",
    # table functions
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/hostname')",
    "SELECT * FROM 'x.parquet'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/hostname')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM query('SELECT * FROM held.officers')",
    "SELECT * FROM query_table('held.officers')",
    "SELECT * FROM query_table(['held.officers'])",
    "SELECT * FROM histogram_values('held.officers', name)",
    "SELECT * FROM pragma_table_info('held.officers')",
    "SELECT * FROM pragma_storage_info('held.officers')",
    "SELECT * FROM seq_scan('held.officers')",
    "SELECT * FROM json_execute_serialized_sql('x')",
    # sequences move when asked
    "SELECT nextval('held.search_ids')",
    """SELECT "nextval"('held.search_ids')""",
    "SELECT main.nextval('held.search_ids')",
    "SELECT NEXTVAL('held.search_ids')",
    "SELECT currval('held.search_ids')",
    # what is not a SELECT, or not one
    "ATTACH '/tmp/other.duckdb' AS other",
    "DETACH casefile",
    "USE memory",
    "COPY nominals TO '/tmp/nominals.csv'",
    "COPY (SELECT 1) TO '/tmp/one.csv'",
    "EXPORT DATABASE '/tmp/all'",
    "PRAGMA database_list",
    "PRAGMA table_info('held.officers')",
    "SET threads = 1",
    "RESET threads",
    "INSTALL httpfs",
    "LOAD httpfs",
    "INSERT INTO held.settings VALUES ('a', 'b')",
    "UPDATE held.settings SET value = ''",
    "DELETE FROM held.audit",
    "DROP VIEW nominals",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE TEMP VIEW mine AS SELECT * FROM held.officers",
    "CREATE MACRO m() AS TABLE SELECT * FROM held.officers",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "CALL pragma_version()",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT * FROM held.officers",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM held.audit",
    "",
    "   ",
    "-- nothing",
    # what is there
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "DESCRIBE held.officers",
    "SUMMARIZE held.officers",
    "SELECT * FROM (DESCRIBE held.officers)",
    "SELECT * FROM (SUMMARIZE held.officers)",
    "SELECT * FROM (SHOW ALL TABLES)",
    "DESCRIBE SELECT * FROM held.officers",
    # broken text
    "SELEC 1",
    "SELECT 'never closed",
    "SELECT nothing FROM nominals",
    "SELECT no_such_function(name) FROM nominals",
]

STOPPED_AT_A_VALUE = [
    "SELECT name::INTEGER FROM nominals",
    "SELECT CAST(name AS DATE) FROM nominals",
    "SELECT error(name) FROM nominals",
    "SELECT strptime(name, '%Y') FROM nominals",
    "SELECT json_extract(name, '$.a') FROM nominals",
    "SELECT regexp_matches('a', name || '(') FROM nominals",
    "SELECT date_part(name, date_of_birth) FROM nominals",
    "SELECT * FROM nominals WHERE name::DOUBLE > 1",
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> CaseFile:
    """Return a case file with one nominal in it."""
    case = CaseFile.create(tmp_path_factory.mktemp("filled") / "case", {"model": "none@0"})
    with case.session(writing=True) as session:
        session.append("nominals", [Nominal(NominalId("N1"), NAME, date(1990, 2, 3), "female", "W1")])
    return case


@pytest.mark.parametrize("sql", ALLOWED)
def test_a_select_over_the_views_runs(filled, sql):
    with filled.session(writing=True) as session:
        assert queries.run(session, sql).num_columns >= 1


@pytest.mark.parametrize("sql", ATTACKS)
def test_anything_else_is_refused_and_changes_nothing(filled, sql):
    frame = pd.DataFrame({"a": [1]})
    with filled.session(writing=True) as session:
        with pytest.raises(
            QueryRefused, match=r"^(A query is one SELECT|A query reads|A WITH clause|DuckDB cannot run)"
        ):
            queries.run(session, sql)
        assert session.one("SELECT count(*) FROM held.settings") == (3,)
        assert len(frame) == 1


@pytest.mark.parametrize("sql", STOPPED_AT_A_VALUE)
def test_what_a_row_holds_stands_in_no_message_and_in_no_cause(filled, sql):
    with filled.session(writing=True) as session, pytest.raises(QueryRefused, match="stopped at a value") as refused:
        queries.run(session, sql)
    told = f"{refused.value} {refused.value.__cause__}"
    assert not any(word in told for word in [*NAME.split(), "1990"])


def test_a_refusal_names_what_was_asked_for_and_what_there_is(filled):
    with (
        filled.session(writing=True) as session,
        pytest.raises(
            QueryRefused,
            match=r"not held\.officers, read_text\(\)\. There are: alike_searches, analysis_runs, arrests, audit",
        ),
    ):
        queries.run(session, "SELECT * FROM held.officers, read_text('x')")


def test_the_check_stands_by_itself_and_so_does_the_confinement(filled, tmp_path, monkeypatch):
    """Whatever the check overlooked, DuckDB itself is closed to the file system, and cannot be opened again."""
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(queries, "check", lambda *_, **__: None)
    with filled.session(writing=True) as session:
        for sql in (
            f"SELECT * FROM read_text('{tmp_path / 'secret.txt'}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'other.duckdb'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(QueryRefused, match=r"disabled|locked|Cannot"):
                queries.run(session, sql)
    assert [p.name for p in tmp_path.iterdir()] == ["secret.txt"]


def test_confinement_ends_with_the_session(filled):
    with filled.session(writing=True) as session:
        queries.run(session, "SELECT 1")
        queries.run(session, "SELECT 2")
    with filled.session(writing=True) as session:
        session.execute("SET threads = 1")


def test_the_documented_views_are_those_of_the_schema_file(filled):
    import re
    from importlib import resources

    sql = (resources.files("stillgraph.store") / "sql" / "views.sql").read_text(encoding="utf-8")
    with filled.session(writing=False) as session:
        assert list(queries.views(session)) == sorted(re.findall(r"VIEW main\.(\w+)", sql))


@pytest.mark.parametrize(
    ("sql", "recorded"),
    [
        (f"SELECT 1 FROM nominals WHERE name = '{NAME}'", "SELECT ? FROM nominals WHERE name = ?"),
        (f"SELECT $${NAME}$$, E'{NAME}', 'O''{NAME}', 1.5e3", "SELECT ? , ? , ? , ?"),
        (f"SELECT 1 -- {NAME}\nFROM nominals /* {NAME} */", "SELECT ? FROM nominals"),
        (f"SELECT '{NAME}", "SELECT ?"),
        ("SELECT naïve, 'é' FROM ü", "SELECT naïve, ? FROM ü"),
        ("", ""),
    ],
)
def test_a_query_is_recorded_without_its_values(sql, recorded):
    assert queries.without_values(sql) == recorded
