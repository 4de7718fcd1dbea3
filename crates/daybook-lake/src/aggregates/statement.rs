//! The statement of an aggregate for one period.

use daybook_catalog::AppCatalog;
use daybook_catalog::aggregates::Spec;
use jiff::civil::Date;

use super::Span;

/// The statement with what its placeholders stand for.
#[must_use]
pub fn statement(app: &AppCatalog, spec: &Spec, span: Span, today: Date) -> String {
    let day = |day: Date| format!("DATE '{day}'");
    spec.sql
        .replace("$period_start", &day(span.start))
        .replace("$period_end", &day(span.end))
        .replace("$today", &day(today))
        .replace("$active", &active(app))
}

/// The condition that an event counts as a person being active.
fn active(app: &AppCatalog) -> String {
    // Everything that somebody did, where the catalog does not say.
    let Some(patterns) = &app.active else { return "(person IS NOT NULL)".to_owned() };
    let (patterns, names): (Vec<&String>, Vec<&String>) = patterns.iter().partition(|pattern| pattern.contains('*'));
    let mut conditions = Vec::new();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().map(|name| text(name)).collect();
        conditions.push(format!("name IN ({})", names.join(", ")));
    }
    // What else means something in a pattern of SQL is told to mean itself.
    let escaped =
        |pattern: &str| pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%");
    conditions.extend(patterns.into_iter().map(|pattern| format!("name LIKE {}", text(&escaped(pattern)))));
    match conditions.as_slice() {
        // Nothing counts.
        [] => "(false)".to_owned(),
        conditions => format!("({})", conditions.join(" OR ")),
    }
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use daybook_catalog::aggregates::Period;
    use daybook_catalog::from_texts;

    use super::*;

    fn filled(active: &str, sql: &str) -> String {
        let catalog = format!("app: shop\nversion: 1.0.0\ntitle: Shop\ncategories: {{sales: {{}}}}\n{active}");
        let aggregates = format!("aggregates:\n  a: {{period: weekly, category: sales, sql: \"{sql}\"}}\n");
        let loaded = from_texts(&[("catalog.yaml", &catalog), ("aggregates.yaml", &aggregates)]);
        let app = loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let today = "2026-03-01".parse().unwrap();
        statement(app, &app.aggregates[0], Span::of(Period::Weekly, "2026-01-14".parse().unwrap()), today)
    }

    #[test]
    fn placeholders_are_filled_in() {
        let dates = "date BETWEEN $period_start AND $period_end";
        assert_eq!(filled("", dates), "date BETWEEN DATE '2026-01-12' AND DATE '2026-01-18'");
        assert!(
            filled("", &format!("{dates} AND $today > 1 AND $active"))
                .ends_with("DATE '2026-03-01' > 1 AND (person IS NOT NULL)")
        );
        let active = "active: [order.placed, 'it''s', 'page_*', '*']\n";
        assert!(
            filled(active, &format!("$active AND {dates}"))
                .starts_with("(name IN ('order.placed', 'it''s') OR name LIKE 'page\\_%' OR name LIKE '%') AND")
        );
        assert!(filled("active: []\n", &format!("$active AND {dates}")).starts_with("(false) AND"));
    }
}
