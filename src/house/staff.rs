//! Who of the staff there is, and that somebody runs all sites: nobody could make such an account again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiaohao_domain::account::view::{self as account_view, Staff};
use jiaohao_domain::vocabulary::ClientCommand as C;
use jiaohao_domain::{Code, OwnerKind, OwnerRef, Rejection, Role, SiteId};
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use super::{House, OWNER_WITHIN, account};
use crate::engine::in_time;
use crate::identity::accounts;

/// So many accounts are asked at once.
const AT_ONCE: usize = 32;
/// However many of them do not answer.
const WITHIN_ALL: Duration = Duration::from_secs(20);

/// What somebody has to be able to do of all sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    /// Run them: nobody could make such an account again.
    Run,
    /// Issue tokens: nobody could give that right again.
    Issue,
}

impl Power {
    fn has(self, staff: &Staff) -> bool {
        staff.runs_all_sites() && (self == Self::Run || staff.may_issue)
    }

    /// How a refusal says that it is the last one.
    fn last(self) -> (&'static str, &'static str) {
        match self {
            Self::Run => ("last_operator", "the last operator of all sites"),
            Self::Issue => ("last_issuer", "the last who may issue for all sites"),
        }
    }
}

/// The account that may have had these powers and would have them no more. One that is new is nobody's yet.
fn leaves(command: &C) -> Option<(&str, &'static [Power])> {
    match command {
        C::DefineStaff(c) if c.new => None,
        C::DefineStaff(c) if c.role != Role::Operator || c.site.is_some() => Some((&c.id, &[Power::Run, Power::Issue])),
        C::DefineStaff(c) if !c.may_issue => Some((&c.id, &[Power::Issue])),
        C::RetireStaff(c) => Some((&c.id, &[Power::Run, Power::Issue])),
        _ => None,
    }
}

/// Whether one of them has that power; those who do not answer in time, or cannot, are nobody who could sign in. Who is
/// found makes the others' answers needless.
async fn some_have<F>(power: Power, reads: impl Iterator<Item = F>, within: Duration) -> bool
where
    F: Future<Output = Result<Option<Staff>, Rejection>>,
{
    let mut reads = stream::iter(reads.map(|read| in_time(within, read))).buffer_unordered(AT_ONCE);
    let found = async {
        while let Some(read) = reads.next().await {
            if matches!(read, Ok(Some(staff)) if power.has(&staff)) {
                return Ok(true);
            }
        }
        Ok(false)
    };
    // However many are silent.
    in_time(WITHIN_ALL, found).await.unwrap_or(false)
}

impl House {
    /// Refuses with `in_use` what would leave no operator of all sites, or none who may issue. Else what may be handed over
    /// now: one such change after the other ([`House::operators_leave`]).
    pub(super) async fn leaves_an_operator(&self, command: &C) -> Result<Option<MutexGuard<'_, ()>>, Rejection> {
        let Some((id, powers)) = leaves(command) else { return Ok(None) };
        let asked = account(&accounts::staff(id)?);
        // Whoever could not issue loses nothing by it: hardly anybody is waited for.
        if *powers == [Power::Issue]
            && let Ok(known) = in_time(OWNER_WITHIN, self.read_staff(asked.clone())).await
            && !known.is_some_and(|staff| Power::Issue.has(&staff))
        {
            return Ok(None);
        }
        let one_by_one = self.operators_leave.lock().await;
        let known = in_time(OWNER_WITHIN, self.read_staff(asked.clone())).await;
        for power in powers {
            // One that does not answer may have it, and goes where there is another.
            if matches!(&known, Ok(known) if !known.as_ref().is_some_and(|staff| power.has(staff))) {
                continue;
            }
            let others = self.staff_accounts().await?.into_iter().filter(|other| *other != asked);
            if !some_have(*power, others.map(|other| self.read_staff(other)), OWNER_WITHIN).await {
                let (name, what) = power.last();
                return known.and(Err(Rejection::new(Code::InUse, what).with(name, id)));
            }
        }
        Ok(Some(one_by_one))
    }

    /// Who of the staff signs in, by name; of a site: also its doctors, whose accounts need not name it.
    pub(super) async fn list_staff(&self, of: Option<&SiteId>) -> Result<Value, Rejection> {
        let reads = self.staff_accounts().await?.into_iter().map(|who| in_time(OWNER_WITHIN, self.read_staff(who)));
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        let site_of = |known: &Staff| known.site.clone().or_else(|| Some(known.doctor.as_ref()?.site()));
        let (mut staff, mut silent) = (Vec::new(), 0);
        while let Some(read) = reads.next().await {
            match read {
                Ok(known) => staff.extend(known.filter(|known| of.is_none() || site_of(known).as_ref() == of)),
                // Of which site it is nobody knows: counted, not named.
                Err(_) => silent += 1,
            }
        }
        Ok(json!({ "staff": staff, "silent": silent }))
    }

    fn read_staff(&self, who: OwnerRef) -> impl Future<Output = Result<Option<Staff>, Rejection>> + use<> {
        let shell = self.shell.clone();
        async move { shell.read(who, account_view::staff).await }
    }

    /// Everybody's who signs in by a name, or did. Of a city's accounts only these are looked at, where blocking is
    /// allowed: the store is read.
    async fn staff_accounts(&self) -> Result<BTreeSet<OwnerRef>, Rejection> {
        let shell = self.shell.clone();
        let known = move || shell.known_named(OwnerKind::Account, accounts::STAFF);
        tokio::task::spawn_blocking(known).await.map_err(|_| Code::Internal.into())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;

    type Read = BoxFuture<'static, Result<Option<Staff>, Rejection>>;

    fn known(role: Role, site: Option<&str>) -> Read {
        let (id, site) = ("it".to_owned(), site.map(SiteId::from));
        let staff = Staff { id, role, site, departments: Vec::new(), doctor: None, may_issue: false };
        ready(Ok(Some(staff))).boxed()
    }

    fn lost() -> [Read; 3] {
        [pending().boxed(), ready(Err(Code::OwnerFailed.into())).boxed(), ready(Ok(None)).boxed()]
    }

    #[tokio::test]
    async fn whoever_does_not_answer_is_no_operator_and_hides_none() {
        let (long, short) = (Duration::from_secs(600), Duration::from_millis(20));
        let found = lost().into_iter().chain([known(Role::Operator, None)]);
        assert!(some_have(Power::Run, found, long).await, "nobody is waited for once one is found");
        let none = [known(Role::Operator, Some("s")), known(Role::Desk, Some("s"))];
        assert!(!some_have(Power::Run, lost().into_iter().chain(none), short).await);
        let issues = || [known(Role::Operator, None)].into_iter();
        assert!(!some_have(Power::Issue, issues(), short).await, "who runs all sites need not issue");
        let silent = (0..2 * AT_ONCE).map(|_| pending().boxed());
        assert!(some_have(Power::Run, silent.chain([known(Role::Operator, None)]), short).await);
    }
}
