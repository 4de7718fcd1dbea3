//! What is personal, and whether it is marked.

use insta::assert_snapshot;

use super::{check, check_event};

#[test]
fn what_looks_personal_is_marked() {
    assert_snapshot!(check_event("
data:
  type: object
  properties:
    email: {type: string}
    contact: {type: string, format: email}
    origin: {format: ipv4}
    birthDate: {type: string, format: date}
    customerPhoneNumber: {type: integer}
    pin: {type: string, writeOnly: true}
    zone: {$ref: '#/types/zone'}
    event_name: {type: string}
"), @"
    events/a.yaml:6:9: warning[event-type.pii-unmarked]: `email` is likely personal by its name, and not marked
      hint: add `email: identifier` to `pii`, or `email: none` if it is not
    events/a.yaml:7:9: warning[event-type.pii-unmarked]: `contact` is likely personal by its format, and not marked
      hint: add `contact: identifier` to `pii`, or `contact: none` if it is not
    events/a.yaml:8:9: warning[event-type.pii-unmarked]: `origin` is likely personal by its format, and not marked
      hint: add `origin: identifier` to `pii`, or `origin: none` if it is not
    events/a.yaml:9:9: warning[event-type.pii-unmarked]: `birthDate` is likely personal by its name, and not marked
      hint: add `birthDate: personal` to `pii`, or `birthDate: none` if it is not
    events/a.yaml:10:9: warning[event-type.pii-unmarked]: `customerPhoneNumber` is likely personal by its name, and not marked
      hint: add `customerPhoneNumber: identifier` to `pii`, or `customerPhoneNumber: none` if it is not
    events/a.yaml:11:9: warning[event-type.pii-unmarked]: `pin` is likely personal being `writeOnly`, and not marked
      hint: add `pin: personal` to `pii`, or `pin: none` if it is not
    6 warnings
    ");
}

#[test]
fn it_is_found_wherever_it_is() {
    let header = "
#- catalog.yaml
app: shop
version: 1.0.0
title: Shop
types:
  buyer: {type: object, properties: {name: {type: string}, friends: {type: array, items: {$ref: '#/types/buyer'}}}}
  buyers: {type: array, items: {$ref: '#/types/buyer'}}
  thing: {type: object, properties: {name: {type: string}}}
#- events/a.yaml
events:
  - name: order.placed
    description: x
    examples: [{}]
";
    assert_snapshot!(check(&format!("{header}    data:
      type: object
      properties:
        buyer: {{$ref: '#/types/buyer'}}
        lines: {{type: array, items: {{type: object, properties: {{email: {{type: string}}}}}}}}
        hosts: {{type: array, items: {{type: string, format: ipv6}}}}
        people: {{$ref: '#/types/buyers'}}
        tool: {{$ref: '#/types/thing'}}
        address: {{type: object, properties: {{street: {{type: string}}, town: {{type: string}}}}}}
        user: {{type: object, properties: {{id: {{type: integer}}, shoe_size: {{type: integer}}}}}}
      anyOf:
        - {{properties: {{ssn: {{type: string}}}}}}
        - {{properties: {{other: {{}}}}}}
")), @"
    events/a.yaml:7:7: warning[event-type.pii-unmarked]: `ssn` is likely personal by its name, and not marked
      hint: add `ssn: identifier` to `pii`, or `ssn: none` if it is not
    events/a.yaml:8:9: warning[event-type.pii-unmarked]: `buyer.name` is likely personal by its name, and not marked
      hint: add `buyer.name: identifier` to `pii`, or `buyer.name: none` if it is not
    events/a.yaml:9:9: warning[event-type.pii-unmarked]: `lines.email` is likely personal by its name, and not marked
      hint: add `lines.email: identifier` to `pii`, or `lines.email: none` if it is not
    events/a.yaml:10:9: warning[event-type.pii-unmarked]: `hosts` is likely personal by its format, and not marked
      hint: add `hosts: identifier` to `pii`, or `hosts: none` if it is not
    events/a.yaml:11:9: warning[event-type.pii-unmarked]: `people.name` is likely personal by its name, and not marked
      hint: add `people.name: identifier` to `pii`, or `people.name: none` if it is not
    events/a.yaml:13:9: warning[event-type.pii-unmarked]: `address` is likely personal by its name, and not marked
      hint: add `address: identifier` to `pii`, or `address: none` if it is not
    events/a.yaml:14:43: warning[event-type.pii-unmarked]: `user.id` is likely personal by its name, and not marked
      hint: add `user.id: identifier` to `pii`, or `user.id: none` if it is not
    7 warnings
    ");
    // A mark settles it, for the property or for what is around it; a mark inside an address says what of it is meant.
    assert_eq!(
        check(&format!(
            "{header}    pii: {{buyer: personal, lines.email: none, address.street: identifier, user.id: person}}
    data:
      type: object
      properties:
        buyer: {{$ref: '#/types/buyer'}}
        lines: {{type: array, items: {{type: object, properties: {{email: {{type: string}}}}}}}}
        address: {{type: object, properties: {{street: {{type: string}}, town: {{type: string}}}}}}
        user: {{type: object, properties: {{id: {{type: integer}}}}}}
"
        )),
        ""
    );
}

#[test]
fn some_values_are_nobodys_whatever_they_are_called() {
    assert_eq!(
        check_event(
            "
data:
  type: object
  properties:
    has_email: {type: boolean}
    phone: {type: [boolean, 'null'], description: Whether it was given.}
    name: {enum: [north, south]}
    mail: {const: ~}
    file_name: {type: string}
    ip_count: {type: integer}
    shop_id: {type: integer}
"
        ),
        ""
    );
}

#[test]
fn fields_that_stand_for_the_envelope_are_sealed_anyway() {
    let header = "
#- catalog.yaml
app: shop
version: 1.0.0
title: Shop
dialect:
  name: {path: type}
  identity: {path: who, also: data.user_id}
  data: {path: data}
#- events/a.yaml
events:
  - name: order.placed
    description: x
    examples: [{}]
    data: {type: object, properties: {user_id: {type: string}}}
";
    assert_eq!(check(header), "");
    assert_snapshot!(check(&format!("{header}    pii: {{user_id: none}}\n")), @"
    events/a.yaml:6:11: error[event-type.pii]: `user_id` stands for the envelope's `identity`, so it is personal
    1 error
    ");
}

#[test]
fn marks_do_not_contradict_each_other() {
    let data = "
data:
  type: object
  properties:
    buyer: {type: object, properties: {name: {type: string}, home: {type: object, properties: {street: {type: string}}}}}
    by: {type: array, items: {type: [string, 'null']}}
    count: {type: number}
";
    assert_eq!(check_event(&format!("pii: {{buyer.name: person, by: person}}{data}")), "");
    assert_snapshot!(
        check_event(&format!("pii: {{buyer: none, buyer.name: identifier, buyer.home.street: none, gone: none}}{data}")),
        @"
    events/a.yaml:3:24: error[event-type.pii]: `buyer.name` lies inside `buyer`, which is marked as a whole
      hint: mark one of the two
    events/a.yaml:3:48: error[event-type.pii]: `buyer.home.street` lies inside `buyer`, which is marked as a whole
      hint: mark one of the two
    events/a.yaml:3:73: error[event-type.pii]: the data declares no property `gone`
      hint: known here: buyer, by, count
    3 errors
    "
    );
    assert_snapshot!(check_event(&format!("pii: {{buyer: person, count: person, by: person}}{data}")), @"
    events/a.yaml:3:11: error[event-type.pii]: `buyer` names no person: it is no string, whole number, or list of those
    events/a.yaml:3:26: error[event-type.pii]: `count` names no person: it is no string, whole number, or list of those
    2 errors
    ");
    assert_snapshot!(check_event(&format!("pii: {{buyer: personal, buyer.home.street: personal}}{data}")), @"
    events/a.yaml:3:28: error[event-type.pii]: `buyer.home.street` lies inside `buyer`, which is marked as a whole
      hint: mark one of the two
    1 error
    ");
}

#[test]
fn what_is_only_counted_has_no_content() {
    assert_eq!(
        check_event(
            "
store: daily-counts
pii: {member: identifier}
data:
  type: object
  properties:
    shop_id: {type: string, description: The group.}
    member: {type: integer}
    bucket: {anyOf: [{type: string, format: date}, {type: string, format: date-time}]}
    kind: {type: string, enum: [sent, read]}
    via: {type: string, pattern: '^\\S{1,64}$'}
    zone: {$ref: '#/types/zone'}
    quick: {type: boolean}
  additionalProperties: false
"
        ),
        ""
    );
    assert_snapshot!(check_event("
store: daily-counts
pii: {text: free-text}
data:
  type: object
  properties:
    text: {type: string}
    via: {type: string, maxLength: 64}
    any: {}
    words: {type: array, items: {type: string}}
    more: {type: object, properties: {note: {type: [string, 'null']}}, additionalProperties: true}
"), @"
    events/a.yaml:4:11: error[event-type.counts-content]: only counts are kept of this type, but `text` is what people wrote
      hint: leave it out of the data
    events/a.yaml:8:9: warning[event-type.counts-content]: only counts are kept of this type, but `text` may be any text
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    events/a.yaml:9:9: warning[event-type.counts-content]: only counts are kept of this type, but `via` may be any text
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    events/a.yaml:10:9: warning[event-type.counts-content]: only counts are kept of this type, but `any` may be any text
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    events/a.yaml:11:9: warning[event-type.counts-content]: only counts are kept of this type, but `words` may be any text
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    events/a.yaml:12:9: warning[event-type.counts-content]: only counts are kept of this type, but `more` may have any field
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    events/a.yaml:12:43: warning[event-type.counts-content]: only counts are kept of this type, but `more.note` may be any text
      hint: leave it out, or bound it by `enum`, `const`, `format` or `pattern`
    1 error, 6 warnings
    ");
}

#[test]
fn types_that_hold_each_other_are_looked_through_in_bounds() {
    let mut header = String::from("#- catalog.yaml\napp: shop\nversion: 1.0.0\ntitle: Shop\ntypes:\n");
    let all: Vec<String> = (0..4).map(|index| format!("p{index}: {{$ref: '#/types/t{index}'}}")).collect();
    for index in 0..4 {
        header.push_str(&format!(
            "  t{index}: {{type: object, properties: {{email: {{type: string}}, {}}}}}\n",
            all.join(", ")
        ));
    }
    let event = "#- events/a.yaml
events:
  - {name: order.placed, description: x, examples: [{}], data: {$ref: '#/types/t0'}}
";
    let found = check(&format!("{header}{event}"));
    assert!(found.contains("`email` is likely personal"), "{found}");
}
