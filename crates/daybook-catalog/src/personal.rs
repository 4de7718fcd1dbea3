//! Fields that are likely personal, by their name alone.
//!
//! Lint asks this of fields a catalog declares, admission of those it does not. A name is read as English compounds are:
//! the last word says what the value is, the words before it which one. `customerEmail` is an e-mail address,
//! `email_template` a template. Names of one word that mean both (`mobile`, `mac`, `location`) count when they stand alone
//! or beside a word for a person or a device.
//!
//! What is not personal here, though it contains such a word:
//! - `phone_prefix`, `country`, `city`, `age_band`: shared by too many to name anybody; what is wrong with a whole number
//!   under such a name is for its catalog to say, with a bound on its length;
//! - `has_email`, `ip_count`, `email_verified`: facts about a value, not the value;
//! - `event_name`, `file_name`, `tool.name`: names of things;
//! - `server_ip`, `listen_address`, `memory_address`, `file_location`: places of machines.
//!
//! A hash stays what it is of: those of numbers and addresses can be guessed.

use crate::Pii;

/// Letters of a name that are looked at, from its end.
const BYTES_MAX: usize = 64;
/// Words of a name that are looked at, from its end.
const WORDS_MAX: usize = 12;

/// How the field `name` is likely personal; `None` where nothing in the name says so. Words may be written in any of
/// `snake_case`, `camelCase`, `kebab-case`; of a path (`buyer.name`, `/buyer/name`) the names around the field count too.
#[must_use]
pub fn likely_personal(name: &str) -> Option<Pii> {
    let mut words = Words::of(name);
    if words.is_fact() {
        return None;
    }
    words.strip();
    words.judge()
}

/// Whether the field `name` is called after a person, and so holds what is said of them rather than who they are.
pub(crate) fn is_somebody(name: &str) -> bool {
    is_person(Words::of(name).word(0))
}

/// The words of a name, in lower case.
struct Words {
    letters: [u8; BYTES_MAX],
    /// Where each word begins and ends.
    bounds: [(usize, usize); WORDS_MAX],
    count: usize,
}

