//! `mysql` and `postgres`.

use daybook_harness::{MariaDb, Postgres};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};

use crate::world::{BATCH, World};

/// Rows as the server itself writes them in a statement, and what the statement begins with.
struct Rows {
    insert: String,
    rows: Vec<String>,
}

impl Rows {
    /// One statement for each batch.
    fn statements(&self) -> Vec<String> {
        self.rows.chunks(BATCH).map(|rows| format!("{} VALUES {}", self.insert, rows.join(","))).collect()
    }
}

mod mysql {
    use super::*;

    const TABLE: &str = "analytics_events";

    /// A server that has on disk what it committed, and memory as it has by default.
    fn server() -> MariaDb {
        let server = MariaDb::start();
        for setting in ["innodb_flush_log_at_trx_commit = 1", "innodb_buffer_pool_size = 134217728"] {
            server.sql(&server.url(), &format!("SET GLOBAL {setting}"));
        }
        server
    }

    fn settings(server: &MariaDb) -> Value {
        json!({"url": server.url()})
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        let (world, server) = (World::get(), server());
        world.measure(bencher, || {
            let handler = world.handler("mysql", json!({}), &settings(&server), "/nonexistent".as_ref());
            world.tokio.block_on(handler.prepare()).unwrap();
            server.sql(&server.url(), &format!("TRUNCATE {TABLE}"));
            handler
        });
    }

    /// The same rows into the same table.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn plain(bencher: Bencher<'_, '_>) {
        let (world, server) = (World::get(), server());
        world.run(world.handler("mysql", json!({}), &settings(&server), "/nonexistent".as_ref()));
        let mut connection = world.tokio.block_on(async {
            let mut connection = MySqlConnection::connect(&server.url()).await.unwrap();
            sqlx::raw_sql("SET time_zone = '+00:00', group_concat_max_len = 65536")
                .execute(&mut connection)
                .await
                .unwrap();
            connection
        });
        let rows = world.tokio.block_on(rows(&mut connection));
        assert_eq!(rows.rows.len(), world.events);
        bencher
            .counter(ItemsCount::new(world.events))
            .with_inputs(|| {
                server.sql(&server.url(), &format!("TRUNCATE {TABLE}"));
                rows.statements()
            })
            .bench_local_values(|statements| {
                for statement in statements {
                    let insert = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection);
                    world.tokio.block_on(insert).unwrap();
                }
            });
    }

    async fn rows(connection: &mut MySqlConnection) -> Rows {
        let columns = "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name <> 'id'";
        let (names, values): (String, String) = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT GROUP_CONCAT('`', column_name, '`' ORDER BY ordinal_position), \
             GROUP_CONCAT('QUOTE(`', column_name, '`)' ORDER BY ordinal_position) {columns}"
        )))
        .bind(TABLE)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        let select = format!("SELECT CONCAT('(', CONCAT_WS(',', {values}), ')') FROM {TABLE} ORDER BY position");
        let rows = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(connection).await.unwrap();
        Rows { insert: format!("INSERT INTO {TABLE} ({names})"), rows }
    }
}

mod postgres {
    use super::*;

    const TABLE: &str = "events";

    fn settings(server: &Postgres) -> Value {
        json!({"url": server.url()})
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        let (world, server) = (World::get(), Postgres::start());
        world.measure(bencher, || {
            let handler = world.handler("postgres", json!({}), &settings(&server), "/nonexistent".as_ref());
            world.tokio.block_on(handler.prepare()).unwrap();
            server.sql(&server.url(), &format!("TRUNCATE {TABLE}"));
            handler
        });
    }

    /// The same rows into the same table.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn plain(bencher: Bencher<'_, '_>) {
        let (world, server) = (World::get(), Postgres::start());
        world.run(world.handler("postgres", json!({}), &settings(&server), "/nonexistent".as_ref()));
        let mut connection = world.tokio.block_on(PgConnection::connect(&server.url())).unwrap();
        let rows = world.tokio.block_on(rows(&mut connection));
        assert_eq!(rows.rows.len(), world.events);
        bencher
            .counter(ItemsCount::new(world.events))
            .with_inputs(|| {
                server.sql(&server.url(), &format!("TRUNCATE {TABLE}"));
                rows.statements()
            })
            .bench_local_values(|statements| {
                for statement in statements {
                    let insert = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection);
                    world.tokio.block_on(insert).unwrap();
                }
            });
    }

    async fn rows(connection: &mut PgConnection) -> Rows {
        let (names, values): (String, String) = sqlx::query_as(
            "SELECT string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position), \
             string_agg(format('quote_nullable(%I::text)', column_name), ',' ORDER BY ordinal_position) \
             FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1",
        )
        .bind(TABLE)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        let select = format!("SELECT '(' || concat_ws(',', {values}) || ')' FROM {TABLE} ORDER BY position");
        let rows = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(connection).await.unwrap();
        Rows { insert: format!("INSERT INTO {TABLE} ({names})"), rows }
    }
}
