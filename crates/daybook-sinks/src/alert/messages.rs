//! Alerts in the words of who receives them.

use serde_json::{Map, Value, json};

use super::rules::timestamp;
use super::state::{Alert, Group, Labels};

/// How long Alertmanager keeps an alert that it is told nothing more of, in microseconds: several times as long as it
/// takes to be told.
const ALERTMANAGER_KEEPS: i64 = 5 * 60 * 1_000_000;
/// Alerts that a message for people shows; of more it says how many.
const SHOWN_MAX: usize = 20;

/// An alert that is to be told of.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) rule: String,
    pub(super) key: String,
    /// All labels, with those that every alert has.
    pub(super) labels: Labels,
    pub(super) summary: String,
    pub(super) alert: Alert,
}

impl Notice {
    /// Of a group's alert.
    pub(super) fn new(rule: &str, key: &str, group: &Group, alert: &Alert, common: &[(&str, &str)]) -> Self {
        let mut labels = group.labels.clone();
        for (name, value) in common {
            labels.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
        }
        let name = labels.get("alertname").cloned().unwrap_or_default();
        let summary = if group.summary.is_empty() { name } else { group.summary.clone() };
        let summary = summary
            .replace("{alert.count}", &alert.count.to_string())
            .replace("{alert.value}", &alert.value.to_string());
        Self { rule: rule.to_owned(), key: key.to_owned(), labels, summary, alert: alert.clone() }
    }

    /// What is told with it: that the alert is so, or that it is over.
    pub(super) fn id(&self) -> (String, String, bool) {
        (self.rule.clone(), self.key.clone(), self.is_firing())
    }

    const fn is_firing(&self) -> bool {
        self.alert.ends.is_none()
    }
}

/// The body of `POST /api/v2/alerts`.
pub(super) fn alertmanager(notices: &[Notice], now: i64) -> Value {
    let alert = |notice: &Notice| {
        let ends = notice.alert.ends.unwrap_or(now + ALERTMANAGER_KEEPS);
        let annotations = json!({
            "summary": notice.summary,
            "count": notice.alert.count.to_string(),
            "value": notice.alert.value.to_string(),
        });
        json!({
            "labels": notice.labels,
            "annotations": annotations,
            "startsAt": timestamp(notice.alert.starts),
            "endsAt": timestamp(ends),
        })
    };
    notices.iter().map(alert).collect()
}

/// A message for Slack, and what takes its messages.
pub(super) fn slack(notices: &[Notice], app: &str, consumer: &str) -> Value {
    let firing = notices.iter().filter(|notice| notice.is_firing()).count();
    let parts = [(firing, "firing"), (notices.len() - firing, "resolved")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let mut text = format!("*{}* in {} ({})", parts.join(", "), escaped(app), escaped(consumer));
    if notices.len() > SHOWN_MAX {
        text += &format!(", and {} not shown", notices.len() - SHOWN_MAX);
    }
    let attachments: Vec<Value> = notices.iter().take(SHOWN_MAX).map(attachment).collect();
    json!({"text": text, "attachments": attachments})
}

fn attachment(notice: &Notice) -> Value {
    let severity = notice.labels.get("severity").map_or("", String::as_str);
    let (state, color) = match (notice.is_firing(), severity) {
        (false, _) => ("RESOLVED", "good"),
        (true, "critical" | "error" | "page") => ("FIRING", "danger"),
        (true, _) => ("FIRING", "warning"),
    };
    let name = notice.labels.get("alertname").map_or("", String::as_str);
    let shown = notice.labels.iter().filter(|(label, _)| !["alertname", "app", "consumer"].contains(&label.as_str()));
    let fields = shown.map(|(label, value)| json!({"title": escaped(label), "value": escaped(value), "short": true}));
    let at = notice.alert.ends.unwrap_or(notice.alert.starts);
    let mut attachment = Map::new();
    attachment.insert("color".to_owned(), color.into());
    attachment.insert("title".to_owned(), format!("[{state}] {}", escaped(name)).into());
    attachment.insert("fallback".to_owned(), format!("[{state}] {}", escaped(&notice.summary)).into());
    attachment.insert("text".to_owned(), escaped(&notice.summary).into());
    attachment.insert("fields".to_owned(), fields.collect());
    attachment.insert("ts".to_owned(), (at / 1_000_000).into());
    Value::Object(attachment)
}

/// A text in which nothing is a link, a mention or markup of Slack's.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
