//! Catalogs in the languages of others: schemas, types and documentation, made from what a catalog says.
//!
//! [`emit`] is a function of the catalog: the same catalog gives the same text, so that what is checked in can be held
//! against it. What a language cannot say stands in a comment of the text. Emitters of programs (`typescript`, `rust`,
//! `protobuf`, `sql`, `markdown`) share one walk over the schemas (`model`); those of schemas (`json_schema`, `asyncapi`,
//! `mongodb`) translate the schemas themselves.

mod asyncapi;
mod flows;
mod json_schema;
mod markdown;
mod model;
mod mongodb;
mod protobuf;
mod rust;
mod schemas;
mod sql;
pub(crate) mod text;
mod typescript;

use std::fmt;
use std::str::FromStr;

use crate::AppCatalog;

pub(crate) use model::{Declared, Model, Object, Property, Shape, Type, camel};

/// What a catalog can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One JSON Schema 2020-12 of every event in the app's own form.
    JsonSchema,
    /// Messages of Protocol Buffers, version 3.
    Protobuf,
    /// The numbers of their fields, as the catalog records them.
    ProtobufNumbers,
    /// Types of TypeScript.
    Typescript,
    /// Types of Rust, for serde.
    Rust,
    /// AsyncAPI 3.
    Asyncapi,
    /// Tables and views of MariaDB and MySQL.
    Sql,
    /// Collections of MongoDB with validators, for `mongosh`.
    Mongodb,
    /// A catalogue for people.
    Markdown,
}

/// The text is not the name of a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a format that catalogs are written in")]
pub struct UnknownFormat;

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::JsonSchema,
        Self::Protobuf,
        Self::ProtobufNumbers,
        Self::Typescript,
        Self::Rust,
        Self::Asyncapi,
        Self::Sql,
        Self::Mongodb,
        Self::Markdown,
    ];

    /// As the command line names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonSchema => "json-schema",
            Self::Protobuf => "protobuf",
            Self::ProtobufNumbers => "protobuf-numbers",
            Self::Typescript => "typescript",
            Self::Rust => "rust",
            Self::Asyncapi => "asyncapi",
            Self::Sql => "sql",
            Self::Mongodb => "mongodb",
            Self::Markdown => "markdown",
        }
    }

    /// What a file of it is called.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::JsonSchema => "events.schema.json",
            Self::Protobuf => "events.proto",
            Self::ProtobufNumbers => "protobuf.yaml",
            Self::Typescript => "events.ts",
            Self::Rust => "events.rs",
            Self::Asyncapi => "asyncapi.json",
            Self::Sql => "events.sql",
            Self::Mongodb => "collections.js",
            Self::Markdown => "README.md",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or(UnknownFormat)
    }
}

/// The catalog of one app in a format, every line ended. `demo` is the text of its `demo.yaml`, whose flows are drawn
/// in the catalogue for people.
#[must_use]
pub fn emit(app: &AppCatalog, format: Format, demo: Option<&str>) -> String {
    match format {
        Format::JsonSchema => json_schema::emit(app),
        Format::Protobuf => protobuf::emit(app),
        Format::ProtobufNumbers => protobuf::numbers(app),
        Format::Typescript => typescript::emit(app),
        Format::Rust => rust::emit(app),
        Format::Asyncapi => asyncapi::emit(app),
        Format::Sql => sql::emit(app),
        Format::Mongodb => mongodb::emit(app),
        Format::Markdown => markdown::emit(app, demo),
    }
}

#[cfg(test)]
pub(crate) mod tests;
