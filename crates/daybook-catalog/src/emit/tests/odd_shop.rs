// Events of Odd Shop, catalog odd-shop 2.1.0.
// Written by `daybook emit rust --app odd-shop`; changes belong in the catalog.
//
// Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats)
// stands in the comments; Daybook checks it. What may be of several types is a serde_json::Value.
// Fields that are not declared are skipped when they are read, but where a type keeps them in
// `further_fields`.

/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of `gift.wrapped` 1.0.0.
    GiftWrapped(GiftWrappedData),
    /// Of `order.counted` 1.0.0.
    OrderCounted(OrderCountedData),
    /// Of `order.placed` 1.0.0.
    OrderPlacedV100(OrderPlacedV100Data),
    /// Of `order.placed` 2.0.0.
    OrderPlaced(OrderPlacedData),
    /// Of `order.tree` 1.0.0.
    OrderTree(OrderTreeData),
}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
            Self::GiftWrapped(_) => ("gift.wrapped", "1.0.0"),
            Self::OrderCounted(_) => ("order.counted", "1.0.0"),
            Self::OrderPlacedV100(_) => ("order.placed", "1.0.0"),
            Self::OrderPlaced(_) => ("order.placed", "2.0.0"),
            Self::OrderTree(_) => ("order.tree", "1.0.0"),
        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
            ("gift.wrapped", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::GiftWrapped),
            ("order.counted", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::OrderCounted),
            ("order.placed", Some("1.0.0")) => serde_json::from_value(data).map(Self::OrderPlacedV100),
            ("order.placed", None | Some("2.0.0")) => serde_json::from_value(data).map(Self::OrderPlaced),
            ("order.tree", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::OrderTree),
            _ => return None,
        })
    }
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EventType {
    /// `order.counted`.
    #[serde(rename = "order.counted")]
    OrderCounted,
    /// `order.placed`.
    #[serde(rename = "order.placed")]
    OrderPlaced,
    /// `order.tree`.
    #[serde(rename = "order.tree")]
    OrderTree,
    /// A type of a plugin, or one that the catalog does not declare, by its name.
    #[serde(rename = "custom")]
    Custom(String),
}

/// An event as the app writes it. `Data::read` reads its data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The event's id. A MongoDB ObjectId, 24 hexadecimal digits.
    #[serde(rename = "eventId")]
    pub event_id: String,
    /// The event type.
    pub r#type: EventType,
    /// What else came with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<EventMeta>,
    /// When it happened. Date and time of RFC 3339.
    pub at: String,
    /// The tenant, community or workspace. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<i64>,
    /// What the event type's schema describes.
    pub body: serde_json::Value,
}

/// What else came with the event.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EventMeta {
    /// The version of the event type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The part of the app that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<std::collections::BTreeMap<String, String>>,
    /// Whatever else is there.
    #[serde(flatten)]
    pub further_fields: serde_json::Map<String, serde_json::Value>,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Colour {
    /// `red`.
    #[serde(rename = "red")]
    Red,
    /// `dark-blue`.
    #[serde(rename = "dark-blue")]
    DarkBlue,
    /// `1st`.
    #[serde(rename = "1st")]
    T1st,
    /// `type`.
    #[serde(rename = "type")]
    Type,
}

/// A tree.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tree {
    /// `label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `left`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Box<Tree>>,
    /// `leaves`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<Vec<Tree>>,
}

/// `Amount`. A number, or the same as text, of up to 28 digits, at least 0.
pub type Amount = NumberOrText;

/// Data of `gift.wrapped` 1.0.0.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GiftWrappedData {
    /// `paper`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Colour>,
}
/// Data of `order.counted` 1.0.0.
pub type OrderCountedData = serde_json::Map<String, serde_json::Value>;

/// Data of `order.placed` 1.0.0.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OrderPlacedV100Data {
    /// `gone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<String>,
    /// `count`. A whole number.
    pub count: i64,
}

/// Data of `order.placed` 2.0.0. Somebody ordered: with a | and */ in it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OrderPlacedData {
    /// `count`. A whole number, at least 1, at most 9.
    pub count: i64,
    /// What colour.
    pub colour: Colour,
    /// `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Amount>,
    /// `size`. A whole number of 64 bits, or the same as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<NumberOrText>,
    /// `buyer`. At least 2 characters, matches `^[a-z]`, personal (identifier).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<String>,
    /// `odd-name `. Should not be sent any more.
    #[serde(rename = "odd-name ")]
    pub odd_name: Option<String>,
    /// `self`.
    #[serde(rename = "self", default, skip_serializing_if = "Option::is_none")]
    pub self_: Option<bool>,
    /// `mode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<serde_json::Value>,
    /// `at`. Of the format date-time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// `ref`. Of the format object-id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#ref: Option<String>,
    /// `either`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub either: Option<serde_json::Value>,
    /// `any`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<serde_json::Value>,
    /// `map`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<std::collections::BTreeMap<String, i64>>,
    /// `closed`. No other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<OrderPlacedDataClosed>,
    /// `lines`. At least 1 items.
    pub lines: Vec<OrderPlacedDataLinesItem>,
    /// `grid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<Vec<Vec<i64>>>,
    /// `tree`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Box<Tree>>,
    /// `shop_id`. A whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<i64>,
    /// Fields that the catalog does not name.
    #[serde(flatten)]
    pub further_fields: serde_json::Map<String, serde_json::Value>,
}

/// `OrderPlacedDataLinesItem`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OrderPlacedDataLinesItem {
    /// `note`.
    pub note: String,
    /// `state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<OrderPlacedDataLinesItemState>,
}

/// `OrderPlacedDataLinesItemState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum OrderPlacedDataLinesItemState {
    /// `open`.
    #[serde(rename = "open")]
    Open,
    /// `closed`.
    #[serde(rename = "closed")]
    Closed,
}

/// `OrderPlacedDataClosed`. No other fields.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OrderPlacedDataClosed {
    /// `a`. More than 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<f64>,
}

/// Data of `order.tree` 1.0.0.
pub type OrderTreeData = Tree;

/// A number, or the same written as text.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum NumberOrText {
    /// A whole number of 64 bits.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A number as text.
    Text(String),
}
