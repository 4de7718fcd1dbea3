//! Putting members back into JSON text they were taken out of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scanner::{Scanner, unescaped};
use super::write_string;

/// Puts values into the text of a JSON value, each at its JSON Pointer: a member goes where the names of its object are
/// in order, an element takes the place of the `null` that was left for it. What the pointers do not lead to is left out;
/// text that is not JSON comes back as it is.
#[must_use]
pub fn put_members<'t>(text: &'t str, members: impl IntoIterator<Item = (&'t str, &'t str)>) -> Cow<'t, str> {
    let members: Vec<Member<'t>> = members.into_iter().map(|(pointer, json)| Member { rest: pointer, json }).collect();
    if members.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 64);
    match put(text, members, &mut out) {
        // Pieces of text, cut where JSON has its signs.
        Some(()) => String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned),
        None => Cow::Borrowed(text),
    }
}

/// A value on its way to its place.
struct Member<'t> {
    /// What is left of its pointer.
    rest: &'t str,
    json: &'t str,
}

fn put<'t>(text: &'t str, members: Vec<Member<'t>>, out: &mut Vec<u8>) -> Option<()> {
    if let Some(here) = members.iter().find(|member| member.rest.is_empty()) {
        out.extend_from_slice(here.json.as_bytes());
        return Some(());
    }
    let mut below: BTreeMap<Cow<'t, str>, Vec<Member<'t>>> = BTreeMap::new();
    for member in members {
        let (step, rest) = first_step(member.rest)?;
        below.entry(step).or_default().push(Member { rest, ..member });
    }
    match Scanner::new(text).peek() {
        Some(b'{') => put_in_object(text, below, out),
        Some(b'[') => put_in_array(text, below, out),
        _ => {
            out.extend_from_slice(text.as_bytes());
            Some(())
        }
    }
}

fn put_in_object<'t>(
    text: &'t str,
    mut below: BTreeMap<Cow<'t, str>, Vec<Member<'t>>>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut scanner = Scanner::new(text);
    let mut there = Vec::new();
    scanner.pass(b'{')?;
    while scanner.peek()? != b'}' {
        if !there.is_empty() {
            scanner.pass(b',')?;
        }
        let raw = scanner.string()?;
        scanner.pass(b':')?;
        let name = unescaped(raw);
        let members = below.remove(&name);
        there.push((name, raw, scanner.value()?, members));
    }
    // What is left was taken out whole.
    below.retain(|_, members| members.iter().any(|member| member.rest.is_empty()));
    let mut missing = below.into_iter().peekable();
    let mut first = true;
    let mut comma = |out: &mut Vec<u8>| {
        out.push(if first { b'{' } else { b',' });
        first = false;
    };
    for (name, raw, value, members) in there {
        while let Some((missing, members)) = missing.next_if(|(missing, _)| *missing < name) {
            put_whole(&missing, &members, &mut comma, out);
        }
        comma(out);
        out.push(b'"');
        out.extend_from_slice(raw.as_bytes());
        out.extend_from_slice(b"\":");
        match members {
            Some(members) => put(value, members, out)?,
            None => out.extend_from_slice(value.as_bytes()),
        }
    }
    for (missing, members) in missing {
        put_whole(&missing, &members, &mut comma, out);
    }
    if first {
        out.push(b'{');
    }
    out.push(b'}');
    Some(())
}

fn put_whole(name: &str, members: &[Member<'_>], comma: &mut impl FnMut(&mut Vec<u8>), out: &mut Vec<u8>) {
    for member in members.iter().filter(|member| member.rest.is_empty()) {
        comma(out);
        write_string(out, name);
        out.push(b':');
        out.extend_from_slice(member.json.as_bytes());
    }
}

fn put_in_array<'t>(
    text: &'t str,
    mut below: BTreeMap<Cow<'t, str>, Vec<Member<'t>>>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut scanner = Scanner::new(text);
    scanner.pass(b'[')?;
    out.push(b'[');
    let mut index = 0usize;
    while scanner.peek()? != b']' {
        if index > 0 {
            scanner.pass(b',')?;
            out.push(b',');
        }
        let value = scanner.value()?;
        match below.remove(index.to_string().as_str()) {
            Some(members) => put(value, members, out)?,
            None => out.extend_from_slice(value.as_bytes()),
        }
        index += 1;
    }
    out.push(b']');
    Some(())
}

/// The first step of a JSON Pointer (RFC 6901) and the rest of it.
fn first_step(pointer: &str) -> Option<(Cow<'_, str>, &str)> {
    let pointer = pointer.strip_prefix('/')?;
    let (step, rest) = pointer.split_at(pointer.find('/').unwrap_or(pointer.len()));
    let step = if step.contains('~') { Cow::Owned(step.replace("~1", "/").replace("~0", "~")) } else { step.into() };
    Some((step, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, members: &[(&str, &str)], expected: &str) {
        assert_eq!(put_members(text, members.iter().copied()), expected, "{text} {members:?}");
    }

    #[test]
    fn members_come_back() {
        check(r#"{"b":1}"#, &[("/a", "2"), ("/c", "[3]")], r#"{"a":2,"b":1,"c":[3]}"#);
        check("{}", &[("/a/b", "1")], "{}");
        check("{}", &[("/a~1b~0", "1")], r#"{"a/b~":1}"#);
        check("{}", &[("/b", "1"), ("/a\"", "2")], r#"{"a\"":2,"b":1}"#);
        check(
            r#"{"a":{"y":1.50},"l":[null,{"n":1},null]}"#,
            &[("/a/x", "0"), ("/l/0", "\"p\""), ("/l/1/m", "2")],
            r#"{"a":{"x":0,"y":1.50},"l":["p",{"m":2,"n":1},null]}"#,
        );
        check("null", &[("", "{}")], "{}");
        check("7", &[("/a", "1")], "7");
        check("", &[("", "\"all of it\"")], "\"all of it\"");
        check(r#"{"a":1"#, &[("/b", "1")], r#"{"a":1"#);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\"\\\\ab, :1]{0,40}", pointer in "[/~01ab]{0,8}") {
            let _ = put_members(&text, [(pointer.as_str(), "1"), ("/a", "2")]);
        }
    }
}