impl Words {
    fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let bytes = bytes.get(bytes.len().saturating_sub(BYTES_MAX)..).unwrap_or_default();
        let mut words = Self { letters: [0; BYTES_MAX], bounds: [(0, 0); WORDS_MAX], count: 0 };
        let mut start = 0;
        for (index, byte) in bytes.iter().copied().enumerate() {
            if let Some(letter) = words.letters.get_mut(index) {
                *letter = byte.to_ascii_lowercase();
            }
            if !byte.is_ascii_alphanumeric() && byte.is_ascii() {
                words.push(start, index);
                start = index + 1;
            } else if byte.is_ascii_uppercase() && index > start {
                // A word begins at a capital after a small letter, and at the last of several capitals: `IPAddress`.
                let before = bytes.get(index - 1).is_some_and(u8::is_ascii_uppercase);
                let after = bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase);
                if !before || after {
                    words.push(start, index);
                    start = index;
                }
            }
        }
        words.push(start, bytes.len());
        words
    }

    /// Adds a word without the digits at its end; the first is forgotten where there are too many.
    fn push(&mut self, start: usize, end: usize) {
        let word = self.letters.get(start..end).unwrap_or_default();
        let digits = word.iter().rev().take_while(|letter| letter.is_ascii_digit()).count();
        if digits == end.saturating_sub(start) {
            return;
        }
        if self.count == WORDS_MAX {
            self.bounds.rotate_left(1);
            self.count -= 1;
        }
        if let Some(bounds) = self.bounds.get_mut(self.count) {
            *bounds = (start, end - digits);
            self.count += 1;
        }
    }

    /// The word at `back` places before the end, in the singular; empty where there is none.
    fn word(&self, back: usize) -> &[u8] {
        let bounds = self.count.checked_sub(back + 1).and_then(|index| self.bounds.get(index));
        let word = bounds.and_then(|(start, end)| self.letters.get(*start..*end)).unwrap_or_default();
        match word {
            b"ips" | b"ids" => word.get(..2).unwrap_or(word),
            b"properties" => b"property",
            [singular @ .., b'e', b's'] if singular.ends_with(b"ss") => singular,
            [singular @ .., b's'] if singular.len() > 3 && !matches!(singular.last(), Some(b's' | b'u' | b'i')) => {
                singular
            }
            _ => word,
        }
    }

    /// Whether the name asks or counts: `has_email`, `count_of_phones`.
    fn is_fact(&self) -> bool {
        matches!(
            self.count.checked_sub(1).map_or(b"".as_slice(), |last| self.word(last)),
            b"has"
                | b"is"
                | b"was"
                | b"can"
                | b"should"
                | b"show"
                | b"hide"
                | b"require"
                | b"required"
                | b"allow"
                | b"allowed"
                | b"enable"
                | b"support"
                | b"use"
                | b"count"
                | b"num"
                | b"total"
                | b"max"
                | b"min"
                | b"missing"
                | b"without"
                | b"no"
        )
    }

    /// Leaves out the words at the end that only say in which form the value is written.
    fn strip(&mut self) {
        while self.count > 1
            && matches!(
                self.word(0),
                b"hash"
                    | b"hashed"
                    | b"digest"
                    | b"sha"
                    | b"md"
                    | b"raw"
                    | b"value"
                    | b"text"
                    | b"string"
                    | b"str"
                    | b"list"
                    | b"url"
                    | b"uri"
                    | b"link"
                    | b"line"
                    | b"old"
                    | b"new"
                    | b"masked"
                    | b"redacted"
                    | b"encrypted"
                    | b"normalized"
                    | b"normalised"
            )
        {
            self.count -= 1;
        }
    }

    fn judge(&self) -> Option<Pii> {
        let (head, before) = (self.word(0), self.word(1));
        let alone = self.count == 1 || is_container(before);
        let person = is_person(before);
        let device = is_device(before);
        let (kind, personal) = match head {
            // One word is enough.
            b"email" | b"emailaddress" | b"phonenumber" | b"telephone" | b"telefone" | b"telefon" | b"cellphone"
            | b"msisdn" | b"ipaddress" | b"ipaddr" | b"ipv" | b"geoip" | b"ssn" | b"passport" | b"iban" | b"cpf"
            | b"dni" | b"username" | b"firstname" | b"lastname" | b"fullname" | b"surname" | b"forename"
            | b"nickname" | b"givenname" | b"familyname" | b"displayname" | b"realname" | b"fname" | b"lname"
            | b"userid" | b"imei" | b"imsi" | b"meid" | b"udid" | b"idfa" | b"idfv" | b"gaid" | b"deviceid"
            | b"macaddress" | b"cookie" | b"cardholder" | b"author" | b"assignee" | b"approver" | b"reviewer"
            | b"invitee" => (Pii::Identifier, true),
            b"dob" | b"birth" | b"birthdate" | b"birthday" | b"birthplace" | b"gender" | b"ethnicity" | b"religion"
            | b"nationality" | b"salary" | b"latitude" | b"longitude" | b"lng" | b"geolocation" | b"useragent"
            | b"avatar" | b"photo" | b"selfie" | b"postcode" | b"zipcode" => (Pii::Personal, true),
            b"bio" | b"biography" => (Pii::FreeText, true),
            // These depend on the word before.
            // `IPv4` begins a word at its second letter.
            b"pv" => (Pii::Identifier, before == b"i"),
            b"mail" => (Pii::Identifier, alone || person || before == b"e"),
            // With an `i` before it, a telephone's make.
            b"phone" | b"fax" | b"tel" => (Pii::Identifier, before != b"i"),
            b"mobile" | b"mac" | b"whatsapp" => (Pii::Identifier, alone || person || device),
            b"ip" | b"address" => (Pii::Identifier, !is_machine(before)),
            b"addr" => (Pii::Identifier, alone || person || device || matches!(before, b"ip" | b"mac" | b"remote")),
            b"name" => (Pii::Identifier, alone || person || is_kind_of_name(before)),
            b"id" | b"identifier" | b"uuid" | b"guid" | b"token" => (Pii::Identifier, person || is_known_by_id(before)),
            b"user" | b"customer" | b"patient" | b"employee" | b"student" | b"subscriber" | b"recipient" => {
                (Pii::Identifier, alone)
            }
            b"number" | b"no" | b"nr" => (Pii::Identifier, is_known_by_number(before)),
            b"card" => (Pii::Identifier, matches!(before, b"credit" | b"debit" | b"payment" | b"bank" | b"identity")),
            b"account" => (Pii::Identifier, before == b"bank"),
            b"holder" => (Pii::Identifier, before == b"card"),
            b"by" => (Pii::Identifier, is_deed(before)),
            b"fingerprint" => (Pii::Identifier, device),
            b"agent" => (Pii::Personal, before == b"user"),
            b"code" => (Pii::Personal, matches!(before, b"zip" | b"postal")),
            b"date" | b"day" | b"year" | b"month" | b"place" => (Pii::Personal, before == b"birth"),
            b"sex" | b"age" | b"picture" | b"portrait" => (Pii::Personal, alone || person),
            b"image" | b"pic" => (Pii::Personal, person),
            b"location" => (Pii::Personal, alone || person || device || is_geographic(before)),
            b"lat" | b"lon" => (Pii::Personal, alone || person || device || is_geographic(before)),
            b"coordinate" | b"coord" => (Pii::Personal, matches!(before, b"geo" | b"gps" | b"home")),
            b"status" => (Pii::Personal, before == b"marital"),
            _ => return None,
        };
        personal.then_some(kind)
    }
}

