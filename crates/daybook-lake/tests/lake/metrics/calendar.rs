//! Days, weeks and months, counted by hand.

pub const DAY: i64 = 86_400_000_000;

/// Year and month of a day since 1970, found by going through the years.
fn month_of(day: i64) -> (i64, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, day);
    while left < 0 {
        year -= 1;
        left += if leap(year) { 366 } else { 365 };
    }
    while left >= if leap(year) { 366 } else { 365 } {
        left -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    (year, month as i64 + 1)
}

/// When the period begins that a time lies in.
pub fn start_of(period: &str, time: i64) -> i64 {
    let day = time.div_euclid(DAY);
    match period {
        "minute" => time - time.rem_euclid(60_000_000),
        "hour" => time - time.rem_euclid(3_600_000_000),
        "day" => day * DAY,
        "week" => {
            let mut monday = day;
            // 2026-03-02 was a Monday.
            while (monday - 20_514) % 7 != 0 {
                monday -= 1;
            }
            monday * DAY
        }
        "month" => {
            let mut first = day;
            while month_of(first - 1) == month_of(day) {
                first -= 1;
            }
            first * DAY
        }
        _ => panic!("{period}"),
    }
}

/// When each period begins that has a part between two times, and when the last ends.
pub fn edges(period: &str, from: i64, to: i64) -> Vec<i64> {
    let step = match period {
        "minute" => 60_000_000,
        "hour" => 3_600_000_000,
        _ => DAY,
    };
    let mut edges = vec![start_of(period, from)];
    let mut time = edges[0];
    loop {
        time += step;
        if start_of(period, time) == time {
            edges.push(time);
            if time >= to {
                return edges;
            }
        }
    }
}

/// The period before the one that begins at a time.
pub fn before(period: &str, start: i64) -> i64 {
    start_of(period, start - 1)
}

/// The one after it.
pub fn after(period: &str, start: i64) -> i64 {
    edges(period, start, start + 1)[1]
}
