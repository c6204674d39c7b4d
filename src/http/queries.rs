//! What stands behind the question mark of a request.

use jiaohao_domain::report::By;
use jiaohao_domain::vocabulary::Language;
use jiaohao_domain::{AppointmentId, BusinessDate, SiteId};
use serde::Deserialize;

/// Which report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// Of which site.
    pub site: SiteId,
    /// From this day …
    pub from: BusinessDate,
    /// … to this one.
    pub to: BusinessDate,
    /// By what.
    pub by: By,
    /// The language of a table's heads.
    #[serde(default)]
    pub language: Language,
}

/// Which days of a plan.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanQuery {
    /// From this day (absent: the department's today) …
    pub from: Option<BusinessDate>,
    /// … to this one (absent: two weeks).
    pub to: Option<BusinessDate>,
}

/// Of which day, or of which appointment alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsQuery {
    /// The appointments' day; with neither those of all days of which something is asked or owed.
    pub day: Option<BusinessDate>,
    /// That appointment.
    pub appointment: Option<AppointmentId>,
}

/// Of which day, and from where on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedQuery {
    /// The day on which it was heard of.
    pub day: BusinessDate,
    /// The last number of the page before.
    pub after: Option<String>,
}

/// In which language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarQuery {
    /// Of the texts in the file.
    #[serde(default)]
    pub language: Language,
}