/// Words for what merely holds the fields of an event.
fn is_container(word: &[u8]) -> bool {
    matches!(word, b"data" | b"property" | b"payload" | b"metadata" | b"attribute" | b"field" | b"detail" | b"info")
}

/// Words for somebody. Left out are those that programs use of each other: client, parent, child, caller, consumer.
fn is_person(word: &[u8]) -> bool {
    matches!(
        word,
        b"user"
            | b"customer"
            | b"buyer"
            | b"seller"
            | b"person"
            | b"people"
            | b"member"
            | b"guest"
            | b"visitor"
            | b"patient"
            | b"student"
            | b"teacher"
            | b"employee"
            | b"author"
            | b"owner"
            | b"recipient"
            | b"sender"
            | b"contact"
            | b"friend"
            | b"spouse"
            | b"mother"
            | b"father"
            | b"guardian"
            | b"driver"
            | b"passenger"
            | b"rider"
            | b"player"
            | b"subscriber"
            | b"follower"
            | b"invitee"
            | b"inviter"
            | b"assignee"
            | b"reviewer"
            | b"approver"
            | b"applicant"
            | b"candidate"
            | b"holder"
            | b"cardholder"
            | b"account"
            | b"profile"
            | b"identity"
            | b"creator"
            | b"actor"
            | b"participant"
            | b"beneficiary"
            | b"winner"
            | b"referrer"
            | b"referred"
            | b"referee"
            | b"voter"
            | b"colleague"
            | b"staff"
            | b"admin"
            | b"moderator"
            | b"speaker"
            | b"attendee"
            | b"resident"
            | b"citizen"
    )
}

/// Words for what one person carries or uses.
fn is_device(word: &[u8]) -> bool {
    matches!(word, b"device" | b"browser" | b"phone" | b"wifi" | b"bluetooth" | b"ethernet" | b"client")
}

/// Words for machines and programs, whose addresses are nobody's.
fn is_machine(word: &[u8]) -> bool {
    matches!(
        word,
        b"server"
            | b"host"
            | b"pod"
            | b"node"
            | b"cluster"
            | b"bind"
            | b"listen"
            | b"service"
            | b"dns"
            | b"proxy"
            | b"gateway"
            | b"container"
            | b"local"
            | b"upstream"
            | b"base"
            | b"memory"
            | b"contract"
            | b"instruction"
            | b"broker"
            | b"backend"
            | b"endpoint"
            | b"balancer"
    )
}

/// What is said of a name only where it is a person's.
fn is_kind_of_name(word: &[u8]) -> bool {
    matches!(
        word,
        b"first"
            | b"last"
            | b"full"
            | b"given"
            | b"family"
            | b"middle"
            | b"maiden"
            | b"display"
            | b"nick"
            | b"sur"
            | b"fore"
            | b"legal"
            | b"screen"
            | b"real"
            | b"birth"
            | b"preferred"
            | b"login"
    )
}

/// Beside people themselves, what has an id that leads to one.
fn is_known_by_id(word: &[u8]) -> bool {
    matches!(
        word,
        b"device"
            | b"session"
            | b"cookie"
            | b"advertising"
            | b"push"
            | b"national"
            | b"tax"
            | b"passport"
            | b"government"
            | b"email"
            | b"avatar"
            | b"photo"
            | b"telegram"
            | b"discord"
            | b"whatsapp"
    )
}

/// What has a number that leads to a person.
fn is_known_by_number(word: &[u8]) -> bool {
    matches!(
        word,
        b"phone"
            | b"telephone"
            | b"mobile"
            | b"cell"
            | b"whatsapp"
            | b"fax"
            | b"contact"
            | b"card"
            | b"passport"
            | b"account"
            | b"security"
            | b"insurance"
            | b"tax"
            | b"national"
            | b"license"
            | b"licence"
            | b"identity"
            | b"house"
    )
}

/// What somebody does, as in `approved_by`.
fn is_deed(word: &[u8]) -> bool {
    matches!(
        word,
        b"created"
            | b"updated"
            | b"modified"
            | b"approved"
            | b"rejected"
            | b"merged"
            | b"reviewed"
            | b"assigned"
            | b"invited"
            | b"referred"
            | b"requested"
            | b"uploaded"
            | b"deleted"
            | b"reported"
            | b"signed"
            | b"submitted"
            | b"banned"
            | b"resolved"
            | b"authored"
            | b"committed"
    )
}

/// What is said of places on Earth; files, screens and worlds have places as well.
fn is_geographic(word: &[u8]) -> bool {
    matches!(word, b"geo" | b"gps" | b"home" | b"work" | b"birth" | b"current" | b"last" | b"pickup" | b"dropoff")
}

#[cfg(test)]
mod tests;
