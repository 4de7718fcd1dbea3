//! What is no question, or reaches for what is not the app's.

use super::Asked;

#[tokio::test]
async fn nothing_is_written_or_set() {
    let asked = Asked::new();
    for sql in [
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "UPDATE events SET name = 'x'",
        "MERGE INTO events USING daily_counts ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE events",
        "DROP TABLE events",
        "ALTER TABLE events ADD COLUMN x INT",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc'",
        "CREATE DATABASE x",
        "CREATE SCHEMA x",
        "CREATE FUNCTION f(INT) RETURNS INT RETURN 1",
        "COPY events TO '/tmp/x.parquet'",
        "COPY (SELECT 1) TO '/tmp/x.csv' STORED AS CSV",
        "EXPLAIN COPY events TO '/tmp/x.parquet'",
        "EXPLAIN INSERT INTO events SELECT * FROM events",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "BEGIN",
        "COMMIT",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "DEALLOCATE p",
        "USE other",
        "ANALYZE events",
        "VACUUM",
        "ATTACH 'x.db'",
        "LOAD 'x'",
        "INSTALL x",
        "PRAGMA x",
        "CALL p()",
        "GRANT SELECT ON events TO x",
        "SELECT 1 INTO t",
        "WITH x AS (INSERT INTO events SELECT * FROM events) SELECT 1",
        "WITH x AS (SELECT 1) DELETE FROM events",
    ] {
        let error = asked.error(sql).await;
        let code = error.split(' ').next().unwrap();
        assert!(code == "sql.read-only" || (code == "sql.syntax" && sql.starts_with("WITH")), "{sql}: {error}");
    }
    assert_eq!(
        asked.error("\n  DROP TABLE events").await,
        "sql.read-only Only questions are answered here; DROP is none. (line 2, column 3) Questions begin with SELECT, WITH, \
         EXPLAIN, DESCRIBE, SHOW TABLES or SHOW COLUMNS."
    );
    assert!(asked.error("SELECT 1; DROP TABLE events").await.starts_with("sql.syntax There is a second statement"));
}

#[tokio::test]
async fn no_file_no_setting_and_no_other_table_is_read() {
    let asked = Asked::new();
    for (sql, code) in [
        ("SELECT * FROM '/etc/passwd'", "sql.unknown-table"),
        ("SELECT * FROM \"/etc/passwd\"", "sql.unknown-table"),
        ("SELECT * FROM 'file:///etc/hosts.csv'", "sql.unknown-table"),
        ("SELECT * FROM read_parquet('/etc/passwd')", "sql.unknown-function"),
        ("SELECT * FROM read_csv('/etc/passwd')", "sql.unknown-function"),
        ("SELECT * FROM parquet_metadata('/etc/passwd')", "sql.unknown-function"),
        ("SELECT * FROM information_schema.df_settings", "sql.unknown-table"),
        ("SELECT (SELECT count(*) FROM information_schema.df_settings)", "sql.unknown-table"),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM information_schema.df_settings)", "sql.unknown-table"),
        ("EXPLAIN SELECT * FROM information_schema.df_settings", "sql.unknown-table"),
        ("SELECT * FROM other.public.events", "sql.unknown-table"),
        ("SELECT * FROM noema.events", "sql.unknown-table"),
        ("SHOW ALL", "sql.unsupported"),
        ("SHOW datafusion.runtime.temp_directory", "sql.unsupported"),
    ] {
        let error = asked.error(sql).await;
        assert!(error.starts_with(&format!("{code} ")), "{sql}: {error}");
        assert!(!error.contains(asked.directory.path().to_str().unwrap()), "{sql}: {error}");
    }
}
