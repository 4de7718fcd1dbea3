//! Fresh copies of templates.

use std::time::{SystemTime, UNIX_EPOCH};

use daybook_event::Timestamp;

use super::corpus::{PatchKind, Template};

/// Writes templates with ids that no other stamp has, the time of now, and one of so many people.
pub struct Stamp {
    /// Random, drawn for this stamp: keeps its ids apart from those of other connections and processes.
    origin: u64,
    counter: u64,
    random: u64,
    people: u64,
    milliseconds: u64,
    time: [u8; 24],
}

impl Stamp {
    /// A stamp of its own `origin`, with `people` people.
    pub fn new(origin: u64, people: u64) -> Self {
        let mut stamp =
            Self { origin, counter: 0, random: origin, people: people.max(1), milliseconds: 0, time: [b'0'; 24] };
        stamp.read_clock();
        stamp
    }

    /// Takes the time anew, for the copies that follow.
    pub fn read_clock(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.milliseconds = now.as_millis() as u64;
        let mut text = Vec::with_capacity(27);
        Timestamp::from_microseconds(self.milliseconds as i64 * 1_000).write(&mut text);
        if let Ok(time) = <[u8; 24]>::try_from(text.as_slice()) {
            self.time = time;
        }
    }

    /// Appends a copy of `template`.
    pub fn copy(&mut self, template: &Template, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&template.bytes);
        // Session and person are the same number: a person has one session at a time.
        let person = self.next_random() % self.people;
        for patch in &template.patches {
            let place = out.get_mut(start + patch.offset..).unwrap_or_default();
            match patch.kind {
                PatchKind::Time => put(place, &self.time),
                PatchKind::Uuid => put(place, &self.uuid()),
                PatchKind::ObjectId => put(place, &self.object_id()),
                // What stands before the number's digits, and differs between people and sessions, stays.
                PatchKind::PersonNumber => put_digits(place.get_mut(2..10).unwrap_or_default(), person),
                PatchKind::PersonObjectId => put_hex(place.get_mut(8..24).unwrap_or_default(), person),
                PatchKind::PersonUuid => put_hex(place.get_mut(24..36).unwrap_or_default(), person),
            }
        }
    }

    /// splitmix64 (Steele, Lea and Flood, 2014).
    pub fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A UUIDv7 whose random bits are 32 of the origin and 42 of the counter.
    fn uuid(&mut self) -> [u8; 36] {
        self.counter += 1;
        let low = (self.origin << 42) | (self.counter & ((1 << 42) - 1));
        let high = (self.milliseconds << 16) | 0x7000 | ((self.origin >> 22) & 0x0fff);
        let low = (low & (u64::MAX >> 2)) | (1 << 63);
        let mut text = [b'-'; 36];
        put_hex(&mut text[..8], high >> 32);
        put_hex(&mut text[9..13], (high >> 16) & 0xffff);
        put_hex(&mut text[14..18], high & 0xffff);
        put_hex(&mut text[19..23], low >> 48);
        put_hex(&mut text[24..], low & 0xffff_ffff_ffff);
        text
    }

    /// Seconds, five bytes of the origin, three of the counter: as MongoDB makes them.
    fn object_id(&mut self) -> [u8; 24] {
        self.counter += 1;
        let mut text = [b'0'; 24];
        put_hex(&mut text[..8], self.milliseconds / 1_000);
        put_hex(&mut text[8..18], self.origin & 0xff_ffff_ffff);
        put_hex(&mut text[18..], self.counter & 0xff_ffff);
        text
    }
}

fn put(place: &mut [u8], text: &[u8]) {
    for (to, from) in place.iter_mut().zip(text) {
        *to = *from;
    }
}

fn put_hex(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

fn put_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use daybook_event::EventId;

    use super::super::corpus::Patch;
    use super::*;

    fn template(text: &str, patches: &[(usize, PatchKind)]) -> Template {
        let patches = patches.iter().map(|(offset, kind)| Patch { offset: *offset, kind: *kind }).collect();
        Template { name: "t".into(), bytes: text.as_bytes().to_vec(), patches }
    }

    #[test]
    fn copies_are_fresh() {
        let uuid = template(&"x".repeat(36), &[(0, PatchKind::Uuid)]);
        let object_id = template(&"x".repeat(24), &[(0, PatchKind::ObjectId)]);
        let mut seen = HashSet::new();
        for origin in [1, 2, u64::MAX, 0x1234_5678_9abc_def0] {
            let mut stamp = Stamp::new(origin, 1_000);
            for _ in 0..1_000 {
                for template in [&uuid, &object_id] {
                    let mut out = Vec::new();
                    stamp.copy(template, &mut out);
                    let text = String::from_utf8(out).expect("text");
                    if text.len() == 36 {
                        let id = EventId::parse_uuid(&text).expect("a UUID");
                        assert_eq!(id.as_uuid().get_version_num(), 7);
                        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
                    } else {
                        assert!(daybook_event::id::parse_object_id(&text).is_some());
                    }
                    assert!(seen.insert(text), "an id came twice");
                }
            }
        }
    }

    #[test]
    fn people_and_times_are_written_in_place() {
        let template = template(
            "1907054321 5eed0badcafe5eed0badcafe 2001-02-03T04:05:06.789Z",
            &[(0, PatchKind::PersonNumber), (11, PatchKind::PersonObjectId), (36, PatchKind::Time)],
        );
        let mut stamp = Stamp::new(7, 100);
        let mut out = Vec::new();
        stamp.copy(&template, &mut out);
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("19000000"), "{text}");
        assert!(text[11..].starts_with("5eed0bad00000000"), "{text}");
        assert!(Timestamp::parse(&text[36..]).is_ok_and(|time| time.microseconds() > 1_700_000_000_000_000), "{text}");
    }
}
