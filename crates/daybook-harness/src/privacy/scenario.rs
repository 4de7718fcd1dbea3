//! People of several apps, and what they send, in each app's own form.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::person::{Fate, Kind, Person, hex, number, uuid, word};
use super::signatures::{Sign, Signatures, Signed};

/// The app with numbers for names, consent, counts and clients' own anonymous ids.
const COMMUNITIES: &str = "unofficial-communities";
/// The app with object ids.
const NOEMA: &str = "noema";
/// The app with actors, and events that name others.
const TAMMA: &str = "tamma";
/// The app with sessions and no people.
const TACHIKOMA: &str = "tachikoma";

/// How old the events of the month that passes are. It is over for longer than what is kept for [`PAST_RETAIN_DAYS`], and
/// every category is kept for longer than it is old.
const PAST_DAYS: u64 = 70;
/// For how long their categories are kept when it passes.
pub(super) const PAST_RETAIN_DAYS: u32 = 30;
/// The categories of these events.
pub(super) const PAST: [(&str, &str); 2] = [(COMMUNITIES, "product"), (NOEMA, "product")];

/// People, and what they send.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Everybody.
    pub people: Vec<Person>,
    /// What they send, in this order.
    pub batches: Vec<Batch>,
    /// What is signed of it.
    pub signatures: Signatures,
    /// Why somebody looks at a person, in words that name them: free text of the house's own book.
    pub purpose: String,
}

/// A call with events.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The app.
    pub app: &'static str,
    /// The events, each with the status its receipt must have.
    pub events: Vec<(Value, &'static str)>,
}

impl Scenario {
    /// New people, whom nobody has ever heard of, and who sign like this.
    #[must_use]
    pub fn new(sign: Sign) -> Self {
        let mut house = Person::new("daybook", word(), Kind::Identity, Fate::Nobody);
        let purpose = house.word("purpose of an access");
        let mut people = vec![house];
        let mut signatures = Signatures::default();
        let batches = vec![
            communities(&mut people),
            noema(&mut people),
            tamma(&mut people, sign, &mut signatures),
            tachikoma(&mut people),
        ];
        Self { people, batches, signatures, purpose }
    }

    /// The apps in which anything happens, but for the house's own.
    #[must_use]
    pub fn apps(&self) -> Vec<&'static str> {
        self.batches.iter().map(|batch| batch.app).collect()
    }
}

fn communities(people: &mut Vec<Person>) -> Batch {
    let mut events = Vec::new();
    for fate in [Fate::Erased, Fate::Stays, Fate::Unwilling] {
        let number = number();
        let mut person = Person::new(COMMUNITIES, number.to_string(), Kind::Identity, fate);
        let session = person.word("session");
        let client = person.word("anonymous id of the client");
        let send = |name: &str, source: &str, properties: Value| {
            json!({
                "event_id": uuid(), "event_name": name, "timestamp": ago(0), "source": source, "identity_id": number,
                "session_id": session, "anonymous_id": client, "community_id": 1, "properties": properties,
            })
        };
        let zone = json!({"zone_type": "workshop", "from_zone": "central_hub", "community_id": 1});
        events.push((send("world.zone.entered", "server", zone.clone()), "stored"));

        let mut past = send("world.zone.entered", "server", zone.clone());
        past["timestamp"] = ago(PAST_DAYS).into();
        past["session_id"] = person.note_past("session of the month that passes", word()).into();
        // Read back, the id of the house stands in its place.
        past["anonymous_id"] = person.note_unseen("client of the month that passes", word()).into();
        events.push((past, "stored"));

        // Named among the properties only.
        let days = person.note("integer", super::person::number().to_string());
        let properties = json!({"matched": false, "discrepancy_days": days.parse::<u64>().unwrap(), "new_level": "verified", "identity_id": number});
        let mut within = send("age.revalidated", "api", properties);
        within.as_object_mut().unwrap().remove("identity_id");
        events.push((within, "stored"));

        let hash = person.note("hash", hex(64));
        events.push((send("user.login.completed", "api", json!({"session_id_hash": hash})), "stored"));

        // What nobody declared is personal by its name.
        let mut undeclared = zone.clone();
        undeclared["phone"] = person.word("undeclared").into();
        undeclared["guest"] = json!({"nickname": person.word("undeclared, nested"), "level": 3});
        undeclared["guests"] = json!([{"phone": person.word("undeclared, in a list")}, 7]);
        events.push((send("world.zone.entered", "server", undeclared), "stored"));

        // Counted where it is allowed, and refused where not.
        let counted = json!({
            "event_id": uuid(), "event_name": "whatsapp.message.sent", "timestamp": ago(0), "source": "webhooks",
            "properties": {"community_id": 1, "identity_id": number, "timestamp_bucket": ago(0)[..10]},
        });
        events.push((counted, if fate == Fate::Unwilling { "refused" } else { "counted" }));

        // In quarantine: something is missing, of the wrong kind, no id.
        if fate != Fate::Unwilling {
            let missing = json!({"community_id": 1, "phone": person.word("quarantined")});
            events.push((send("world.zone.entered", "server", missing), "quarantined"));
            let wrong = json!({"matched": false, "discrepancy_days": person.word("quarantined, of the wrong kind"), "new_level": "verified"});
            events.push((send("age.revalidated", "api", wrong), "quarantined"));
            let mut unnamed = send("world.zone.entered", "server", zone.clone());
            unnamed["event_id"] = person.word("quarantined, in the id").into();
            events.push((unnamed, "quarantined"));
            let mut unknown = send("world.zone.flooded", "server", zone.clone());
            unknown["session_id"] = person.word("quarantined, session").into();
            events.push((unknown, "quarantined"));
        }
        people.push(person);
    }
    for fate in [Fate::Erased, Fate::Stays] {
        let mut person = Person::new(COMMUNITIES, word(), Kind::Anonymous, fate);
        let session = person.word("session");
        let zone = json!({"zone_type": "workshop", "from_zone": "central_hub", "community_id": 1});
        let event = |properties: Value| {
            json!({
                "event_id": uuid(), "event_name": "world.zone.entered", "timestamp": ago(0), "source": "server",
                "anonymous_id": person.name, "session_id": session, "community_id": 1, "properties": properties,
            })
        };
        events.push((event(zone), "stored"));
        events.push((event(json!({"community_id": 1})), "quarantined"));
        people.push(person);
    }
    // Whose it is cannot be told, for the name is no name. It is sealed all the same.
    let mut nobody = Person::new(COMMUNITIES, word(), Kind::Identity, Fate::Nobody);
    let mistaken = json!({
        "event_id": uuid(), "event_name": "world.zone.entered", "timestamp": ago(0), "source": "server",
        "identity_id": nobody.word("a name that is none"), "community_id": 1,
        "properties": {"zone_type": "workshop", "from_zone": "central_hub", "community_id": 1},
    });
    events.push((mistaken, "quarantined"));
    people.push(nobody);
    Batch { app: COMMUNITIES, events }
}

