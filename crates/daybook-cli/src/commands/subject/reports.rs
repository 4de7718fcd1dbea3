//! Reports of erasures, as people read them.

use daybook_privacy::report::{Report, ReportState};

use crate::output::grouped;

/// What a report says, in a few lines.
pub fn text(report: &Report) -> String {
    let views = report.views.iter().map(|view| {
        let waiting = if view.confirmed { "" } else { ", has not confirmed yet" };
        format!("{} ({} touched{waiting})", view.name, grouped(view.touched))
    });
    let views = views.collect::<Vec<_>>().join(", ");
    let state = match (report.state, report.completed) {
        (ReportState::Complete, Some(when)) => format!("complete, {when}"),
        (ReportState::Complete, None) => "complete".to_owned(),
        (ReportState::Incomplete, _) => "incomplete".to_owned(),
    };
    let lines = [
        ("request", report.request.clone()),
        ("app", report.app.clone()),
        ("asked", report.requested.to_string()),
        ("state", state),
        ("reason", report.reason.clone().unwrap_or_default()),
        ("erased", grouped(report.erased)),
        ("unknown", grouped(report.unknown)),
        ("log", format!("holds from position {} on, written at {}", report.log.position, report.log.head)),
        ("views", views),
    ];
    let mut out = String::new();
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("{name:<8}  {value}\n"));
    }
    out.push_str(&format!("{}\n", report.statement));
    out
}
