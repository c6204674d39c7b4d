//! What doors do beside commands and streams, for somebody signed in: persons, directories, codes, tokens.

use jiaohao_actors::shell::Origin;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{ToAccount, ToPatient};
use jiaohao_domain::{Code, DepartmentId, OwnerKind, PatientId, Rejection, Role, SiteId};
use serde_json::{Value, json};

use super::{House, NEWLY_KNOWN, account, department, patient, site};
use crate::engine::Deed;
use crate::http::requests::{IssueToken, PERSONS_MAX, RegisterPerson};
use crate::identity::access::{self, Deed as Checked, Facts};
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::tokens::Claims;
use crate::identity::{accounts, area_code};

impl House {
    pub(super) async fn do_deed(&self, claims: &Claims, deed: Deed) -> Result<Value, Rejection> {
        self.stands(claims).await?;
        let checked = match &deed {
            Deed::ReadPersons(read) => Checked::ReadPersons(read.ids.clone()),
            Deed::RegisterPerson(_) => Checked::IdentifyPerson,
            Deed::ReadAreaCode(at) => Checked::ReadAreaCode(at.clone()),
            Deed::ReadDirectory(at) => Checked::ReadDirectory(at.clone()),
            Deed::ListSites => Checked::ListSites,
            Deed::FindAppointments(at, _) => Checked::FindAppointments(at.clone()),
            Deed::IssueToken(issue) => Checked::IssueToken(issue.site.clone()),
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
            Deed::RegisterPerson(person) => self.register_person(claims, *person).await,
            Deed::ReadAreaCode(at) => Ok(self.area_code(&at)),
            Deed::ReadDirectory(at) => self.directory(&at).await,
            Deed::ListSites => self.sites().await,
            Deed::FindAppointments(at, asked) => self.find_appointments(claims, &at, &asked.text).await,
            Deed::IssueToken(issue) => self.issue_token(claims, &issue),
            Deed::ConfirmClock => {
                self.shell.clock.confirm_wall();
                Ok(json!({}))
            }
        }
    }

    async fn read_persons(&self, claims: &Claims, ids: &[PatientId]) -> Result<Value, Rejection> {
        if ids.len() > PERSONS_MAX {
            return Err(Rejection::new(Code::TooLarge, format!("{PERSONS_MAX} persons at most")));
        }
        // On the audit before anything is shown.
        self.audit.look(AuditLine::new(claims, "read_persons", ids, Ok(()), self.machine_now())).await?;
        let mut persons = Vec::new();
        for who in ids {
            if let Some(record) = self.clear_record(who).await? {
                let documents: Vec<_> =
                    record.documents.iter().map(|d| json!({ "kind": d.kind, "number": d.number })).collect();
                persons.push(json!({
                    "patient": who,
                    "name": record.name,
                    "phone": record.phone,
                    "sex": record.sex,
                    "birth_date": record.birth_date,
                    "documents": documents,
                }));
            }
        }
        Ok(json!({ "persons": persons }))
    }

    async fn register_person(&self, claims: &Claims, person: RegisterPerson) -> Result<Value, Rejection> {
        let own = claims.role == Role::Patient;
        let relation = person.relation.clone().unwrap_or_else(|| "self".to_owned());
        if own && self.is_known_with_others(&person, claims).await? {
            // Somebody else's document: only the desk, which sees proof, connects it to another phone.
            return Err(Rejection::new(
                Code::Forbidden,
                "this person is known already; the desk can connect them to you",
            ));
        }
        let brief = self.register(person, !own).await?;
        if let (false, Some(at)) = (own, claims.site.clone()) {
            if self.newly_known.len() >= NEWLY_KNOWN {
                self.newly_known.clear();
            }
            self.newly_known.insert(brief.patient.clone(), at);
        }
        if own {
            let who = brief.patient.clone();
            let principal_origin = Origin::Client {
                principal: claims.principal(),
                name: "identify_person".into(),
                key: None,
                body_hash: [0; 16],
            };
            let to_account = ToAccount::Relate { patient: who.clone(), relation: relation.clone(), granted: true };
            self.shell.ask(account(&claims.account), to_account.into(), principal_origin).await?;
            let to_patient = ToPatient::Relate { account: claims.account.clone(), relation, granted: true };
            self.shell.ask(patient(&who), to_patient.into(), Origin::Shell).await?;
        }
        let line = AuditLine::new(claims, "identify_person", [&brief.patient], Ok(()), self.machine_now());
        self.audit.note(line);
        Ok(json!({ "patient": brief.patient, "masked_name": brief.masked_name }))
    }

    async fn is_known_with_others(&self, person: &RegisterPerson, claims: &Claims) -> Result<bool, Rejection> {
        let (who, _) = self.id_of_document(person, false)?;
        let me = claims.account.clone();
        self.shell
            .read(patient(&who), move |state: &jiaohao_domain::patient::State| {
                !state.accounts.is_empty() && !state.accounts.contains_key(&me)
            })
            .await
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

    /// What a site consists of, with the sessions that its departments have from today on.
    async fn directory(&self, at: &SiteId) -> Result<Value, Rejection> {
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
        view["sessions"] = Value::Array(sessions);
        view["today"] = json!(today);
        Ok(view)
    }

    fn issue_token(&self, claims: &Claims, issue: &IssueToken) -> Result<Value, Rejection> {
        let most_s = self.settings.identity.script_token_ttl_s;
        if !(60..=most_s).contains(&issue.ttl_s) {
            return Err(Rejection::new(Code::InvalidField, format!("ttl_s is 60 to {most_s}")));
        }
        let mut issued = Claims::new(issue.role, accounts::script(&issue.name)?, self.machine_now(), issue.ttl_s);
        issued.site = issue.site.clone();
        let line = AuditLine::new(claims, "issue_token", [&issued.account], Ok(()), self.machine_now());
        self.audit.note(line);
        self.generations.learn(&issued.account, 0);
        Ok(json!({ "access_token": self.tokens.issue(&issued), "expires_in_s": issue.ttl_s }))
    }
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