fn noema(people: &mut Vec<Person>) -> Batch {
    let mut events = Vec::new();
    for fate in [Fate::Erased, Fate::Stays, Fate::Unwilling] {
        let mut person = Person::new(NOEMA, hex(24), Kind::Identity, fate);
        let (account, session) = (person.name.clone(), person.note("session", hex(24)));
        let send = |name: &str, data: Value| {
            json!({
                "eventId": hex(24), "eventType": name, "timestamp": ago(0), "masterAccountId": account,
                "sessionId": session, "sourcePlatform": "web", "eventData": data,
            })
        };
        let (address, agent) = (person.word("address"), person.word("user agent"));
        let login = json!({"loginMethod": "api_key", "platform": "web", "ipAddress": address, "userAgent": agent});
        events.push((send("user_login_success", login), "stored"));

        let picture = format!("https://pictures.example/{}.png", person.word("part of a URL"));
        let bio = format!("I am {}, and \"paint\".\n", person.word("within a text"));
        let profile = json!({
            "changedFields": ["displayName", "avatarUrl", "bio"], "displayName": person.word("display name"),
            "avatarUrl": picture, "bio": bio,
        });
        events.push((send("profile_updated", profile), "stored"));

        // Too large for the log: it lies in a blob.
        let (begin, end) = (person.word("beginning of a large text"), person.word("end of a large text"));
        let bio = format!("{begin} {} {end}", "and so on ".repeat(9_000));
        events.push((send("profile_updated", json!({"changedFields": ["bio"], "bio": bio})), "stored"));

        let command = |args: Value| json!({"commandName": "/make", "args": args, "success": true, "executionTimeMs": 84, "source": "chat_input"});
        let prompt = person.note_past("prompt of the month that passes", word());
        let mut past = send("command_executed", command(json!({"prompt": prompt, "more": [{"deep": [prompt]}]})));
        past["timestamp"] = ago(PAST_DAYS).into();
        past["sessionId"] = person.note_past("session of the month that passes", hex(24)).into();
        events.push((past, "stored"));
        let end = person.note_past("end of a large text of the month that passes", word());
        let large = format!("{} {end}", "and so on ".repeat(9_000));
        let mut past = send("command_executed", command(json!({"prompt": large})));
        past["timestamp"] = ago(PAST_DAYS).into();
        past["sessionId"] = person.note_past("session of the large text that passes", hex(24)).into();
        events.push((past, "stored"));
        let prompt =
            json!({"prompt": person.word("in an object"), "more": [{"deep": [person.word("deep in a list")]}]});
        events.push((send("command_executed", command(prompt)), "stored"));

        let failed = json!({
            "commandName": "/make", "args": [person.word("in a list"), 5],
            "validationErrors": [
                {"field": "prompt", "message": person.word("in an object in a list")},
                {"message": person.word("in the second object in a list")},
            ],
        });
        events.push((send("command_failed_validation", failed), "stored"));

        let accounts = json!({"platform": "telegram", "platformIdentities": {"telegram": person.word("in a map")}});
        let mut created = send("account_created", accounts);
        created.as_object_mut().unwrap().remove("sessionId");
        events.push((created, "stored"));

        let credit = json!({
            "type": "credit", "description": person.word("free text"), "amountUsd": "10.00", "balanceBeforeUsd": "0.35",
            "balanceAfterUsd": "10.35", "externalTransactionId": person.word("identifier"),
            "metadata": {"invoice": {"to": [person.word("in an object of any form")]}},
        });
        events.push((send("credit_added", credit), "stored"));
        let used = json!({"elementId": "name", "elementType": "text_input", "interactionType": "change", "currentValue": [[person.word("in a list in a list")]]});
        events.push((send("ui_element_interacted", used), "stored"));

        if fate != Fate::Unwilling {
            let wrong = json!({"changedFields": "all", "displayName": [person.word("quarantined")], "bio": person.word("quarantined text")});
            events.push((send("profile_updated", wrong), "quarantined"));
            let mut accounts = json!({"platform": "telegram", "platformIdentities": {}});
            accounts["platformIdentities"][person.word("quarantined, name of a member")] = 5.into();
            events.push((send("account_created", accounts), "quarantined"));
            let mut mistimed = send("user_logout", json!({}));
            mistimed["timestamp"] = person.word("quarantined, as a time").into();
            events.push((mistimed, "quarantined"));
        }
        people.push(person);
    }
    Batch { app: NOEMA, events }
}

