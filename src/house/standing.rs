//! What tokens hang on beside their own account.

use jiaohao_domain::account::{Issuer, view as account_view};
use jiaohao_domain::{AccountId, DoctorId, Rejection, Role};

use super::{House, account, site};
use crate::identity::accounts;
use crate::identity::tokens::Claims;

impl House {
    /// Asks the site whether the doctor is retired, and keeps the answer: in the name of one who is nobody acts any more.
    pub(super) async fn relearn_doctor(&self, doctor: &DoctorId) -> Result<bool, Rejection> {
        let asked = doctor.clone();
        let is_retired =
            move |state: &jiaohao_domain::site::State| state.doctors.get(&asked).is_some_and(|known| known.retired);
        let retired = self.shell.read(site(doctor.as_str()), is_retired).await?;
        self.generations.learn_doctor(doctor, retired);
        Ok(retired)
    }

    /// By which right whoever has these claims issues a token now. Asked of the account itself, and then whether the claims
    /// still stand: who loses the right in this moment leaves no token that outlives it.
    pub(super) async fn issuer(&self, claims: &Claims) -> Result<Issuer, Rejection> {
        let standing = self.shell.read(account(&claims.account), account_view::standing).await?;
        let issuing_lost = standing.issuing_lost;
        self.generations.learn(&claims.account, standing);
        self.stands(claims).await?;
        Ok(Issuer { account: claims.account.clone(), issuing_lost })
    }

    /// Whether a token that was made by this right still holds by it; one of before, of which nobody knows, does.
    pub(super) async fn may_still_issue(&self, by: Option<&Issuer>) -> Result<bool, Rejection> {
        let Some(by) = by else { return Ok(true) };
        let standing = self.shell.read(account(&by.account), account_view::standing).await?;
        Ok(by.issuing_lost >= standing.issuing_lost)
    }

    /// Whether it is the account of a doctor who is retired: it signs in no more.
    pub(super) async fn is_of_retired_doctor(&self, who: &AccountId) -> Result<bool, Rejection> {
        if !who.as_str().starts_with(accounts::STAFF) {
            return Ok(false);
        }
        let staff = self.shell.read(account(who), account_view::staff).await?;
        match staff.filter(|staff| staff.role == Role::Doctor).and_then(|staff| staff.doctor) {
            Some(doctor) => self.relearn_doctor(&doctor).await,
            None => Ok(false),
        }
    }
}
