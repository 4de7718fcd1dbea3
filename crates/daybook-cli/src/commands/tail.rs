//! `daybook tail`: events as they are stored.

use std::io::BufRead;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::Answer;
use crate::client::{Client, ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, print_line, say};

/// Longest wait before a lost connection is tried again.
const RECONNECT_MAX: Duration = Duration::from_secs(10);

/// Watch events as they are stored
///
/// Follows an app's live stream until stopped. A lost connection is taken up again where it broke, so nothing is missed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook tail my-app --data ./data
  daybook tail my-app --name 'world.*' --name user.login.completed
  daybook tail my-app --after 0 --limit 100 --format json > first-hundred.ndjson")]
pub struct Tail {
    /// The app
    app: String,
    /// Only this event type, or all that begin alike (`world.*`); may be given several times
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Begin after this position instead of now; 0 for everything that is stored
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Give events in the app's own form
    #[arg(long)]
    dialect: bool,
    /// Give events of older versions as the current version of their type has them
    #[arg(long)]
    upcast: bool,
    /// One line an event for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Tail {
    /// Follows the stream.
    pub fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let mut follow = Follow { after: self.after, left: self.limit.unwrap_or(u64::MAX) };
        let mut wait = Duration::from_millis(500);
        let mut connected = false;
        loop {
            match self.follow(&client, &mut follow) {
                Ok(()) if follow.left == 0 => return Ok(Answer::Yes),
                Ok(()) => {
                    connected = true;
                    wait = Duration::from_millis(500);
                }
                // What never worked is not tried again, and neither is what the server does not want.
                Err(failure @ (Failure::Unreachable { .. } | Failure::Refused { status: 429 | 503, .. }))
                    if connected =>
                {
                    say(&format!("{failure}; trying again in {} s", wait.as_secs_f32()));
                }
                Err(failure) => return Err(failure),
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(RECONNECT_MAX);
        }
    }

    /// Writes what comes until the connection ends.
    fn follow(&self, client: &Client, follow: &mut Follow) -> Result<(), Failure> {
        let mut query: Vec<String> = self.names.iter().map(|name| format!("name={}", escaped(name))).collect();
        query.extend(follow.after.map(|after| format!("after={after}")));
        query.extend(self.dialect.then(|| "dialect=app".to_owned()));
        query.extend(self.upcast.then(|| "upcast=true".to_owned()));
        let path = format!("/v1/{}/live?{}", escaped(&self.app), query.join("&"));
        let stream = client.stream(path.trim_end_matches('?'))?;
        let mut message = Message::default();
        for line in stream.lines() {
            let Ok(line) = line else { return Ok(()) };
            if !line.is_empty() {
                message.take(&line);
                continue;
            }
            let Message { id, kind, data } = std::mem::take(&mut message);
            follow.after = id.or(follow.after);
            match kind.as_deref() {
                _ if data.is_empty() => continue,
                None | Some("message") => {}
                // The server's last word: it says where to go on.
                Some(_) => {
                    follow.after = last_word(&data).or(follow.after);
                    continue;
                }
            }
            print_line(&match self.format {
                Format::Json => data,
                Format::Text => line_of(&data, id, self.dialect),
            })?;
            follow.left -= 1;
            if follow.left == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// How far a tail has come.
struct Follow {
    after: Option<u64>,
    left: u64,
}

/// One message of an event stream (WHATWG HTML, "Server-sent events").
#[derive(Default)]
struct Message {
    id: Option<u64>,
    kind: Option<String>,
    data: String,
}

impl Message {
    fn take(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = value.parse().ok(),
            "event" => self.kind = Some(value.to_owned()),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

/// The position that a server's last word names.
fn last_word(data: &str) -> Option<u64> {
    serde_json::from_str::<Value>(data).ok()?.get("after")?.as_u64()
}

/// An event on one line, for people.
pub(super) fn line_of(data: &str, position: Option<u64>, dialect: bool) -> String {
    let position = position.map(|position| format!("{position}  ")).unwrap_or_default();
    let Ok(event) = serde_json::from_str::<Value>(data) else { return format!("{position}{data}") };
    if dialect {
        return format!("{position}{data}");
    }
    let text = |member: &str| event.get(member).and_then(Value::as_str).unwrap_or_default();
    let data = event.get("data").map(Value::to_string).unwrap_or_default();
    format!("{position}{}  {}  {data}", text("time"), text("name")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let mut message = Message::default();
        for line in ["id: 17", ": a comment", "event: event", "data: {\"a\":", "data: 1}", "retry: 5"] {
            message.take(line);
        }
        assert_eq!(
            (message.id, message.kind.as_deref(), message.data.as_str()),
            (Some(17), Some("event"), "{\"a\":\n1}")
        );
    }

    #[test]
    fn an_event_fits_on_a_line() {
        let event = r#"{"time":"2026-01-14T15:00:00.000Z","name":"a.b","data":{"n":1}}"#;
        assert_eq!(line_of(event, Some(4), false), "4  2026-01-14T15:00:00.000Z  a.b  {\"n\":1}");
        assert_eq!(line_of(event, None, true), event);
    }
}