fn tamma(people: &mut Vec<Person>, sign: Sign, signatures: &mut Signatures) -> Batch {
    let mut events = Vec::new();
    let mut team: Vec<Person> = [Fate::Erased, Fate::Stays, Fate::Unwilling]
        .map(|fate| Person::new(TAMMA, word(), Kind::Identity, fate))
        .into();
    let names: Vec<String> = team.iter().map(|person| person.name.clone()).collect();
    let mut loop_itself = Person::new(TAMMA, word(), Kind::Identity, Fate::Nobody);
    let send = |name: &str, actor: (&str, &str), payload: Value, more: Value| {
        let mut metadata = json!({"source": "api", "environment": "production", "version": "1.4.0"});
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "eventId": uuid(), "eventType": name, "schemaVersion": "1.0.0", "timestamp": ago(0), "actorType": actor.0,
            "actorId": actor.1, "correlationId": uuid(), "payload": payload, "metadata": metadata,
        })
    };
    let commit = hex(40);
    // Of nobody, and it names all.
    let request = json!({
        "repository": "acme/checkout", "pullRequestNumber": 501, "title": loop_itself.word("title"),
        "branch": "tamma/482", "baseBranch": "main", "headCommit": commit, "reviewersRequested": names,
    });
    events.push((send("GIT.PULL_REQUEST.CREATED", ("service", "tamma-worker"), request, json!({})), "stored"));
    for (index, person) in team.iter_mut().enumerate() {
        let name = person.name.clone();
        let other = &names[(index + 1) % names.len()];
        let approval = json!({
            "approvalId": "apr_7F3K", "approver": name, "decision": "approved",
            "conditions": [person.word("in a list"), person.word("second in a list")],
            "subjectDigest": format!("sha256:{}", hex(64)), "comment": person.word("comment"),
        });
        events.push((send("APPROVAL.PROVIDED", ("user", &name), approval, json!({})), "stored"));
        let merged = json!({
            "repository": "acme/checkout", "pullRequestNumber": 501, "baseBranch": "main", "headCommit": commit,
            "commit": hex(40), "method": "squash", "mergedBy": other, "approvedBy": names,
        });
        events.push((send("GIT.PULL_REQUEST.MERGED", ("user", &name), merged, json!({})), "stored"));
        let error = json!({
            "component": "git-platform", "errorCode": "PUSH_REJECTED", "severity": "error",
            "message": person.word("message"), "stackTrace": format!("at /home/{}/src", person.word("trace")),
            "context": {"user": {"home": [person.word("context")]}},
        });
        let more = json!({
            "tags": {"on-behalf-of": name, "team": "checkout"},
            "email": person.word("member of the metadata"), "client": {"phone": person.word("nested in the metadata")},
        });
        events.push((send("SYSTEM.ERROR.OCCURRED", ("user", &name), error, more), "stored"));
        if person.fate != Fate::Unwilling {
            let undecided = json!({"approvalId": "apr_7F3K", "approver": other, "comment": person.word("quarantined")});
            let more = json!({"email": person.word("quarantined, in the metadata")});
            events.push((send("APPROVAL.PROVIDED", ("user", &name), undecided, more), "quarantined"));
        }
    }
    events.extend(signed_approvals(&mut team, sign, signatures));
    people.extend(team);
    people.push(loop_itself);
    Batch { app: TAMMA, events }
}

