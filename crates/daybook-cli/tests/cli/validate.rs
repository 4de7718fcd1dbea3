//! `daybook validate`, on each dialect.

use insta::assert_snapshot;

use crate::process::{run, run_with_input, shop_catalog, transcript};

const AT: &str = "2026-01-14T16:00:00Z";

fn validate(app: &str, input: &str) -> String {
    transcript(&run_with_input(&["validate", "--app", app, "--at", AT], input))
}

#[test]
fn noema() {
    let input = r#"
{"eventId":"681a02f4c3d27b0f5a9e4401","masterAccountId":"681a02f4c3d27b0f5a9e0001","sessionId":"681a02f4c3d27b0f5a9e0002","timestamp":"2026-01-14T15:00:00.000Z","eventType":"user_logout","sourcePlatform":"web","eventData":{"logoutReason":"user_initiated"}}
{"eventId":{"$oid":"681a02f4c3d27b0f5a9e4402"},"masterAccountId":{"$oid":"681a02f4c3d27b0f5a9e0001"},"sessionId":{"$oid":"681a02f4c3d27b0f5a9e0002"},"timestamp":{"$date":"2026-01-14T15:00:01.000Z"},"eventType":"session_ended","sourcePlatform":"web","eventData":{"endReason":"user_logout","durationMs":{"$numberLong":"312450"}}}
{"eventId":"681a02f4c3d27b0f5a9e4401","masterAccountId":"681a02f4c3d27b0f5a9e0001","sessionId":"681a02f4c3d27b0f5a9e0002","timestamp":"2026-01-14T15:00:00.000Z","eventType":"user_logout","sourcePlatform":"web","eventData":{"logoutReason":"user_initiated"}}
{"eventId":"681a02f4c3d27b0f5a9e4401","masterAccountId":"681a02f4c3d27b0f5a9e0001","sessionId":"681a02f4c3d27b0f5a9e0002","timestamp":"2026-01-14T15:00:00.000Z","eventType":"user_logout","sourcePlatform":"web","eventData":{"logoutReason":"admin_initiated"}}
{"eventId":"not an object id","timestamp":"2026-01-14T15:00:00.000Z","eventType":"user_logout","sourcePlatform":"web","eventData":{}}
"#;
    assert_snapshot!("validate-noema", validate("noema", input));
}

#[test]
fn tachikoma() {
    let input = r#"
{"id":"550e8400-e29b-41d4-a716-446655440000","category":"business","event_type":"tokens_consumed","timestamp":"2026-01-14T15:00:00Z","session_id":null,"priority":"normal","data":{"metric_type":"total_tokens","value":1500.0,"unit":"tokens","backend":"anthropic","model":"claude-3-opus"},"metadata":{"app_version":"0.1.0","os":"linux"}}
{"id":"550e8400-e29b-41d4-a716-446655440001","category":"business","event_type":"tokens_consumed","timestamp":"2026-01-14T15:00:00Z","session_id":null,"priority":"normal","data":null,"metadata":{}}
{"id":"550e8400-e29b-41d4-a716-446655440002","category":"custom","event_type":{"custom":"my_plugin.did_it"},"timestamp":"2026-01-14T15:00:00Z","session_id":null,"priority":"low","data":[1,2],"metadata":{}}
{"id":"550e8400-e29b-41d4-a716-446655440003","category":"error","event_type":"error_occurred","timestamp":"2026-01-14T15:00:00Z","session_id":null,"priority":"high","data":{"code":"API","message":"it broke","severity":"fatal","component":"backend"},"metadata":{}}
{"id":"550e8400-e29b-41d4-a716-446655440004","category":"usage","event_type":"mision_created","timestamp":"2026-01-01T15:00:00Z","session_id":"nope","priority":"urgent","data":null,"metadata":{}}
"#;
    assert_snapshot!("validate-tachikoma", validate("tachikoma", input));
}

