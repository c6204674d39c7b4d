//! What doors do beside commands and streams, for somebody signed in: persons, directories, codes, tokens.

use jiaohao_actors::shell::Origin;
use jiaohao_domain::person::PersonRecord;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::ToAccount;
use jiaohao_domain::{Code, DepartmentId, OwnerKind, PatientId, Rejection, Role, SiteId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::persons::IDENTIFY;
use super::{House, NEWLY_KNOWN, account, department, site};
use crate::engine::Deed;
use crate::http::requests::{IssueToken, PERSONS_MAX, RegisterPerson, RevokeToken};
use crate::identity::access::{self, Deed as Checked, Facts};
use crate::identity::audit::{self, AuditLine, AuditQuery};
use crate::identity::keys::KeyName;
use crate::identity::tokens::Claims;
use crate::identity::{accounts, area_code, scripts};

impl House {
    pub(super) async fn do_deed(&self, claims: &Claims, deed: Deed) -> Result<Value, Rejection> {
        self.stands(claims).await?;
        let issued = match &deed {
            Deed::IssueToken(asked) => Some(self.script_claims(asked)?),
            _ => None,
        };
        let checked = match &deed {
            Deed::ReadPersons(read) => Checked::ReadPersons(read.ids.clone()),
            Deed::RegisterPerson { .. } => Checked::IdentifyPerson,
            Deed::AskConsent(_) => Checked::AskConsent,
            Deed::ReadFamily => Checked::ReadFamily,
            Deed::ReadActing(who) => Checked::ReadActing(who.clone()),
            Deed::ReadAreaCode(at) => Checked::ReadAreaCode(at.clone()),
            Deed::ReadDirectory(at) => Checked::ReadDirectory(at.clone()),
            Deed::ListSites => Checked::ListSites,
            Deed::FindAppointments(at, _) => Checked::FindAppointments(at.clone()),
            Deed::IssueToken(_) => Checked::IssueToken(issued.as_ref().and_then(|issued| issued.site.clone())),
            Deed::ListTokens(of) => Checked::ListTokens(of.clone()),
            Deed::RevokeToken(asked) => Checked::RevokeToken(asked.site.clone()),
            Deed::ReadAudit(_) => Checked::ReadAudit,
            Deed::ConfirmClock => Checked::RunHouse,
        };
        let mut facts = Facts::default();
        loop {
            let needed = access::needed_deed(claims, &checked, &facts);
            if needed.is_empty() {
                break;
            }
            self.learn(&mut facts, needed).await?;
        }
        let may = access::allowed_deed(claims, &checked, &facts);
        if let Err(why) = may {
            let line = AuditLine::new(claims, checked.name(), Vec::<String>::new(), Err(why.code), self.machine_now());
            self.audit.note(line);
            return Err(why);
        }
        match deed {
            Deed::ReadPersons(read) => self.read_persons(claims, &read.ids).await,
            Deed::RegisterPerson { person, key } => self.register_person(claims, *person, key).await,
            Deed::AskConsent(person) => {
                let person = self.checked_person(claims, *person, None)?;
                self.ask_consent(claims, person).await
            }
            Deed::ReadFamily => self.read_family(claims).await,
            Deed::ReadActing(who) => self.read_acting(claims, &who).await,
            Deed::ReadAreaCode(at) => Ok(self.area_code(&at)),
            Deed::ReadDirectory(at) => self.directory(&at, claims.role == Role::Patient).await,
            Deed::ListSites => self.sites().await,
            Deed::FindAppointments(at, asked) => self.find_appointments(claims, &at, &asked.text).await,
            Deed::IssueToken(asked) => {
                let issued = issued.expect("invariant: it was made above");
                self.issue_token(claims, &asked.name, issued).await
            }
            Deed::ListTokens(of) => self.list_tokens(of.as_ref()).await,
            Deed::RevokeToken(asked) => self.revoke_token(claims, &asked).await,
            Deed::ReadAudit(query) => self.read_audit(claims, query).await,
            Deed::ConfirmClock => {
                self.shell.clock.confirm_wall();
                Ok(json!({}))
            }
        }
    }

    /// Looking at who looked is a look too: on the audit before anything is shown.
    async fn read_audit(&self, claims: &Claims, query: AuditQuery) -> Result<Value, Rejection> {
        let line = AuditLine::new(claims, "read_audit", query.about_ids(), Ok(()), self.machine_now());
        self.audit.look(line).await?;
        let dir = self.settings.data.dir.join("audit");
        let reading = tokio::task::spawn_blocking(move || audit::read(&dir, &query));
        let read = reading.await.map_err(|_| Code::Internal)?;
        read.map_err(|error| {
            tracing::error!(%error, "the audit could not be read");
            Rejection::new(Code::Internal, "the audit could not be read")
        })
    }

    async fn read_persons(&self, claims: &Claims, ids: &[PatientId]) -> Result<Value, Rejection> {
        if ids.len() > PERSONS_MAX {
            return Err(Rejection::new(Code::TooLarge, format!("{PERSONS_MAX} persons at most")));
        }
        // On the audit before anything is shown.
        self.audit.look(AuditLine::new(claims, "read_persons", ids, Ok(()), self.machine_now())).await?;
        let mut persons = Vec::new();
        for who in ids {
            match self.clear_record(who).await {
                Ok(Some(record)) => persons.push(shown(claims.role, who, &record)),
                Ok(None) => {}
                // One broken key leaves a named gap, the others are shown.
                Err(why) if why.code == Code::Internal => persons.push(json!({ "patient": who, "unreadable": true })),
                Err(why) => return Err(why),
            }
        }
        Ok(json!({ "persons": persons }))
    }

    async fn register_person(
        &self,
        claims: &Claims,
        asked: RegisterPerson,
        key: Option<Uuid>,
    ) -> Result<Value, Rejection> {
        let person = self.checked_person(claims, asked, key)?;
        let brief = if claims.role == Role::Patient {
            self.register_own(claims, person).await?
        } else {
            let brief = self.register_here(claims, person).await?;
            if self.newly_known.len() >= NEWLY_KNOWN {
                self.newly_known.clear();
            }
            self.newly_known.insert(brief.patient.clone(), claims.account.clone());
            brief
        };
        let line = AuditLine::new(claims, IDENTIFY, [&brief.patient], Ok(()), self.machine_now());
        self.audit.note(line);
        Ok(json!({ "patient": brief.patient, "masked_name": brief.masked_name }))
    }

    fn area_code(&self, at: &DepartmentId) -> Value {
        let now = self.machine_now();
        let code = area_code::current(self.keys.get(KeyName::Area), at, now);
        let valid_until = self.zone_of(Some(at.prefix(1))).rfc3339(area_code::replaced_at(now));
        json!({ "code": code, "valid_until": valid_until, "valid_s": (area_code::replaced_at(now).ms_since(now)) / 1000 })
    }

    /// The hospitals by name, for whoever looks for one.
    async fn sites(&self) -> Result<Value, Rejection> {
        let named = |state: &jiaohao_domain::site::State| {
            let site = state.definition.as_ref()?;
            Some(json!({ "site": state.id, "name": site.name, "name_en": site.name_en }))
        };
        let mut sites = Vec::new();
        for owner in self.shell.known_owners(OwnerKind::Site) {
            sites.extend(self.shell.read(owner, named).await?);
        }
        Ok(json!({ "sites": sites }))
    }

    /// What a site consists of, with the sessions that its departments have from today on; screens are the staff's.
    async fn directory(&self, at: &SiteId, is_patient: bool) -> Result<Value, Rejection> {
        let zone = self.learn_zone(at.as_str()).await?;
        let id = at.to_string();
        let view = self
            .shell
            .read(site(at.as_str()), move |state: &jiaohao_domain::site::State| {
                let departments: Vec<DepartmentId> =
                    state.departments.iter().filter(|(_, kept)| !kept.retired).map(|(id, _)| id.clone()).collect();
                jiaohao_domain::site::view::snapshot(state, "site", &id, zone).map(|view| (view, departments))
            })
            .await?;
        let (mut view, departments) = view.ok_or(Code::Forbidden)?;
        let today = zone.date(self.shell.clock.clinic());
        let mut sessions = Vec::new();
        for id in departments {
            let of_department = self
                .shell
                .read(department(&id), move |state: &jiaohao_domain::department::State| {
                    sessions_from(state, today, zone)
                })
                .await?;
            sessions.extend(of_department);
        }
        if !is_patient {
            self.ops.screens.tell(&mut view["screens"], &zone);
        } else if let Some(view) = view.as_object_mut() {
            view.remove("screens");
            view.remove("screens_waiting");
        }
        view["sessions"] = Value::Array(sessions);
        view["today"] = json!(today);
        Ok(view)
    }

    fn script_claims(&self, asked: &IssueToken) -> Result<Claims, Rejection> {
        scripts::claims(asked, self.settings.identity.script_token_ttl_s, self.machine_now())
    }

    /// On the list before it is made, so that nobody has a token that no list shows.
    async fn issue_token(&self, claims: &Claims, name: &str, mut issued: Claims) -> Result<Value, Rejection> {
        if let Some(at) = &issued.site {
            let is_there = |state: &jiaohao_domain::site::State| state.definition.is_some();
            if !self.shell.read(site(at.as_str()), is_there).await? {
                return Err(Rejection::new(Code::InvalidField, "site: there is none of that id"));
            }
        }
        let (now, expires_at) = (self.machine_now(), issued.expires_at());
        let note = ToAccount::NoteScript { name: name.to_owned(), role: issued.role, expires_at, now };
        let list = accounts::scripts(issued.site.as_ref());
        self.shell.ask(account(&list), note.into(), Origin::Shell).await?;
        let generation = |state: &jiaohao_domain::account::State| state.generation;
        issued.generation = self.shell.read(account(&issued.account), generation).await?;
        self.generations.learn(&issued.account, issued.generation);
        self.audit.note(AuditLine::new(claims, "issue_token", [&issued.account], Ok(()), now));
        let zone = self.zone_of(issued.site.as_ref().map(SiteId::as_str));
        Ok(json!({
            "access_token": self.tokens.issue(&issued),
            "expires_at": zone.rfc3339(expires_at),
            "expires_in_s": expires_at.ms_since(now) / 1000,
        }))
    }

    async fn list_tokens(&self, of: Option<&SiteId>) -> Result<Value, Rejection> {
        let (now, zone) = (self.machine_now(), self.zone_of(of.map(SiteId::as_str)));
        let listed = move |state: &jiaohao_domain::account::State| {
            let holding = state.scripts.iter().filter(|(_, script)| script.expires_at > now);
            let shown = holding.map(|(name, script)| {
                json!({
                    "name": name,
                    "role": script.role,
                    "issued_at": zone.rfc3339(script.issued_at),
                    "expires_at": zone.rfc3339(script.expires_at),
                })
            });
            shown.collect::<Vec<Value>>()
        };
        let scripts = self.shell.read(account(&accounts::scripts(of)), listed).await?;
        Ok(json!({ "scripts": scripts }))
    }

    /// Ends every token of that name, listed or made on the command line; then the list forgets it.
    async fn revoke_token(&self, claims: &Claims, asked: &RevokeToken) -> Result<Value, Rejection> {
        let who = accounts::script(asked.site.as_ref(), &asked.name)?;
        let end = ToAccount::Revoke { refresh_hash: None };
        self.shell.ask(account(&who), end.into(), Origin::Shell).await?;
        self.relearn(&who).await?;
        let list = accounts::scripts(asked.site.as_ref());
        let forget = ToAccount::DropScript { name: asked.name.clone() };
        self.shell.ask(account(&list), forget.into(), Origin::Shell).await?;
        self.audit.note(AuditLine::new(claims, "revoke_token", [&who], Ok(()), self.machine_now()));
        Ok(json!({}))
    }
}

/// What a role may see of a person: a doctor treats; numbers and phones are the desk's, and one's own.
fn shown(role: Role, who: &PatientId, record: &PersonRecord) -> Value {
    let mut person = json!({
        "patient": who,
        "name": record.name,
        "sex": record.sex,
        "birth_date": record.birth_date,
    });
    if role != Role::Doctor {
        let documents: Vec<_> =
            record.documents.iter().map(|d| json!({ "kind": d.kind, "number": d.number })).collect();
        person["phone"] = json!(record.phone);
        person["documents"] = json!(documents);
    }
    person
}

fn sessions_from(
    state: &jiaohao_domain::department::State,
    today: jiaohao_domain::BusinessDate,
    zone: Zone,
) -> Vec<Value> {
    let clinic = &state.clinic;
    let coming = clinic.sessions.iter().filter(|(_, session)| session.date >= today);
    coming.filter_map(|(id, _)| jiaohao_domain::clinic::view::snapshot(clinic, id.as_str(), zone)).collect()
}