/// Approvals that people sign: each their own, and another one that is changed afterwards; and one in which somebody
/// who stays names somebody who is erased.
fn signed_approvals(team: &mut [Person], sign: Sign, signatures: &mut Signatures) -> Vec<(Value, &'static str)> {
    let mut events = Vec::new();
    for person in &mut *team {
        let (name, seed) = (person.name.clone(), rand::random());
        let own = approval(&name, &name, &person.word("reason that is signed"));
        let (own, signed) = with_signature(own, seed, sign);
        person.note("signature", signed.proof());
        person.note_key(&signed);
        signatures.add_key(TAMMA, &name, &signed);
        signatures.note_event(&own, signed, person.fate);
        events.push((own, "stored"));
        if person.fate != Fate::Unwilling {
            let forged = approval(&name, &name, &person.word("quarantined, signed"));
            let (mut forged, signed) = with_signature(forged, seed, sign);
            forged["data"]["decision"] = "approved-with-conditions".into();
            person.note("quarantined, signature", signed.proof());
            events.push((forged, "quarantined"));
        }
    }
    // The key stays, and what it signed goes with the other: so it is a key of its own.
    let name_of = |fate: Fate| team.iter().find(|person| person.fate == fate).unwrap().name.clone();
    let (stays, erased) = (name_of(Fate::Stays), name_of(Fate::Erased));
    let (naming, signed) = with_signature(approval(&stays, &erased, &word()), rand::random(), sign);
    for person in team {
        match person.fate {
            Fate::Stays => person.note_key_unseen(&signed),
            Fate::Erased => drop(person.note("signature of somebody else that names them", signed.proof())),
            Fate::Unwilling | Fate::Nobody => {}
        }
    }
    signatures.add_key(TAMMA, &stays, &signed);
    signatures.note_event(&naming, signed, Fate::Erased);
    events.push((naming, "stored"));
    events
}

/// An approval in Daybook's own form, the one that is signed.
fn approval(actor: &str, approver: &str, reason: &str) -> Value {
    json!({
        "id": uuid(), "name": "APPROVAL.PROVIDED", "version": "1.1.0", "time": ago(0), "source": "api",
        "environment": "production", "correlation": uuid(), "actor": {"type": "user", "id": actor},
        "data": {
            "approvalId": "apr_7F3K", "approver": approver, "decision": "approved",
            "subjectDigest": format!("sha256:{}", hex(64)), "reason": reason,
        },
    })
}

/// An event with its signature, and what came of signing it.
fn with_signature(mut event: Value, seed: [u8; 32], sign: Sign) -> (Value, Signed) {
    let signed = sign(seed, &event);
    event["signature"] = signed.jws.as_str().into();
    (event, signed)
}

fn tachikoma(people: &mut Vec<Person>) -> Batch {
    let mut agent = Person::new(TACHIKOMA, word(), Kind::Identity, Fate::Nobody);
    let session = agent.note("session", uuid());
    let mut metadata = json!({"app_version": "0.9.1", "os": "linux"});
    metadata["email"] = agent.word("member of the metadata").into();
    let send = |name: &str, data: Value| {
        json!({
            "id": uuid(), "event_type": name, "timestamp": ago(0), "session_id": session, "priority": "high",
            "data": data, "metadata": metadata,
        })
    };
    let mut error = |severity: &str, label: &str| {
        json!({
            "code": "API_ERROR", "message": agent.word(&format!("message{label}")), "severity": severity,
            "stack_trace": format!("/home/{}/x", agent.word(&format!("trace{label}"))), "component": "backend", "recovered": false,
        })
    };
    let errors = [error("error", ""), error("lost", ", quarantined")];
    let mission = json!({"feature": "mission", "action": "create", "target": agent.word("target"), "success": true});
    let [good, bad] = errors;
    let events = vec![
        (send("error_occurred", good), "stored"),
        (send("mission_created", mission), "stored"),
        (send("error_occurred", bad), "quarantined"),
    ];
    people.push(agent);
    Batch { app: TACHIKOMA, events }
}

/// The time so many days ago, as RFC 3339.
fn ago(days: u64) -> String {
    let time = SystemTime::now() - Duration::from_secs(days * 86_400);
    let time = jiff::Timestamp::try_from(time).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
