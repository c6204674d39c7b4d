//! What the house would say, before it is asked: the domain's own decisions on a copy of what is known of the site. So a
//! dry run finds what would be refused, and no rule stands twice.

use std::collections::BTreeMap;

use jiaohao_domain::account::Account;
use jiaohao_domain::department::{self, Department};
use jiaohao_domain::site::{Event as SiteEvent, Site};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{
    ClientCommand as C, DefineSite, DefineStaff, More, RetiredKind, ToAccount, ToDepartment, ToSite,
};
use jiaohao_domain::{
    AccountId, Code, Context, DepartmentId, Draft, Message, Outgoing, Owner, Principal, Rejection, Role,
};
use serde_json::Value;

use super::kinds::Kind;
use super::known::Known;
use crate::house::facts::{Named, no_department};
use crate::identity::{accounts, passwords};
use crate::wire;

/// Stands for the hash of a password.
const SOME_PHC: &str = "$argon2id$";

/// The site and its departments as they would be.
pub struct Rehearsal {
    site: <Site as Owner>::State,
    departments: BTreeMap<String, <Department as Owner>::State>,
    zone: Zone,
    context: Context,
}

impl Rehearsal {
    /// With everything that is known.
    ///
    /// # Errors
    /// What is known does not fit together.
    pub fn of(known: &Known) -> Result<Self, Rejection> {
        let principal = Principal::of(Role::Operator, AccountId::new("a-import"));
        let now = known.zone.moment(known.today, chrono::NaiveTime::MIN);
        let mut rehearsal = Self {
            site: Site::new_state(known.site.as_str()),
            departments: BTreeMap::new(),
            zone: known.zone,
            context: Context { now, principal, seed: 0 },
        };
        let (id, name) = (known.site.clone(), known.name.clone());
        let site = DefineSite { id, name, name_en: String::new(), time_zone: known.zone.name().to_owned() };
        rehearsal.tell_site(ToSite::DefineSite(site))?;
        for (kind, things) in &known.things {
            for fields in things.values().filter(|_| *kind != Kind::Staff) {
                rehearsal.stands(wire::named_command(kind.command(), fields.clone())?)?;
            }
        }
        Ok(rehearsal)
    }

    /// What is there is there, whether or not it would be taken today: a queue may name a doctor who has left since.
    fn stands(&mut self, command: C) -> Result<(), Rejection> {
        let left = Vec::new();
        let event = match command {
            C::DefineDepartment(sent) => {
                let (ToSite::DefineDepartment(definition), _) = parts(sent.into()) else { return Ok(()) };
                SiteEvent::DepartmentDefined { time_zone: self.zone.name().to_owned(), definition }
            }
            C::DefineServicePoint(definition) => SiteEvent::ServicePointDefined { definition },
            C::DefineDoctor(sent) => {
                let (ToSite::DefineDoctor(definition), more) = parts(sent.into()) else { return Ok(()) };
                self.site.more.insert(definition.id.to_string(), more);
                SiteEvent::DoctorDefined { definition, left }
            }
            C::DefineQueue(sent) => {
                let (ToSite::DefineQueue(definition), more) = parts(sent.into()) else { return Ok(()) };
                self.site.more.insert(definition.id.to_string(), more);
                SiteEvent::QueueDefined { definition }
            }
            C::DefineBoard(definition) => SiteEvent::BoardDefined { definition, left: Vec::new() },
            // One that would not be taken today is asked about as a new one.
            session => {
                let _ = self.give(&session, None);
                return Ok(());
            }
        };
        Site::apply(&mut self.site, &event);
        self.deliver(&event)
    }

