//! The brokers that inputs drain, each with a writer.

use std::ops::Range;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use daybook_harness::{Nats, Redis};
use serde_json::{Value, json};

pub enum Broker {
    RedisStream(Redis),
    RedisList(Redis),
    JetStream(Nats),
}

impl Broker {
    pub async fn redis_stream() -> Self {
        Self::RedisStream(Redis::start())
    }

    pub async fn redis_list() -> Self {
        Self::RedisList(Redis::start())
    }

    pub async fn nats_jetstream() -> Self {
        let broker = Self::JetStream(Nats::start());
        let subjects = vec!["game.>".to_owned()];
        let config = stream::Config { name: "GAME".to_owned(), subjects, ..stream::Config::default() };
        broker.jetstream().await.create_stream(config).await.unwrap();
        broker
    }

    pub fn settings(&self) -> Value {
        match self {
            Self::RedisStream(redis) => {
                json!({"kind": "redis-stream", "url": redis.url(), "key": "game", "claim-after": "2s"})
            }
            Self::RedisList(redis) => {
                json!({"kind": "redis-list", "url": redis.url(), "key": "game", "claim-after": "2s"})
            }
            Self::JetStream(nats) => {
                json!({"kind": "nats-jetstream", "url": nats.url(), "stream": "GAME", "subject": "game.events", "ack-wait": "5s"})
            }
        }
    }

    /// The same, but that nothing comes again by itself, however slow the machine is.
    pub fn patient_settings(&self) -> Value {
        let mut settings = self.settings();
        let again = if let Self::JetStream(_) = self { "ack-wait" } else { "claim-after" };
        settings[again] = json!("10m");
        settings
    }

    /// Writes messages of these numbers.
    pub async fn write(&self, numbers: Range<usize>) {
        let bodies: Vec<String> = numbers.map(|number| format!("{{\"number\": {number}}}")).collect();
        self.write_all(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }

    pub async fn write_one(&self, body: &str) {
        self.write_all(&[body]).await;
    }

    async fn write_all(&self, bodies: &[&str]) {
        match self {
            Self::RedisStream(redis) | Self::RedisList(redis) => {
                let mut commands = redis::pipe();
                for body in bodies {
                    match self {
                        Self::RedisStream(_) => commands.cmd("XADD").arg(&["game", "*", "event", body]).ignore(),
                        _ => commands.cmd("RPUSH").arg(&["game", body]).ignore(),
                    };
                }
                let () = commands.query_async(&mut connection(&redis.url()).await).await.unwrap();
            }
            Self::JetStream(_) => {
                let context = self.jetstream().await;
                let mut waiting = Vec::new();
                for body in bodies {
                    waiting.push(context.publish("game.events", (*body).to_owned().into()).await.unwrap());
                }
                for acknowledged in waiting {
                    acknowledged.await.unwrap();
                }
            }
        }
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        let (Self::RedisStream(redis) | Self::RedisList(redis)) = self else { panic!("no Redis") };
        let mut connection = connection(&redis.url()).await;
        command.query_async(&mut connection).await.unwrap()
    }

    async fn jetstream(&self) -> jetstream::Context {
        let Self::JetStream(nats) = self else { panic!("no NATS") };
        jetstream::new(client(nats).await)
    }

    /// Messages that nobody has acknowledged.
    pub async fn unacknowledged(&self) -> u64 {
        match self {
            Self::RedisStream(_) => {
                let (pending, _, _, _): (u64, redis::Value, redis::Value, redis::Value) =
                    self.ask(redis::cmd("XPENDING").arg(&["game", "daybook"])).await;
                pending
            }
            Self::RedisList(_) => {
                let taken: u64 = self.ask(redis::cmd("HLEN").arg("game:processing")).await;
                let waiting: u64 = self.ask(redis::cmd("LLEN").arg("game")).await;
                taken + waiting
            }
            Self::JetStream(_) => {
                let stream = self.jetstream().await.get_stream("GAME").await.unwrap();
                let mut consumer: jetstream::consumer::PullConsumer = stream.get_consumer("daybook").await.unwrap();
                let info = consumer.info().await.unwrap();
                info.num_ack_pending as u64 + info.num_pending
            }
        }
    }

    /// Waits until the broker has seen every acknowledgement.
    pub async fn has_all_acknowledged(&self) {
        let begun = std::time::Instant::now();
        while self.unacknowledged().await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "messages are left");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until what a crashed reader held is handed out again.
    pub async fn settle(&self) {
        if let Self::JetStream(_) = self {
            tokio::time::timeout(Duration::from_secs(180), async {
                while self.unacknowledged().await > 0 {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            })
            .await
            .expect("messages are handed out again");
        }
    }

    /// What was set aside is there, where the broker has a place for it.
    pub async fn holds_aside(&self, body: &str) {
        match self {
            Self::RedisStream(_) => {
                let aside: redis::streams::StreamRangeReply =
                    self.ask(redis::cmd("XRANGE").arg(&["game:unreadable", "-", "+"])).await;
                assert_eq!(aside.ids.len(), 1);
                assert_eq!(aside.ids[0].get::<String>("event").as_deref(), Some(body));
                assert_eq!(aside.ids[0].get::<String>("code").as_deref(), Some("body.too-large"));
            }
            Self::RedisList(_) => {
                let aside: Vec<String> = self.ask(redis::cmd("LRANGE").arg(&["game:unreadable", "0", "-1"])).await;
                assert_eq!(aside, [body]);
            }
            Self::JetStream(_) => {
                let stream = self.jetstream().await.get_stream("GAME").await.unwrap();
                let messages = stream.cached_info().state.messages;
                assert_eq!(messages, 41);
            }
        }
    }

    pub fn kill(&self) {
        match self {
            Self::RedisStream(redis) | Self::RedisList(redis) => redis.kill(),
            Self::JetStream(nats) => nats.kill(),
        }
    }

    pub fn restart(&self) {
        match self {
            Self::RedisStream(redis) | Self::RedisList(redis) => redis.restart(),
            Self::JetStream(nats) => nats.restart(),
        }
    }

    pub fn pause(&self) {
        match self {
            Self::RedisStream(redis) | Self::RedisList(redis) => redis.pause(),
            Self::JetStream(nats) => nats.pause(),
        }
    }

    pub fn resume(&self) {
        match self {
            Self::RedisStream(redis) | Self::RedisList(redis) => redis.resume(),
            Self::JetStream(nats) => nats.resume(),
        }
    }
}

/// A connection for these tests, made anew for each call: the server behind it is killed now and then.
pub async fn connection(url: &str) -> redis::aio::MultiplexedConnection {
    // By itself it would wait for half a second.
    let patience = Some(Duration::from_secs(60));
    let config = redis::AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
    redis::Client::open(url).unwrap().get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

pub async fn client(nats: &Nats) -> async_nats::Client {
    let options = async_nats::ConnectOptions::with_user_and_password("daybook".into(), nats.password().into());
    options.connection_timeout(Duration::from_secs(30)).connect(nats.url()).await.unwrap()
}
