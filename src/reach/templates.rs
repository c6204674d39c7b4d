//! By which setting of a channel each kind of notice is worded: a new kind has its line here and its setting in
//! [`crate::config::SmsSettings`] and [`crate::config::WechatSettings`], and is known wherever templates are asked for.

use jiaohao_domain::reach::About;

use crate::config::{SmsSettings, WechatSettings};

/// The setting of the template that tells this: its name, and what is given there.
macro_rules! setting {
    ($settings:ident, $section:literal, $about:expr) => {
        match $about {
            About::ThreeBefore => (concat!($section, ".template_three_before"), &$settings.template_three_before),
            About::Called => (concat!($section, ".template_called"), &$settings.template_called),
            About::Delayed => (concat!($section, ".template_delayed"), &$settings.template_delayed),
            About::Stopped => (concat!($section, ".template_stopped"), &$settings.template_stopped),
            About::AsPlanned => (concat!($section, ".template_as_planned"), &$settings.template_as_planned),
            About::Offered => (concat!($section, ".template_offered"), &$settings.template_offered),
            About::Booked => (concat!($section, ".template_booked"), &$settings.template_booked),
            About::Cancelled => (concat!($section, ".template_cancelled"), &$settings.template_cancelled),
            About::Refunded => (concat!($section, ".template_refunded"), &$settings.template_refunded),
            About::Reminder => (concat!($section, ".template_reminder"), &$settings.template_reminder),
            About::RefundAtDesk => (concat!($section, ".template_refund_at_desk"), &$settings.template_refund_at_desk),
        }
    };
}

/// What is told, the setting of its template, and what is given there.
pub type OfKind<'a> = (About, &'static str, Option<&'a str>);

impl SmsSettings {
    /// The templates of notices, those too that are not given.
    pub fn templates(&self) -> impl Iterator<Item = OfKind<'_>> {
        About::ALL.iter().map(move |about| {
            let (field, given) = setting!(self, "sms", about);
            (*about, field, given.as_deref())
        })
    }
}

impl WechatSettings {
    /// The templates of notices, those too that are not given.
    pub fn templates(&self) -> impl Iterator<Item = OfKind<'_>> {
        About::ALL.iter().map(move |about| {
            let (field, given) = setting!(self, "wechat", about);
            (*about, field, given.as_deref())
        })
    }
}
