use super::*;

const NOW_US: i64 = 1_768_402_800_000_000;

const PLAN: &str = r#"
id: {$uuid: v4}
envelope: {id: $id, name: $name, time: $time, who: $identity, session: $session, because: $previous, data: $data}
people:
  count: 10
  identity: {$counter: [person, 100]}
  already-there: 0.5
  churn: 0.3
  vars: {coins: 0}
sessions:
  per-day: 2
  hours: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
  weekdays: [1, 1, 1, 1, 1, 1, 1]
  flows: 2
  pause: 30
  id: {$hex: 8}
flows:
  - {flow: hello, when: arrival, steps: [{event: signed_up}]}
  - flow: game
    when: session
    steps:
      - event: began
      - repeat: 3
        after: 10
        set: {won: {$int: [1, 5]}}
        keep: {coins: {$sum: [$coins, $won]}}
        event: won
        data: {coins: $coins}
      - either: [{weight: 1, steps: [{event: gave_up, end: true}]}, {weight: 1, steps: []}]
      - {event: ended, data: {seconds: $flow_seconds}}
  - {flow: job, when: background, per-day: 4, steps: [{event: job_ran}]}
spoil: {share: 0.1, duplicate: 1, future: 1, unknown-type: 1}
"#;

fn simulation(seed: u64) -> Simulation {
    let plan = Plan::read(PLAN, &HashMap::new(), true).expect("a plan");
    Simulation::of("test", plan, HashMap::new(), seed)
}

#[test]
fn a_history_is_exact_ordered_and_repeatable() {
    let events = simulation(7).history(NOW_US, 2_000);
    assert_eq!(events.len(), 2_000);
    assert!(events.is_sorted_by_key(|event| event.at_us));
    assert!(events.iter().all(|event| event.at_us <= NOW_US && event.at_us >= NOW_US - 30 * DAY_US));
    assert_eq!(events, simulation(7).history(NOW_US, 2_000));
    assert_ne!(events, simulation(8).history(NOW_US, 2_000));
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    assert!(count("won") > 3 * count("ended"), "some give up before the end");
    assert!(count("job_ran") > 20, "{}", count("job_ran"));
    let spoiled = events.iter().filter(|event| event.spoiled.is_some()).count();
    assert!((150..350).contains(&spoiled), "{spoiled}");
}

#[test]
fn variables_flow_and_events_name_their_causes() {
    let events = simulation(3).history(NOW_US, 500);
    let value = |event: &MadeEvent| serde_json::from_str::<Value>(&event.body).expect("JSON");
    let ended = events.iter().filter(|event| event.name == "ended" && event.spoiled.is_none());
    for event in ended.map(value) {
        assert_eq!(event["data"]["seconds"], json!(30));
        assert!(event["because"].is_string() && event["who"].is_i64());
    }
    let began = events.iter().find(|event| event.name == "began" && event.spoiled.is_none()).map(value);
    assert!(began.is_some_and(|event| event.get("because").is_none()), "nothing came before the first event");
}

#[test]
fn live_traffic_comes_at_its_rate() {
    let mut simulation = simulation(5);
    simulation.history(NOW_US, 1_000);
    let mut live = 0;
    for second in 1..=3_600 {
        live += simulation.due(NOW_US + second * SECOND_US, 2.0).len();
    }
    assert!((5_000..10_000).contains(&live), "{live}");
}

#[test]
fn mistakes_in_a_plan_are_all_said() {
    let text = PLAN.replace("per-day: 4,", "").replace("event: began", "data: {}");
    let error = Plan::read(&text, &HashMap::new(), false).expect_err("two mistakes").to_string();
    for expected in ["`per-day` belongs to", "no event type `signed_up`", "a step without `event`"] {
        assert!(error.contains(expected), "{error}");
    }
    let error = Plan::read(&PLAN.replace("weekdays:", "weekday:"), &HashMap::new(), true).expect_err("a slip");
    assert!(error.to_string().contains("unknown field `weekday`"), "{error}");
}
