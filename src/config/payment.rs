//! The section of the party that takes fees. Off until its address is given.

use std::path::PathBuf;

use confique::Config;
use jiaohao_domain::redacted::Redacted;

use super::Settings;
use super::channels::{Secret, address, missing, secret};

/// Fees through an outside party. Off until `url` is given. docs/payment.md: what the party has to speak, and how another one
/// is plugged in.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PaymentSettings {
    /// The address of the party. Allowed: https://, or http:// and an address of this machine or a private network.
    pub url: Option<String>,
    /// Which number the party knows the hospital by.
    pub merchant: Option<String>,
    /// The key, by which both sides sign. Better in its own file, or in the environment as JIAOHAO_PAYMENT__SECRET.
    pub secret: Option<Secret>,
    /// A file with the key, instead of `secret`.
    pub secret_file: Option<PathBuf>,
}

impl PaymentSettings {
    /// The key, from where it stands.
    ///
    /// # Errors
    /// What is wrong, without the key.
    pub fn key(&self) -> Result<Redacted<String>, String> {
        secret(self.secret.as_ref(), self.secret_file.as_deref())
    }
}

impl Settings {
    /// What is given of a payment that is off: it may be meant to be on.
    pub(super) fn half_payment(&self) -> Option<String> {
        let payment = &self.payment;
        let given = [
            ("payment.merchant", payment.merchant.is_some()),
            ("payment.secret", payment.secret.is_some()),
            ("payment.secret_file", payment.secret_file.is_some()),
        ];
        let (field, _) = given.iter().find(|(_, is_given)| *is_given && payment.url.is_none())?;
        Some(format!(
            "{field} is given and payment.url is not: payment stays off; give payment.url, or take out the section"
        ))
    }

    /// What is wrong with a payment that is on: by field.
    pub(super) fn payment_faults(&self) -> Vec<(&'static str, String)> {
        let (mut faults, payment) = (Vec::new(), &self.payment);
        if let Some(url) = &payment.url {
            address(&mut faults, "payment.url", url);
            let from = if payment.secret_file.is_some() { "payment.secret_file" } else { "payment.secret" };
            faults.extend(payment.key().err().map(|why| (from, why)));
            missing(&mut faults, "payment.url", [("payment.merchant", payment.merchant.as_deref())]);
        }
        faults
    }
}
