//! Reads the lists. What they mean is written at the top of the test.

use std::fmt;

/// One list.
#[derive(Debug, Default)]
pub struct List {
    pub events: Vec<EventRow>,
    pub extra: Vec<Row>,
    pub types: Vec<TypeRow>,
    pub categories: Vec<Row>,
    pub sources: Vec<Row>,
    pub dialect: Vec<Row>,
    pub policies: Vec<Row>,
    pub consent: Vec<Row>,
    pub aggregates: Vec<Row>,
}

/// The cells of a line.
#[derive(Debug, Clone)]
pub struct Row(Vec<String>);

#[derive(Debug)]
pub struct EventRow {
    pub name: String,
    pub data: Data,
    pub sources: Option<Vec<String>>,
    pub category: Option<String>,
}

#[derive(Debug)]
pub struct TypeRow {
    pub name: String,
    pub shape: Shape,
}

#[derive(Debug)]
pub enum Shape {
    Values(Vec<String>),
    Data(Data),
}

/// What a list says of the data.
#[derive(Debug)]
pub enum Data {
    /// Nothing.
    Unchecked,
    /// It is the named type.
    Named(String),
    /// It has these fields, and others only if it is open.
    Fields { fields: Vec<FieldRow>, open: bool },
}

#[derive(Debug)]
pub struct FieldRow {
    pub name: String,
    pub required: bool,
    /// The type as written.
    pub kind: Option<String>,
}

/// A line that is not in the format.
#[derive(Debug)]
pub struct BadLine {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl List {
    /// Reads a list.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut list = Self::default();
        let mut section = "events";
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                continue;
            }
            let row = Row(line.split('|').map(|cell| cell.trim().to_owned()).collect());
            list.push(section, row).map_err(|message| BadLine { line: index + 1, message })?;
        }
        Ok(list)
    }

    fn push(&mut self, section: &str, row: Row) -> Result<(), String> {
        match section {
            "events" => self.events.push(EventRow {
                name: row.name().to_owned(),
                data: Data::parse(row.cell(1))?,
                sources: row.cell(2).map(items),
                category: row.cell(3).map(str::to_owned),
            }),
            "types" => self.types.push(TypeRow {
                name: row.name().to_owned(),
                shape: match row.cell(1).and_then(enum_values) {
                    Some(values) => Shape::Values(values),
                    None => Shape::Data(Data::parse(row.cell(1))?),
                },
            }),
            "extra" => self.extra.push(row),
            "categories" => self.categories.push(row),
            "sources" => self.sources.push(row),
            "dialect" => self.dialect.push(row),
            "policies" => self.policies.push(row),
            "consent" => self.consent.push(row),
            "aggregates" => self.aggregates.push(row),
            _ => return Err(format!("there is no section `{section}`")),
        }
        Ok(())
    }
}

impl Row {
    /// The first cell.
    pub fn name(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// A cell, unless the document says nothing there.
    pub fn cell(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(String::as_str).filter(|cell| !matches!(*cell, "" | "-"))
    }

    /// The comma-separated items of a cell.
    pub fn items(&self, index: usize) -> Vec<String> {
        self.cell(index).map(items).unwrap_or_default()
    }
}

impl Data {
    fn parse(cell: Option<&str>) -> Result<Self, String> {
        let Some(cell) = cell else { return Ok(Self::Unchecked) };
        if let Some(name) = cell.strip_prefix('#') {
            return Ok(Self::Named(name.to_owned()));
        }
        let mut fields = Vec::new();
        let mut open = false;
        for item in items(cell) {
            match item.as_str() {
                "none" => {}
                "*" => open = true,
                _ => fields.push(FieldRow::parse(&item)?),
            }
        }
        Ok(Self::Fields { fields, open })
    }
}

impl FieldRow {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, kind) = match text.split_once(':') {
            Some((name, kind)) => (name.trim(), Some(kind.trim().to_owned())),
            None => (text, None),
        };
        let required = !name.ends_with('?');
        let name = name.trim_end_matches('?');
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Err(format!("`{text}` is not a field"));
        }
        Ok(Self { name: name.to_owned(), required, kind })
    }
}

/// The values of `enum(A B C)`.
pub fn enum_values(text: &str) -> Option<Vec<String>> {
    let values = text.strip_prefix("enum(")?.strip_suffix(')')?;
    Some(values.split_whitespace().map(str::to_owned).collect())
}

fn items(cell: &str) -> Vec<String> {
    cell.split(',').map(|item| item.trim().to_owned()).collect()
}
