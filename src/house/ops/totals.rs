//! The program's own metrics read back from the text that `/metrics` prints, so that operations and whoever scrapes see
//! the same figures and the hot paths count once. Reading it also empties the histograms' buffers, which nobody else
//! does where nothing scrapes.

use std::collections::BTreeMap;

/// What the metrics say at a moment.
#[derive(Debug, Default)]
pub struct Totals(Vec<Sample>);

#[derive(Debug)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Totals {
    /// Reads Prometheus text. Lines that are not samples are left out.
    pub fn read(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect())
    }

    fn of<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Sample> + use<'a, 'n> {
        self.0.iter().filter(move |sample| sample.name == name)
    }

    /// The sum over all labels; 0 while nothing has been counted.
    pub fn sum(&self, name: &str) -> f64 {
        self.of(name).map(|sample| sample.value).sum()
    }

    /// The value with this label.
    pub fn with(&self, name: &str, label: &str, is: &str) -> f64 {
        self.of(name).filter(|sample| sample.label(label) == Some(is)).map(|sample| sample.value).sum()
    }

    /// The sums by a label.
    pub fn by<'a>(&'a self, name: &str, label: &str) -> BTreeMap<&'a str, f64> {
        let mut sums = BTreeMap::new();
        for sample in self.of(name) {
            *sums.entry(sample.label(label).unwrap_or_default()).or_insert(0.0) += sample.value;
        }
        sums
    }

    /// A quantile of the last minute, in ms of a metric in seconds; none when nothing happened in it.
    pub fn quantile_ms(&self, name: &str, quantile: &str) -> Option<f64> {
        let found = self.of(name).find(|sample| sample.label("quantile") == Some(quantile))?;
        (found.value > 0.0).then(|| (found.value * 1e6).round() / 1e3)
    }
}

impl Sample {
    fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    // our labels' values are codes and names: no quotes, commas or braces in them
    let labels = labels.trim_end_matches('}').split(',').filter_map(|pair| {
        let (label, value) = pair.split_once('=')?;
        Some((label.to_owned(), value.trim_matches('"').to_owned()))
    });
    Some(Sample { name: name.to_owned(), labels: labels.collect(), value: value.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_exporter_prints_is_read_back() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("a_total", "code" => "x", "door" => "live").increment(3);
            metrics::counter!("a_total", "code" => "y", "door" => "live").increment(4);
            metrics::gauge!("b").set(0.5);
            metrics::histogram!("c_seconds").record(0.0125);
        });
        let totals = Totals::read(&recorder.handle().render());
        assert_eq!((totals.sum("a_total"), totals.sum("b"), totals.sum("nothing")), (7.0, 0.5, 0.0));
        assert_eq!(totals.with("a_total", "code", "y"), 4.0);
        assert_eq!(totals.by("a_total", "code"), [("x", 3.0), ("y", 4.0)].into());
        let p99_ms = totals.quantile_ms("c_seconds", "0.99").expect("recorded");
        assert!((12.0..13.0).contains(&p99_ms), "{p99_ms}");
        assert_eq!(totals.quantile_ms("d_seconds", "0.99"), None);
    }
}
