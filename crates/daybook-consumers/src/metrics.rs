//! What is measured, as Prometheus asks for it. The series are those of the consumers there are: nothing else becomes a label.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use crate::consumer::{BUCKETS_SECONDS, Consumer, Core};
use crate::now_us;
use crate::runtime::Consumers;
use crate::status::State;

/// One kind of series.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    read: fn(&Consumer, &Core, i64) -> Option<f64>,
}

const LATENCY: (&str, &str) =
    ("daybook_consumer_latency_seconds", "Time from the receipt of an event to its delivery.");

const FAMILIES: [Family; 11] = [
    Family {
        name: "daybook_consumer_lag_events",
        help: "Positions of the log that the consumer has not come to, those of other events included.",
        kind: MetricType::GAUGE,
        read: |consumer, core, _| Some(core.feed.log().head().saturating_sub(consumer.offset(&core.dispatch)) as f64),
    },
    Family {
        name: "daybook_consumer_lag_seconds",
        help: "Age of the oldest event that waits to be delivered.",
        kind: MetricType::GAUGE,
        read: |consumer, _, now| Some(consumer.oldest_age_us(now) as f64 / 1e6),
    },
    Family {
        name: "daybook_consumer_delivered_total",
        help: "Events delivered.",
        kind: MetricType::COUNTER,
        read: |consumer, _, _| Some(consumer.meter.delivered.load(Ordering::Relaxed) as f64),
    },
    Family {
        name: "daybook_consumer_retried_total",
        help: "Events of attempts that failed and were to be made again.",
        kind: MetricType::COUNTER,
        read: |consumer, _, _| Some(consumer.meter.retried.load(Ordering::Relaxed) as f64),
    },
    Family {
        name: "daybook_consumer_dead_lettered_total",
        help: "Events that became dead letters.",
        kind: MetricType::COUNTER,
        read: |consumer, _, _| Some(consumer.meter.dead_lettered.load(Ordering::Relaxed) as f64),
    },
    Family {
        name: "daybook_consumer_dead_letters",
        help: "Dead letters there are.",
        kind: MetricType::GAUGE,
        read: |consumer, _, _| Some(consumer.meter.dead_letters.load(Ordering::Relaxed) as f64),
    },
    Family {
        name: "daybook_consumer_given_up_total",
        help: "Events that were given up without a dead letter.",
        kind: MetricType::COUNTER,
        read: |consumer, _, _| Some(consumer.meter.given_up.load(Ordering::Relaxed) as f64),
    },
    Family {
        name: "daybook_consumer_breaker_open",
        help: "1 while the consumer waits for something that works for nobody, mostly its destination.",
        kind: MetricType::GAUGE,
        read: |consumer, _, _| Some(f64::from(matches!(state(consumer), State::Waiting { .. }))),
    },
    Family {
        name: "daybook_consumer_running",
        help: "1 while the consumer delivers what comes: it is neither paused, stopped, unconfigured nor waiting.",
        kind: MetricType::GAUGE,
        read: |consumer, _, _| Some(f64::from(matches!(state(consumer), State::Running))),
    },
    Family {
        name: "daybook_consumer_latency_promise_seconds",
        help: "What the consumer promises: of a hundred events 99 take no longer.",
        kind: MetricType::GAUGE,
        read: |consumer, _, _| consumer.spec.latency.map(|promise| promise.as_secs_f64()),
    },
    Family {
        name: "daybook_consumer_latency_promise_kept",
        help: "1 while the promise is kept over the last minute.",
        kind: MetricType::GAUGE,
        read: |consumer, _, _| {
            consumer.spec.latency.map(|_| f64::from(consumer.broken_us.load(Ordering::Relaxed) == 0))
        },
    },
];

/// Reads the consumers when it is asked.
pub(crate) struct ConsumerMetrics {
    core: Arc<Core>,
    consumers: Arc<Consumers>,
    descriptions: Vec<Desc>,
}

impl ConsumerMetrics {
    pub fn new(core: Arc<Core>, consumers: Arc<Consumers>) -> prometheus::Result<Self> {
        let names = FAMILIES.iter().map(|family| (family.name, family.help)).chain([LATENCY]);
        let describe = |(name, help): (&str, &str)| {
            let labels = vec!["app".to_owned(), "consumer".to_owned()];
            Desc::new(name.to_owned(), help.to_owned(), labels, Default::default())
        };
        let descriptions = names.map(describe).collect::<prometheus::Result<_>>()?;
        Ok(Self { core, consumers, descriptions })
    }
}

impl Collector for ConsumerMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let (consumers, now) = (self.consumers.all(), now_us());
        let families = FAMILIES.iter().map(|family| {
            let value = |consumer: &Arc<Consumer>| {
                let value = (family.read)(consumer, &self.core, now)?;
                let mut metric = Metric::from_label(labels(consumer));
                if family.kind == MetricType::COUNTER {
                    let mut counter = Counter::default();
                    counter.set_value(value);
                    metric.set_counter(counter);
                } else {
                    let mut gauge = Gauge::default();
                    gauge.set_value(value);
                    metric.set_gauge(gauge);
                }
                Some(metric)
            };
            make(family.name, family.help, family.kind, consumers.iter().filter_map(value).collect())
        });
        let latencies = consumers.iter().map(|consumer| latency(consumer)).collect();
        let latency = make(LATENCY.0, LATENCY.1, MetricType::HISTOGRAM, latencies);
        // Prometheus does not take a family without series.
        families.chain([latency]).filter(|family| !family.get_metric().is_empty()).collect()
    }
}

fn state(consumer: &Consumer) -> State {
    consumer.state(&consumer.place(), 0)
}

fn latency(consumer: &Consumer) -> Metric {
    let counted = consumer.meter.buckets();
    let bucket = |(bound, count): (&f64, &u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    };
    let mut histogram = Histogram::default();
    histogram.set_bucket(BUCKETS_SECONDS.iter().zip(&counted.cumulative).map(bucket).collect());
    histogram.set_sample_count(counted.cumulative.last().copied().unwrap_or(0));
    histogram.set_sample_sum(counted.sum_seconds);
    let mut metric = Metric::from_label(labels(consumer));
    metric.set_histogram(histogram);
    metric
}

fn labels(consumer: &Consumer) -> Vec<LabelPair> {
    let label = |(name, value): (&str, &str)| {
        let mut label = LabelPair::default();
        label.set_name(name.to_owned());
        label.set_value(value.to_owned());
        label
    };
    [("app", &*consumer.app), ("consumer", &*consumer.name)].map(label).to_vec()
}

fn make(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}
