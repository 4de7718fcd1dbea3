//! What the two Redis sources share: connecting, and reading replies without trusting what others wrote into them.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, Value};

use super::limits::{PATIENCE, POLL};
use super::settings::Address;
use super::source::{SourceError, patiently};
use crate::http::install_crypto;

/// An entry of a stream; without fields where it was deleted before it was acknowledged.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) fields: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// Connects. Every command has its time, the longest wait for a message included.
pub(crate) async fn connect(url: &Address) -> Result<MultiplexedConnection, SourceError> {
    install_crypto();
    let client = Client::open(url.0.as_str())?;
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE + POLL));
    patiently(PATIENCE, client.get_multiplexed_async_connection_with_config(&config)).await
}

impl From<RedisError> for SourceError {
    fn from(error: RedisError) -> Self {
        let said = match error.code() {
            Some(code) => code.to_owned(),
            None if error.is_timeout() => "no answer in time".to_owned(),
            None => error.category().to_owned(),
        };
        match error.code() {
            Some("WRONGTYPE") => Self::Unusable("the key holds something else than it should (WRONGTYPE)".to_owned()),
            Some("NOAUTH" | "WRONGPASS" | "NOPERM") => Self::Unusable(format!("not allowed ({said})")),
            _ if error.kind() == ErrorKind::AuthenticationFailed => Self::Unusable("not allowed".to_owned()),
            _ => Self::Connection(said),
        }
    }
}

/// The entries in an answer to `XREADGROUP` of one stream; none where nothing came.
pub(crate) fn read_entries(answer: Value) -> Result<Vec<Entry>, SourceError> {
    let streams = match answer {
        Value::Nil => return Ok(Vec::new()),
        // The newer protocol answers with a map.
        Value::Map(mut streams) => streams.pop().map(|(_, entries)| entries),
        answer => match array(answer)?.pop() {
            Some(stream) => array(stream)?.pop(),
            None => None,
        },
    };
    streams.map_or_else(|| Ok(Vec::new()), entries)
}

/// The cursor and the entries in an answer to `XAUTOCLAIM`.
pub(crate) fn claimed_entries(answer: Value) -> Result<(String, Vec<Entry>), SourceError> {
    let mut parts = array(answer)?.into_iter();
    let (Some(cursor), Some(claimed)) = (parts.next(), parts.next()) else { return Err(SourceError::Protocol) };
    Ok((text(cursor)?, entries(claimed)?))
}

fn entries(value: Value) -> Result<Vec<Entry>, SourceError> {
    if value == Value::Nil {
        return Ok(Vec::new());
    }
    array(value)?.into_iter().filter(|entry| *entry != Value::Nil).map(entry).collect()
}

fn entry(value: Value) -> Result<Entry, SourceError> {
    let mut parts = array(value)?.into_iter();
    let (Some(id), Some(fields)) = (parts.next(), parts.next()) else { return Err(SourceError::Protocol) };
    let id = text(id)?;
    if fields == Value::Nil {
        return Ok(Entry { id, fields: None });
    }
    let mut flat = array(fields)?.into_iter();
    let mut fields = Vec::with_capacity(flat.len() / 2);
    while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
        fields.push((bytes(name)?, bytes(value)?));
    }
    Ok(Entry { id, fields: Some(fields) })
}

pub(crate) fn array(value: Value) -> Result<Vec<Value>, SourceError> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Map(pairs) => Ok(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()),
        Value::Nil => Ok(Vec::new()),
        _ => Err(SourceError::Protocol),
    }
}

pub(crate) fn bytes(value: Value) -> Result<Vec<u8>, SourceError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(SourceError::Protocol),
    }
}

pub(crate) fn text(value: Value) -> Result<String, SourceError> {
    String::from_utf8(bytes(value)?).map_err(|_| SourceError::Protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &[u8]) -> Value {
        Value::BulkString(text.to_vec())
    }

    #[test]
    fn entries_are_read_whatever_is_in_them() {
        let written = Value::Array(vec![bulk(b"1-0"), Value::Array(vec![bulk(b"\xff"), bulk(b"\xfe\0")])]);
        let deleted = Value::Array(vec![bulk(b"2-0"), Value::Nil]);
        let expected = [
            Entry { id: "1-0".into(), fields: Some(vec![(b"\xff".to_vec(), b"\xfe\0".to_vec())]) },
            Entry { id: "2-0".into(), fields: None },
        ];
        let entries = Value::Array(vec![written, deleted]);
        let two = Value::Array(vec![Value::Array(vec![bulk(b"key"), entries.clone()])]);
        let three = Value::Map(vec![(bulk(b"key"), entries.clone())]);
        assert_eq!(read_entries(two).unwrap(), expected);
        assert_eq!(read_entries(three).unwrap(), expected);
        assert_eq!(read_entries(Value::Nil).unwrap(), []);
        let (cursor, claimed) = claimed_entries(Value::Array(vec![bulk(b"0-0"), entries])).unwrap();
        assert_eq!((cursor.as_str(), claimed.as_slice()), ("0-0", expected.as_slice()));
        assert_eq!(read_entries(Value::Okay), Err(SourceError::Protocol));
    }
}
