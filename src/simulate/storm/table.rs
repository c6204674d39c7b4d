//! What a storm came to, as a table.

use std::fmt::Write;

use serde_json::Value;

use super::{beside, machine};

/// The result in words.
pub fn table(json: &Value) -> String {
    let mut text = String::new();
    let mut line = |said: String| {
        // writing to a text does not fail
        let _ = writeln!(text, "{said}");
    };
    line(format!(
        "{} people for {} places in {} departments, {} s; {} were there for the lot",
        json["people"], json["places"], json["departments"], json["minute_s"], json["present_before"]
    ));
    let addresses = json["addresses"].as_array().map_or(0, Vec::len);
    let (first, last) = (&json["addresses"][0], &json["addresses"][addresses.saturating_sub(1)]);
    line(format!(
        "RLIMIT_NOFILE {}; {} sockets at most at a time, from {addresses} addresses ({} to {}); {} lost",
        json["rlimit_nofile"],
        json["sockets_max"],
        first.as_str().unwrap_or_default(),
        last.as_str().unwrap_or_default(),
        json["connections_lost"],
    ));
    line(format!("{:<10} {:>8} {:>10} {:>10} {:>10} {:>10}", "", "people", "p50", "p90", "p99", "longest"));
    for outcome in ["served", "queued", "refused"] {
        let of = &json[outcome];
        let s = |name: &str| {
            of["wait_ms"][name].as_u64().map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1_000.0))
        };
        let [p50, p90, p99, max] = ["p50", "p90", "p99", "max"].map(s);
        line(format!("{outcome:<10} {:>8} {p50:>10} {p90:>10} {p99:>10} {max:>10}", of["people"]));
    }
    line(format!("{:<10} {:>8}   refused with {}", "sum", json["sum"], json["refused_with"]));
    line(format!(
        "{} words; {} places taken by {} appointments, {} slots over capacity",
        json["asked"], json["taken"], json["appointments"], json["over_capacity"]
    ));
    line(format!("{} lots as promised, {} of which it cannot be said", json["lots_as_promised"], json["lots_unsure"]));
    let memory = &json["memory_mib"];
    line(format!(
        "memory of the server: {} MiB before, {} after, {} at most",
        memory["before"], memory["after"], memory["max"]
    ));
    line(machine::words(&json["machine"]));
    line(format!("without: {}", beside::words(&json["calls"]["without"])));
    line(format!("beside:  {}", beside::words(&json["calls"]["beside"])));
    line(format!(
        "p99 beside is {} times without; {} at most is wanted",
        json["calls"]["p99_ratio"], json["calls"]["p99_ratio_max"]
    ));
    for fault in json["broken"].as_array().into_iter().flatten() {
        line(format!("broken: {}", fault.as_str().unwrap_or_default()));
    }
    text
}
