use super::*;

fn report() -> Report {
    let id = SubjectId::from_random([7; 16]);
    let position = 4_711;
    Report {
        request: "0199-r".to_owned(),
        app: "shop".to_owned(),
        requested: Timestamp::parse("2026-01-14T15:00:00Z").unwrap(),
        completed: Some(Timestamp::parse("2026-01-14T15:00:01.5Z").unwrap()),
        reason: None,
        state: ReportState::Complete,
        people: vec![
            ReportedPerson { anonymous_id: Some(id), status: PersonStatus::Erased },
            ReportedPerson { anonymous_id: None, status: PersonStatus::Unknown },
        ],
        erased: 1,
        unknown: 1,
        log: LogPlace { position, head: 4_712 },
        views: vec![ReportedView { name: "lake".to_owned(), touched: 3, confirmed: true }],
        secrets_destroyed: 1,
        statement: Report::statement(1, 1, position, &[]),
    }
}

#[test]
fn a_report_says_what_was_done() {
    let key = SigningKey::from_seed(&daybook_event::Secret::from_bytes([3; 32]));
    let signed = report().sign(&key).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&signed.report).unwrap(),
        r#"{
  "request": "0199-r",
  "app": "shop",
  "requested": "2026-01-14T15:00:00.000Z",
  "completed": "2026-01-14T15:00:01.500Z",
  "reason": null,
  "state": "complete",
  "people": [
    {
      "anonymous_id": "07070707-0707-4707-8707-070707070707",
      "status": "erased"
    },
    {
      "anonymous_id": null,
      "status": "unknown"
    }
  ],
  "erased": 1,
  "unknown": 1,
  "log": {
    "position": 4711,
    "head": 4712
  },
  "views": [
    {
      "name": "lake",
      "touched": 3,
      "confirmed": true
    }
  ],
  "secrets_destroyed": 1,
  "statement": "The secrets of 1 person were destroyed. Nothing that the log, its backups or its proofs hold under this anonymous id can be read any more, at whatever position; this holds from position 4711 on. Of 1 more, nothing was known. Every view has confirmed that it holds nothing of them."
}"#
    );
    assert_eq!(verify(&signed.jws, &signed.public_key).unwrap(), signed.report);
    assert_eq!(verify(&format!("{}\n", signed.jws), &signed.public_key).unwrap(), signed.report);
    let read: SignedReport = serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
    assert_eq!(read, signed);
}

#[test]
fn what_is_signed_must_be_a_report() {
    let key = SigningKey::from_seed(&daybook_event::Secret::from_bytes([3; 32]));
    let public = key.public().to_string();
    let jws = jws::sign(&key, MEDIA_TYPE, b"{}");
    assert!(matches!(verify(&jws, &public), Err(VerifyError::Payload(_))));
    let jws = jws::sign(&key, "application/other", &serde_json::to_vec(&report()).unwrap());
    assert!(matches!(verify(&jws, &public), Err(VerifyError::Type(MEDIA_TYPE))));
}

#[test]
fn the_statement_fits_what_happened() {
    let check = |erased, unknown, waiting: &[&str], expected: &str| {
        let waiting: Vec<String> = waiting.iter().map(|view| (*view).to_owned()).collect();
        assert_eq!(Report::statement(erased, unknown, 9, &waiting), expected);
    };
    check(
        0,
        1,
        &[],
        "Nothing was known of any of the people named, so nothing had to be destroyed. Every view has \
                      confirmed that it holds nothing of them.",
    );
    check(
        2,
        0,
        &["mysql", "lake"],
        "The secrets of 2 people were destroyed. Nothing that the log, its backups or its \
                      proofs hold under these anonymous ids can be read any more, at whatever position; this holds from \
                      position 9 on. Not confirmed yet by: mysql, lake.",
    );
}
