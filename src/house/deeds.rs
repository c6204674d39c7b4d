//! What doors do beside commands and streams, for somebody signed in: persons, directories, codes, tokens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiaohao_actors::shell::{Origin, clock};
use jiaohao_domain::account::{IssuedToken, view as account_view};
use jiaohao_domain::person::PersonRecord;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::ToAccount;
use jiaohao_domain::{AccountId, Code, DepartmentId, OwnerKind, PatientId, Rejection, Role, SiteId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::arrivals::qr_code;
use super::facts::{JUST_REGISTERED, Named, WAITS};
use super::persons::IDENTIFY;
use super::{House, NEWLY_KNOWN, NEWLY_KNOWN_FOR, OWNER_WITHIN, account, department, site_itself};
use crate::engine::{Deed, in_time};
use crate::http::requests::{IssueToken, PERSONS_MAX, RegisterPerson, RevokeToken};
use crate::identity::access::{self, Deed as Checked, Facts, Target};
use crate::identity::audit::{self, AuditLine, AuditQuery};
use crate::identity::keys::KeyName;
use crate::identity::tokens::Claims;
use crate::identity::{accounts, area_code, chance, scripts};
use crate::kept::make_room;

/// Of a department's sessions those of so many days stand in a directory …
const DIRECTORY_DAYS: i64 = 62;
/// … and so many at most, the nearest.
const DIRECTORY_SESSIONS: usize = 1_000;
/// A department that has not answered by then is named as silent.
const READ_WITHIN: Duration = Duration::from_secs(2);

impl House {
    pub(super) async fn do_deed(&self, claims: &Claims, mut deed: Deed) -> Result<Value, Rejection> {
        self.stands(claims).await?;
        let issued = match &deed {
            Deed::IssueToken(asked) => Some(self.script_claims(asked)?),
            _ => None,
        };
        let mut checked = match &deed {
            Deed::ReadPersons(read) => Checked::ReadPersons(read.ids.clone()),
            Deed::RegisterPerson { .. } => Checked::IdentifyPerson,
            Deed::BindPerson(asked) => {
                Checked::BindPerson(std::iter::once(&asked.patient).chain(&asked.provisional).cloned().collect())
            }
            Deed::ErasePerson(asked) => Checked::ErasePerson(asked.patient.clone()),
            Deed::AskConsent(_) => Checked::AskConsent,
            Deed::ReadFamily => Checked::ReadFamily,
            Deed::AskWechat { .. } => Checked::AskWechat,
            Deed::BindWechat(_) => Checked::BindWechat,
            Deed::ReadActing(who) => Checked::ReadActing(who.clone()),
            Deed::ReadAreaCode(at) => Checked::ReadAreaCode(at.clone()),
            Deed::ReadDirectory(at) => Checked::ReadDirectory(at.clone()),
            Deed::ListSites => Checked::ListSites,
            Deed::FindPlaces(_) => Checked::FindPlaces,
            Deed::FindAppointments(at, _) => Checked::FindAppointments(at.clone()),
            Deed::ReadPlan(at, _) => Checked::ReadPlan(at.clone()),
            Deed::ReadPayments(at, _) | Deed::ReadReceived(at, ..) => Checked::ReadPayments(at.clone()),
            Deed::ReadReleases(at) => Checked::ReadReleases(at.clone()),
            Deed::ReadNotReached(session) => Checked::ReadNotReached(session.clone()),
            Deed::FindArrivals(asked) => Checked::FindArrivals(asked.departments.clone()),
            Deed::ReadCalendar(appointment, _) => Checked::ReadCalendar(appointment.clone()),
            Deed::ReadTicketCode(ticket) => Checked::ReadTicketCode(ticket.clone()),
            Deed::ReadPreCheck(ticket) => Checked::ReadPreCheck(ticket.clone()),
            Deed::DrawQrCode(_) => Checked::DrawQrCode,
            Deed::IssueToken(_) => Checked::IssueToken(issued.as_ref().and_then(|issued| issued.site.clone())),
            Deed::ListStaff(of) => Checked::ListStaff(of.clone()),
            Deed::ListTokens(of) => Checked::ListTokens(of.clone()),
            Deed::RevokeToken(asked) => Checked::RevokeToken(asked.site.clone()),
            Deed::ReadAudit(_) => Checked::ReadAudit,
            Deed::ReadReports(asked) => Checked::ReadReports(asked.site.clone()),
            Deed::ConfirmClock => Checked::RunHouse,
            Deed::ReadVoice(at) | Deed::HearClip(at, _) => Checked::ReadVoice(at.clone()),
            Deed::RecordClip(at, ..) | Deed::MakeVoice(at, _) | Deed::UseVoice(at) => Checked::RecordVoice(at.clone()),
        };
        let mut facts = Facts::default();
        loop {
            let needed = access::needed_deed(claims, &checked, &facts);
            if needed.is_empty() {
                break;
            }
            self.learn(&mut facts, needed).await?;
        }
        // Of several persons those whom one may not see are left out, like those whom nobody knows.
        if let Deed::ReadPersons(read) = &mut deed {
            let one = |who: &PatientId| Checked::ReadPersons(vec![who.clone()]);
            let may = |who: &PatientId| access::allowed_deed(claims, &one(who), &facts).is_ok();
            let (seen, others): (Vec<PatientId>, Vec<PatientId>) = read.ids.iter().cloned().partition(may);
            if !seen.is_empty() && !others.is_empty() {
                let line = AuditLine::new(claims, checked.name(), others, Err(Code::Forbidden), self.machine_now());
                self.audit.note(line);
                checked = Checked::ReadPersons(seen.clone());
                read.ids = seen;
            }
        }
        let asked = self.account_asked_about(&deed);
        let done = match access::allowed_deed(claims, &checked, &facts) {
            Ok(()) => self.do_allowed(claims, deed, issued).await,
            refused => refused.map(|()| Value::Null),
        };
        if let Err(why) = &done {
            let about = Target::of_deed(&checked).ids().into_iter().chain(asked.iter().map(ToString::to_string));
            self.audit.note(AuditLine::new(claims, checked.name(), about, Err(why.code), self.machine_now()));
        }
        done
    }

    async fn do_allowed(&self, claims: &Claims, deed: Deed, issued: Option<Claims>) -> Result<Value, Rejection> {
        match deed {
            Deed::ReadPersons(read) => self.read_persons(claims, &read.ids).await,
            Deed::RegisterPerson { person, key } => self.register_person(claims, *person, key).await,
            Deed::BindPerson(asked) => self.bind_person(claims, asked).await,
            Deed::ErasePerson(asked) => self.erase_person(claims, asked).await,
            Deed::AskConsent(person) => {
                let person = self.checked_person(claims, *person, None).await?;
                self.ask_consent(claims, person).await
            }
            Deed::ReadFamily => self.read_family(claims).await,
            Deed::AskWechat { origin } => self.ask_wechat(claims, &origin),
            Deed::BindWechat(back) => self.bind_wechat(claims, back).await,
            Deed::ReadActing(who) => self.read_acting(claims, &who).await,
            Deed::ReadAreaCode(at) => Ok(self.area_code(&at)),
            Deed::ReadDirectory(at) => self.directory(&at, claims.role).await,
            Deed::ListSites => self.sites().await,
            Deed::FindPlaces(asked) => self.find_places(asked).await,
            Deed::FindAppointments(at, asked) => self.find_appointments(claims, &at, &asked.text).await,
            Deed::ReadPlan(at, asked) => self.read_plan(&at, &asked).await,
            Deed::ReadPayments(at, of) => self.read_payments(&at, of).await,
            Deed::ReadReceived(at, day, after) => self.read_received(&at, day, after).await,
            Deed::ReadReleases(at) => self.read_releases(&at).await,
            Deed::ReadNotReached(session) => self.read_not_reached(claims, &session).await,
            Deed::FindArrivals(asked) => self.find_arrivals(claims, asked).await,
            Deed::ReadCalendar(appointment, language) => self.read_calendar(&appointment, language).await,
            Deed::ReadTicketCode(ticket) => self.read_ticket_code(ticket).await,
            Deed::ReadPreCheck(ticket) => self.read_pre_check(claims, ticket).await,
            Deed::DrawQrCode(asked) => qr_code(&asked.text),
            Deed::IssueToken(asked) => {
                let issued = issued.ok_or(Code::Internal)?;
                self.issue_token(claims, &asked.name, issued).await
            }
            Deed::ListStaff(of) => self.list_staff(of.as_ref()).await,
            Deed::ListTokens(of) => self.list_tokens(of.as_ref()).await,
            Deed::RevokeToken(asked) => self.revoke_token(claims, &asked).await,
            Deed::ReadAudit(query) => self.read_audit(claims, query).await,
            Deed::ReadReports(asked) => self.read_reports(&asked).await,
            Deed::ConfirmClock => self.confirm_clock(claims).await,
            Deed::ReadVoice(at) => self.read_voice(&at).await,
            Deed::HearClip(at, name) => self.hear_clip(&at, &name).await,
            Deed::RecordClip(at, name, file) => self.record_clip(claims, &at, &name, file).await,
            Deed::MakeVoice(at, languages) => self.make_voice(claims, &at, languages).await,
            Deed::UseVoice(at) => self.use_voice(claims, &at).await,
        }
    }

    /// What follows from a wrong time cannot be taken back, and no owner's record says who confirmed it: the audit does, before.
    async fn confirm_clock(&self, claims: &Claims) -> Result<Value, Rejection> {
        let clock = &self.shell.clock;
        let utc = Zone::utc();
        let [clinic, wall] = [clock.clinic(), clock.wall_now()].map(|at| utc.rfc3339(at));
        self.audit.look(AuditLine::new(claims, "confirm_clock", [&clinic, &wall], Ok(()), self.machine_now())).await?;
        tracing::warn!(clinic, wall, "an operator says that the wall clock is right");
        clock.confirm_wall();
        Ok(json!({}))
    }

    /// Looking at who looked is a look too: on the audit before anything is shown. Whoever types a name, a phone or a document
    /// in place of an id finds nothing, and what was typed is not put down.
    async fn read_audit(&self, claims: &Claims, query: AuditQuery) -> Result<Value, Rejection> {
        let asked = query.clone();
        let dir = self.settings.data.audit_dir();
        self.audit.settled().await?;
        let reading = tokio::task::spawn_blocking(move || audit::read(&dir, &asked));
        let read = reading.await.map_err(|_| Code::Internal)?.map_err(|error| {
            tracing::error!(%error, "the audit could not be read");
            Rejection::new(Code::Internal, "the audit could not be read")
        })?;
        let found = read["lines"].as_array().is_some_and(|lines| !lines.is_empty());
        let about = query.about_ids(found);
        self.audit.look(AuditLine::new(claims, "read_audit", about, Ok(()), self.machine_now())).await?;
        Ok(read)
    }

    async fn read_persons(&self, claims: &Claims, ids: &[PatientId]) -> Result<Value, Rejection> {
        if ids.len() > PERSONS_MAX {
            return Err(Rejection::new(Code::TooLarge, format!("{PERSONS_MAX} persons at most")));
        }
        let known = ids.iter().map(|who| in_time(OWNER_WITHIN, self.seen_in_part(claims, who)));
        // Of whom it is not known now, no more is shown than of one who has only been registered.
        let known =
            futures_util::future::join_all(known).await.into_iter().map(|by| by.unwrap_or(Some(JUST_REGISTERED)));
        let seen_by: BTreeMap<&PatientId, Option<&'static str>> = ids.iter().zip(known).collect();
        // On the audit before anything is shown.
        for by in [None, Some(JUST_REGISTERED), Some(WAITS)] {
            let seen: Vec<&PatientId> = ids.iter().filter(|who| seen_by.get(who) == Some(&by)).collect();
            if !seen.is_empty() {
                let line = AuditLine::new(claims, "read_persons", seen, Ok(()), self.machine_now());
                self.audit.look(line.by(by)).await?;
            }
        }
        let mut persons = Vec::new();
        let read = |who| in_time(OWNER_WITHIN, self.clear_record(who));
        for (who, record) in ids.iter().zip(futures_util::future::join_all(ids.iter().map(read)).await) {
            match record {
                Ok(Some(record)) => {
                    let by = seen_by.get(who).copied().flatten();
                    let (is_doctor, waits) = (claims.role == Role::Doctor, by == Some(WAITS));
                    let in_full = !is_doctor && by.is_none();
                    persons.push(shown(in_full, in_full || waits, who, &record));
                }
                Ok(None) => {}
                // One that cannot be read leaves a named gap, the others are shown.
                Err(why) => persons.push(gap(who, why.code)),
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
        let person = self.checked_person(claims, asked, key).await?;
        let by_document = person.is_seen_by(claims.role);
        let brief = if claims.role == Role::Patient {
            self.register_own(claims, person).await?
        } else {
            let brief = self.register_here(claims, person).await?;
            if claims.role == Role::Desk {
                let now = clock::monotonic();
                let is_over = |since: &Instant| now.duration_since(*since) >= NEWLY_KNOWN_FOR;
                make_room(&self.newly_known, NEWLY_KNOWN, is_over, |since| *since);
                self.newly_known.insert((claims.account.clone(), brief.patient.clone()), now);
            }
            brief
        };
        let line = AuditLine::new(claims, IDENTIFY, [&brief.patient], Ok(()), self.machine_now());
        self.audit.note(line.by(by_document.then_some("document")));
        Ok(json!({ "patient": brief.patient, "masked_name": brief.masked_name }))
    }

    /// The account that a deed is about: a script's, or that of the phone that is asked for its word.
    fn account_asked_about(&self, deed: &Deed) -> Option<AccountId> {
        match deed {
            Deed::IssueToken(asked) => accounts::script(asked.site.as_ref(), &asked.name).ok(),
            Deed::RevokeToken(asked) => accounts::script(asked.site.as_ref(), &asked.name).ok(),
            Deed::AskConsent(person) => accounts::phone(self.keys.get(KeyName::Hash), person.phone.as_deref()?).ok(),
            _ => None,
        }
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
            let mut named = jiaohao_domain::site::view::site(state, site);
            // Under which name it is listed.
            named["site"] = named["id"].take();
            named.as_object_mut().map(|fields| fields.remove("id"));
            Some(named)
        };
        let owners = self.shell.known_owners(OwnerKind::Site);
        let reads = owners.iter().map(|owner| in_time(READ_WITHIN, self.shell.read(owner.clone(), named)));
        let answers = futures_util::future::join_all(reads).await;
        // One that does not answer is named, and keeps no other from the list.
        let (mut sites, mut silent) = (Vec::new(), Vec::new());
        for (owner, answer) in owners.iter().zip(answers) {
            match answer {
                Ok(site) => sites.extend(site),
                Err(_) => silent.push(&*owner.id),
            }
        }
        Ok(json!({ "sites": sites, "silent": silent }))
    }

    /// What a site consists of, with the sessions that its departments have from today on; screens and the rules of the pre-check are the staff's.
    async fn directory(&self, at: &SiteId, role: Role) -> Result<Value, Rejection> {
        let zone = self.learn_zone(at.as_str()).await?;
        let read = move |state: &jiaohao_domain::site::State| {
            jiaohao_domain::site::view::directory(state, zone, role == Role::Operator)
        };
        let (mut view, departments) = self.shell.read(site_itself(at)?, read).await?.ok_or(Code::Forbidden)?;
        let today = zone.date(self.shell.clock.clinic());
        let of_department = |id: &DepartmentId| {
            let read = move |state: &jiaohao_domain::department::State| sessions_from(state, today, zone);
            in_time(READ_WITHIN, self.shell.read(department(id), read))
        };
        let answers = futures_util::future::join_all(departments.iter().map(of_department)).await;
        // A department that does not answer keeps its own sessions from a page, and no page from the site.
        let (mut sessions, mut silent, mut left_out) = (Vec::new(), Vec::new(), 0);
        for (id, answer) in departments.iter().zip(answers) {
            match answer {
                Ok((of_department, further)) => {
                    sessions.extend(of_department);
                    left_out += further;
                }
                Err(_) => silent.push(id),
            }
        }
        view["silent"] = json!(silent);
        // How answers are judged is not told to who gives them, on a phone or at a kiosk.
        if matches!(role, Role::Patient | Role::Kiosk)
            && let Some(questions) = view["questions"].as_object_mut()
        {
            questions.remove("rules");
        }
        if role != Role::Patient {
            self.ops.screens.tell(&mut view["screens"], &zone);
        } else if let Some(view) = view.as_object_mut() {
            view.remove("screens");
            view.remove("screens_waiting");
            view.remove("questions_before");
        }
        view["sessions"] = Value::Array(sessions);
        view["sessions_left_out"] = json!(left_out);
        view["today"] = json!(today);
        Ok(view)
    }

    fn script_claims(&self, asked: &IssueToken) -> Result<Claims, Rejection> {
        scripts::claims(asked, self.settings.identity.script_token_ttl_s, self.machine_now())
    }

    /// On the list before it is made, so that nobody has a token that no list shows.
    async fn issue_token(&self, claims: &Claims, name: &str, mut issued: Claims) -> Result<Value, Rejection> {
        let named = Named {
            site: issued.site.clone(),
            departments: issued.departments.clone(),
            doctor: issued.doctor.clone(),
            board: issued.board.clone(),
            screen: issued.screen.clone(),
        };
        self.check_named(named).await?;
        let issued_by = self.issuer(claims).await?;
        issued.issued_by = Some(issued_by.clone());
        let (now, expires_at) = (self.machine_now(), issued.expires_at());
        let id = data_encoding::HEXLOWER.encode(&chance::bytes::<12>());
        let token = IssuedToken {
            name: name.to_owned(),
            role: issued.role,
            site: issued.site.clone(),
            departments: issued.departments.clone(),
            doctor: issued.doctor.clone(),
            screen: issued.screen.clone(),
            board: issued.board.clone(),
            issued_at: now,
            expires_at,
            revoked_at: None,
        };
        let list = accounts::scripts(issued.site.as_ref());
        let note = ToAccount::NoteIssued { id: id.clone(), token, issued_by };
        self.shell.ask(account(&list), note.into(), Origin::Shell).await?;
        let standing = self.shell.read(account(&issued.account), account_view::standing).await?;
        (issued.generation, issued.jti) = (standing.generation, Some(id));
        self.generations.learn(&issued.account, standing);
        self.audit.note(AuditLine::new(claims, "issue_token", [&issued.account], Ok(()), now));
        let zone = self.zone_of(issued.site.as_ref().map(SiteId::as_str));
        Ok(json!({
            "access_token": self.tokens.issue(&issued),
            "expires_at": zone.rfc3339(expires_at),
            "expires_in_s": expires_at.ms_since(now) / 1000,
        }))
    }

    async fn list_tokens(&self, of: Option<&SiteId>) -> Result<Value, Rejection> {
        let (now, zone, site) = (self.machine_now(), self.zone_of(of.map(SiteId::as_str)), of.cloned());
        let listed = move |state: &jiaohao_domain::account::State| {
            let of_name = |name: &str| accounts::script(site.as_ref(), name).ok();
            let made_by = |id: &str| state.issuers.get(id).cloned();
            let holding = state.tokens.iter().filter(|(_, token)| token.expires_at > now);
            let shown = holding.map(|(id, token)| {
                let line = json!({
                    "id": id,
                    "name": token.name,
                    "account": of_name(&token.name),
                    "role": token.role,
                    "site": token.site,
                    "departments": token.departments,
                    "doctor": token.doctor,
                    "screen": token.screen,
                    "board": token.board,
                    "issued_at": zone.rfc3339(token.issued_at),
                    "expires_at": zone.rfc3339(token.expires_at),
                    "revoked_at": token.revoked_at.map(|at| zone.rfc3339(at)),
                });
                (token.issued_at, made_by(id), line)
            });
            // Of before each token was listed for itself: the latest one of each script.
            let before = state.scripts.iter().filter(|(_, script)| script.expires_at > now).map(|(name, script)| {
                let line = json!({
                    "id": null,
                    "name": name,
                    "account": of_name(name),
                    "role": script.role,
                    "site": site,
                    "departments": [],
                    "doctor": null,
                    "screen": null,
                    "board": null,
                    "issued_at": zone.rfc3339(script.issued_at),
                    "expires_at": zone.rfc3339(script.expires_at),
                    "revoked_at": null,
                });
                (script.issued_at, None, line)
            });
            let mut lines: Vec<_> = shown.chain(before).collect();
            lines.sort_by_key(|(issued_at, ..)| std::cmp::Reverse(*issued_at));
            lines.into_iter().map(|(_, by, line)| (by, line)).collect::<Vec<_>>()
        };
        let mut tokens = Vec::new();
        for (by, mut line) in self.shell.read(account(&accounts::scripts(of)), listed).await? {
            line["issued_by"] = json!(by.as_ref().map(|by| &by.account));
            line["holds"] = json!(line["revoked_at"].is_null() && self.may_still_issue(by.as_ref()).await?);
            tokens.push(line);
        }
        Ok(json!({ "tokens": tokens }))
    }

    /// Ends every token of that name, listed or made on the command line. A name that no list knows is `unknown_id`, unless it
    /// is said to be of the command line: a slip of the pen must not look like a token that was ended.
    async fn revoke_token(&self, claims: &Claims, asked: &RevokeToken) -> Result<Value, Rejection> {
        let who = accounts::script(asked.site.as_ref(), &asked.name)?;
        let (list, name) = (account(&accounts::scripts(asked.site.as_ref())), asked.name.clone());
        let is_listed = move |state: &jiaohao_domain::account::State| {
            state.scripts.contains_key(&name) || state.tokens.values().any(|token| token.name == name)
        };
        if !asked.unlisted && !self.shell.read(list, is_listed).await? {
            return Err(
                Rejection::new(Code::UnknownId, "no token of that name").with("unknown", vec![asked.name.clone()])
            );
        }
        self.shell.ask(account(&who), ToAccount::EndScript.into(), Origin::Shell).await?;
        self.relearn(&who).await?;
        let (list, now) = (accounts::scripts(asked.site.as_ref()), self.machine_now());
        let ended = ToAccount::EndTokens { name: asked.name.clone(), now };
        self.shell.ask(account(&list), ended.into(), Origin::Shell).await?;
        self.audit.note(AuditLine::new(claims, "revoke_token", [&who], Ok(()), now));
        Ok(json!({}))
    }
}

/// What may be seen of a person: a doctor treats; numbers and phones are one's own, and the desk's where the person is or
/// was there. Who has only just been made known is seen by what was said of them; who waits for a place is rung.
fn shown(in_full: bool, has_phone: bool, who: &PatientId, record: &PersonRecord) -> Value {
    let mut person = json!({
        "patient": who,
        "name": record.name,
        "sex": record.sex,
        "birth_date": record.birth_date,
    });
    if in_full {
        let documents: Vec<_> =
            record.documents.iter().map(|d| json!({ "kind": d.kind, "number": d.number })).collect();
        person["documents"] = json!(documents);
    }
    if has_phone {
        person["phone"] = json!(record.phone);
    }
    person
}

/// Who cannot be read: for good where the key is gone bad, else at the moment.
fn gap(who: &PatientId, why: Code) -> Value {
    match why {
        Code::Internal => json!({ "patient": who, "unreadable": true }),
        _ => json!({ "patient": who, "unreadable": true, "silent": true }),
    }
}

/// From a day on, as many as stand in a directory, and how many more there are.
fn sessions_from(
    state: &jiaohao_domain::department::State,
    today: jiaohao_domain::BusinessDate,
    zone: Zone,
) -> (Vec<Value>, usize) {
    let (clinic, last) = (&state.clinic, today.plus_days(DIRECTORY_DAYS - 1));
    let ahead = clinic.sessions.iter().filter(|(_, session)| session.date >= today);
    let mut coming: Vec<_> = ahead.map(|(id, session)| (session.date, id)).collect();
    let all = coming.len();
    coming.retain(|(date, _)| *date <= last);
    coming.sort();
    coming.truncate(DIRECTORY_SESSIONS);
    let shown = coming.iter().filter_map(|(_, id)| jiaohao_domain::clinic::view::snapshot(clinic, id.as_str(), zone));
    (shown.collect(), all - coming.len())
}
