//! When somebody was born: what was said, and what proof was seen for.

use jiaohao_domain::patient::Identity;
use jiaohao_domain::person::PatientBrief;
use jiaohao_domain::{BusinessDate, Code, PatientId, Rejection};

use super::House;

/// When somebody was born, as it was said.
#[derive(Clone, Copy, Default)]
pub(super) struct Born {
    /// None: not said, forgotten, or not readable.
    pub(super) said: Option<BusinessDate>,
    /// Whether proof of it was seen.
    is_seen: bool,
}

impl Born {
    /// The birth date that gives a class: what somebody says of the own age gives none.
    pub(super) fn seen(self) -> Option<BusinessDate> {
        self.said.filter(|_| self.is_seen)
    }
}

impl House {
    /// The brief of somebody who has been made known, and the birth date.
    ///
    /// # Errors
    /// `forbidden` when nobody is known under that id, or no longer.
    pub(super) async fn known_person(&self, who: &PatientId) -> Result<(PatientBrief, Born), Rejection> {
        self.is_not_erased(who).await?;
        let identity = self.identity_of(who).await?.ok_or(Code::Forbidden)?;
        let born = self.born_of(who, &identity).await;
        Ok((identity.brief, born))
    }

    /// The birth date of somebody.
    pub(super) async fn born(&self, who: &PatientId) -> Result<Born, Rejection> {
        match self.identity_of(who).await? {
            Some(identity) => Ok(self.born_of(who, &identity).await),
            None => Ok(Born::default()),
        }
    }

    async fn born_of(&self, who: &PatientId, identity: &Identity) -> Born {
        Born { said: self.open_birth_date(who, &identity.birth_date_sealed).await, is_seen: identity.real_name }
    }
}
