//! Rules that differ between hospitals, with DOMAIN's defaults. Each field's doc is its text in the configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of one department.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DepartmentSettings {
    /// Who is next.
    pub queue: crate::queue::QueueSettings,
    /// Booking and arrival.
    pub booking: BookingSettings,
}

/// Booking and arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookingSettings {
    /// How long a hold counts, in seconds (default 600).
    pub hold_ttl_s: i64,
    /// Check-in opens this many minutes before the slot (default 60).
    pub check_in_opens_min: i64,
    /// Cancel until this many minutes after midnight of the previous day (default 17:00 = 1020).
    pub cancel_until_min: i64,
    /// A booking made after the cut-off may be undone for this many minutes (default 30).
    pub late_booking_undo_min: i64,
    /// How many days a visit stays open (default 3).
    pub visit_days: i64,
    /// The number is given at booking (default) or at check-in.
    pub number_at_booking: bool,
    /// No-show: this many minutes after the slot's end; absent: at the end of the session's last slot.
    pub no_show_grace_min: Option<i64>,
}

impl Default for BookingSettings {
    fn default() -> Self {
        Self {
            hold_ttl_s: 600,
            check_in_opens_min: 60,
            cancel_until_min: 1020,
            late_booking_undo_min: 30,
            visit_days: 3,
            number_at_booking: true,
            no_show_grace_min: None,
        }
    }
}