    /// What would come of a command; `before`: the account as it is, where it defines one.
    ///
    /// # Errors
    /// As the house would refuse it.
    pub fn give(&mut self, command: &C, before: Option<&Value>) -> Result<(), Rejection> {
        command.check(self.context.now)?;
        match command.clone() {
            C::DefineDepartment(c) => self.tell_site(c.into()),
            C::DefineServicePoint(c) => self.tell_site(ToSite::DefineServicePoint(c)),
            C::DefineDoctor(c) => self.tell_site(c.into()),
            C::DefineQueue(c) => self.tell_site(c.into()),
            C::DefineBoard(c) => self.tell_site(ToSite::DefineBoard(c)),
            C::DefineSession(c) => self.tell_department(c.id.department().as_str(), c.into()),
            C::DefineTemplate(c) => self.tell_department(c.id.department().as_str(), c.into()),
            C::ExceptDays(c) if !self.site.departments.contains_key(&c.id.department()) => {
                Err(no_department(&c.id.department()))
            }
            C::ExceptDays(c) => self.tell_department(c.id.department().as_str(), ToDepartment::ExceptDays(c)),
            C::RetireTemplate(c) => self.tell_department(c.id.department().as_str(), ToDepartment::RetireTemplate(c)),
            C::WithdrawException(c) => {
                self.tell_department(c.id.department().as_str(), ToDepartment::WithdrawException(c))
            }
            C::DefineStaff(c) => self.staff(c, before),
            C::RetireDepartment(c) => {
                self.unused(&c.id, RetiredKind::Department, c.id.as_str())?;
                self.tell_site(ToSite::RetireDepartment(c))
            }
            C::RetireServicePoint(c) => {
                self.unused(&c.id.department(), RetiredKind::ServicePoint, c.id.as_str())?;
                self.tell_site(ToSite::RetireServicePoint(c))
            }
            C::RetireQueue(c) => {
                self.unused(&c.id.department(), RetiredKind::Queue, c.id.as_str())?;
                self.tell_site(ToSite::RetireQueue(c))
            }
            C::RetireDoctor(c) => self.tell_site(ToSite::RetireDoctor(c)),
            C::RetireBoard(c) => self.tell_site(ToSite::RetireBoard(c)),
            C::RetireSession(c) => self.tell_department(c.id.department().as_str(), ToDepartment::RetireSession(c)),
            C::RetireStaff(_) => Ok(()),
            _ => Err(Code::UnknownCommand.into()),
        }
    }

    /// Whether the department can do without it, as far as is known here.
    fn unused(&mut self, department: &DepartmentId, kind: RetiredKind, id: &str) -> Result<(), Rejection> {
        self.tell_department(department.as_str(), ToDepartment::RetireUnused { kind, id: id.to_owned() })
    }

    fn tell_site(&mut self, command: ToSite) -> Result<(), Rejection> {
        let mut draft = Draft::<Site>::new(&mut self.site);
        Site::decide(&mut draft, command, &self.context)?;
        draft.into_events().iter().try_for_each(|event| self.deliver(event))
    }

    /// The departments hear of it, as they do from the site.
    fn deliver(&mut self, event: &SiteEvent) -> Result<(), Rejection> {
        let mut owed = Vec::new();
        Site::outgoing(event, &mut owed);
        for outgoing in owed {
            if let Outgoing::Effect(to, Message::Department(command)) = outgoing {
                self.tell_department(&to.id, *command)?;
            }
        }
        Ok(())
    }

    fn tell_department(&mut self, id: &str, command: ToDepartment) -> Result<(), Rejection> {
        let state = self.departments.entry(id.to_owned()).or_insert_with(|| Department::new_state(id));
        department::rehearse(&mut Draft::<Department>::new(state), command, &self.context)
    }

    fn staff(&self, mut command: DefineStaff, before: Option<&Value>) -> Result<(), Rejection> {
        let (site, departments, doctor) = (command.site.clone(), command.departments.clone(), command.doctor.clone());
        let named = Named { site, departments, doctor, ..Named::default() };
        if let Some(id) = named.unknown_at(&self.site.id, &self.site).first() {
            return Err(Rejection::new(Code::UnknownId, id.as_str()));
        }
        let id = accounts::staff(&command.id)?;
        let mut state = Account::new_state(id.as_str());
        let mut define = |command: DefineStaff, password_phc: Option<String>| {
            let command = ToAccount::DefineStaff { command: command.into(), password_phc };
            Account::decide(&mut Draft::<Account>::new(&mut state), command, &self.context).map(drop)
        };
        if let Some(C::DefineStaff(before)) =
            before.map(|fields| wire::named_command(Kind::Staff.command(), fields.clone())).transpose()?
        {
            define(before, Some(SOME_PHC.to_owned()))?;
        }
        let password = command.password.take();
        password.as_deref().map_or(Ok(()), passwords::check)?;
        define(command, password.map(|_| SOME_PHC.to_owned()))
    }
}

/// A definition, and what its department is told beside it.
fn parts(command: ToSite) -> (ToSite, More) {
    match command {
        ToSite::DefineDescribed { definition, .. } => parts(*definition),
        ToSite::DefineMore { definition, more } => (*definition, more),
        other => (other, More::default()),
    }
}