#[test]
fn unofficial_communities() {
    let input = r#"
{"event_id":"550e8400-e29b-41d4-a716-446655440000","event_name":"user.signup.completed","timestamp":"2026-01-14T12:30:00.000Z","source":"api","environment":"production","identity_id":12345,"properties":{"has_avatar":true,"community_id":1,"signup_duration_seconds":180}}
{"event_id":"550e8400-e29b-41d4-a716-446655440001","event_name":"world.zone.entered","timestamp":"2026-01-14T15:00:00.000Z","source":"server","environment":"production","identity_id":null,"anonymous_id":"a1b2c3","community_id":1,"properties":{"zone_type":"social_east","from_zone":"central_hub"}}
{"event_id":"550e8400-e29b-41d4-a716-446655440002","event_name":"world.zone.entered","timestamp":"2026-01-14T15:00:00.000Z","source":"server","identity_id":"12345","properties":{"zone_type":"the_moon"}}
{"event_id":"550e8400-e29b-41d4-a716-446655440003","event_name":"whatsapp.message.sent","timestamp":"2026-01-14T15:00:00.000Z","source":"webhooks","properties":{"community_id":1,"identity_id":12345,"timestamp_bucket":"2026-01-14"}}
{"event_id":"550e8400-e29b-41d4-a716-446655440004","event_name":"user.login.started","timestamp":"2026-01-15T15:00:00.000Z","source":"desktop","properties":{"phone_prefix":34}}
this is not JSON
"#;
    assert_snapshot!("validate-unofficial-communities", validate("unofficial-communities", input));
}

#[test]
fn tamma() {
    let input = r#"
{"eventId":"0197a000-0000-7000-8000-000000000001","timestamp":"2026-01-14T15:00:00.000Z","eventType":"ISSUE.SELECTED.SUCCESS","actorType":"system","actorId":"selector","correlationId":"c1","schemaVersion":"1.0.0","payload":{"repository":"acme/shop","issueNumber":7,"reason":"oldest"},"metadata":{"source":"orchestrator","version":"0.1.0","environment":"prod","tags":{"team":"checkout"}}}
{"eventId":"0197a000-0000-7000-8000-000000000002","timestamp":"2026-01-14T15:00:00.000Z","eventType":"ISSUE.SELECTED.SUCCESS","actorType":"robot","correlationId":"c1","schemaVersion":"9.0.0","payload":{"repository":"acme","issueNumber":0},"metadata":{"version":"0.1.0"}}
{"eventId":"0197a000-0000-7000-8000-000000000003","timestamp":"yesterday","eventType":"ISSUE.STOLEN","actorType":"user","actorId":"u1","correlationId":"c1","schemaVersion":"1.0.0","payload":{},"metadata":{"source":"cli","version":"0.1.0","environment":"prod"}}
"#;
    assert_snapshot!("validate-tamma", validate("tamma", input));
}

#[test]
fn other_forms_and_formats() {
    let catalogs = shop_catalog().display().to_string();
    let canonical = r#"{"id":"0197a000-0000-7000-8000-000000000001","name":"order.placed","time":"2026-01-14T15:00:00Z","data":{"total":"12.50"}}
{"specversion":"1.0","id":"1","source":"/shop","type":"order.placed","time":"2026-01-14T15:00:00Z","data":{"total":3}}
{"name":"order.placed","time":"2026-01-14T15:00:00Z","data":{"total":-1,"note":"call me, password=\"hunter2hunter2\""}}
"#;
    let shop = |format: &str| {
        let arguments = ["validate", "--app", "shop", "--catalogs", &catalogs, "--at", AT, "--format", format];
        transcript(&run_with_input(&arguments, canonical))
    };
    assert_snapshot!("validate-shop-text", shop("text"));
    assert_snapshot!("validate-shop-json", shop("json"));
}

#[test]
fn what_cannot_be_judged_is_said() {
    assert_snapshot!(transcript(&run(&["validate", "--app", "nobody"])));
    assert_snapshot!(transcript(&run(&["validate", "--app", "noema", "no-such-file"])));
    assert_snapshot!(transcript(&run_with_input(&["validate", "--app", "noema"], "\n\n")));
}
