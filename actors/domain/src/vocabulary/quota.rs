//! Capacity by channel: what of a slot is kept for whom, when what is kept and not used is given back, and from when
//! referrals may book. Commands as clients send them; what departments are told beside it keeps its shape
//! ([`ToDepartment::WithQuotas`]).

use super::*;

/// A number of places for each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByChannel {
    /// For patients' and families' own phones.
    #[serde(default)]
    pub online: u32,
    /// For the desk and the telephone.
    #[serde(default)]
    pub desk: u32,
    /// For referrals from primary care.
    #[serde(default)]
    pub referral: u32,
}

impl ByChannel {
    /// The channels for which places can be kept.
    pub const CHANNELS: [Channel; 3] = [Channel::Online, Channel::Desk, Channel::Referral];

    /// For that channel; the hospital's own system has none of its own.
    pub fn of(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Online => self.online,
            Channel::Desk => self.desk,
            Channel::Referral => self.referral,
            Channel::Outside => 0,
        }
    }

    /// The same as a place that can be changed.
    pub(crate) fn of_mut(&mut self, channel: Channel) -> Option<&mut u32> {
        match channel {
            Channel::Online => Some(&mut self.online),
            Channel::Desk => Some(&mut self.desk),
            Channel::Referral => Some(&mut self.referral),
            Channel::Outside => None,
        }
    }

    /// Whether there is none for any.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// All together.
    pub fn sum(&self) -> u64 {
        Self::CHANNELS.iter().map(|channel| u64::from(self.of(*channel))).sum()
    }
}

/// When places that are kept and not used are given back to all, and from when referrals may book. Defining again changes
/// all fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineQuotaRules {
    /// Of which department.
    pub department: DepartmentId,
    /// Places kept for phones are common from so many minutes before their slot on, 0 to 43200; absent: never.
    #[serde(default)]
    pub online_back_min: Option<u32>,
    /// Places kept for the desk.
    #[serde(default)]
    pub desk_back_min: Option<u32>,
    /// Places kept for referrals.
    #[serde(default)]
    pub referral_back_min: Option<u32>,
    /// Referrals may book from so many days before the session on, 0 to 366, or with all others where that is earlier;
    /// absent: with all others.
    #[serde(default)]
    pub referral_release_days: Option<u16>,
    /// … at this minute after midnight of the wall clock (07:00 = 420), 0 to 1439.
    #[serde(default = "seven")]
    pub referral_release_min: u16,
}

fn seven() -> u16 {
    420
}

impl DefineQuotaRules {
    /// What holds for a department before anybody has said otherwise.
    pub fn of(department: DepartmentId) -> Self {
        Self {
            department,
            online_back_min: None,
            desk_back_min: None,
            referral_back_min: None,
            referral_release_days: None,
            referral_release_min: seven(),
        }
    }

    /// So many minutes before its slot a channel's places are given back.
    pub fn back_min(&self, channel: Channel) -> Option<u32> {
        match channel {
            Channel::Online => self.online_back_min,
            Channel::Desk => self.desk_back_min,
            Channel::Referral => self.referral_back_min,
            Channel::Outside => None,
        }
    }
}

/// Clinic sessions and templates with places kept by channel.
pub mod kept {
    use super::*;

    /// 时段 of a session.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct DefineSlot {
        /// Hospital-local start `HH:MM`.
        pub start: String,
        /// Length in minutes.
        #[serde(default = "usual_slot_min")]
        pub minutes: u32,
        /// Places.
        pub capacity: u32,
        /// Of these so many are kept for each channel.
        #[serde(default)]
        pub quotas: ByChannel,
    }

    impl DefineSlot {
        fn of(slot: super::DefineSlot, quotas: ByChannel) -> Self {
            let super::DefineSlot { start, minutes, capacity } = slot;
            Self { start, minutes, capacity, quotas }
        }
    }

    /// Slots and what is kept in each, in their order; nothing where none keeps any.
    fn parts(slots: Vec<DefineSlot>) -> (Vec<super::DefineSlot>, Vec<ByChannel>) {
        let mut quotas: Vec<ByChannel> = slots.iter().map(|slot| slot.quotas).collect();
        if quotas.iter().all(ByChannel::is_none) {
            quotas.clear();
        }
        let told = |DefineSlot { start, minutes, capacity, .. }| super::DefineSlot { start, minutes, capacity };
        (slots.into_iter().map(told).collect(), quotas)
    }

    /// What a department is told: the definition alone where nothing is kept.
    fn told(definition: ToDepartment, quotas: Vec<ByChannel>) -> ToDepartment {
        match quotas.is_empty() {
            true => definition,
            false => ToDepartment::WithQuotas { definition: Box::new(definition), quotas },
        }
    }

    /// 出诊班次.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct DefineSession {
        /// `site.department.session`.
        pub id: SessionId,
        /// The hospital-local date.
        pub date: BusinessDate,
        /// 午别 (`morning`).
        pub period: String,
        /// Where its tickets wait.
        pub queue: QueueId,
        /// The doctor; absent: a pool.
        #[serde(default)]
        pub doctor: Option<DoctorId>,
        /// Where, if known beforehand.
        #[serde(default)]
        pub service_point: Option<ServicePointId>,
        /// 号别: `普通`, `副主任`, `主任`, `特需`.
        pub registration_class: String,
        /// Fee in fen.
        #[serde(default)]
        pub fee_fen: u32,
        /// Its slots, in order, not overlapping.
        pub slots: Vec<DefineSlot>,
        /// High demand: freed places come back at random moments.
        #[serde(default)]
        pub high_demand: bool,
        /// From when it can be booked; absent: at once.
        #[serde(default)]
        pub released_at: Option<Timestamp>,
    }

    impl From<DefineSession> for ToDepartment {
        fn from(command: DefineSession) -> Self {
            let DefineSession { id, date, period, queue, doctor, service_point, registration_class, .. } = command;
            let (fee_fen, high_demand, released_at) = (command.fee_fen, command.high_demand, command.released_at);
            let (slots, quotas) = parts(command.slots);
            let session = super::DefineSession {
                id,
                date,
                period,
                queue,
                doctor,
                service_point,
                registration_class,
                fee_fen,
                slots,
                high_demand,
                released_at,
            };
            told(Self::DefineSession(session), quotas)
        }
    }

    /// A session that comes again every week. Defining again changes the fields.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct DefineTemplate {
        /// `site.department.template`, at most 80 bytes: a session of it is `site.department.template-d20261123`.
        pub id: TemplateId,
        /// Name shown to operations.
        pub name: String,
        /// Where the tickets of its sessions wait.
        pub queue: QueueId,
        /// The doctor; absent: a pool.
        #[serde(default)]
        pub doctor: Option<DoctorId>,
        /// Where, if known beforehand.
        #[serde(default)]
        pub service_point: Option<ServicePointId>,
        /// 午别 (`morning`).
        pub period: String,
        /// 号别: `普通`, `副主任`, `主任`, `特需`.
        pub registration_class: String,
        /// Fee in fen.
        #[serde(default)]
        pub fee_fen: u32,
        /// High demand: freed places come back at random moments.
        #[serde(default)]
        pub high_demand: bool,
        /// On which days of the week: 1 (Monday) to 7 (Sunday).
        pub weekdays: Vec<u8>,
        /// The first day of its season.
        pub from: BusinessDate,
        /// The last day of its season; absent: it has no end.
        #[serde(default)]
        pub until: Option<BusinessDate>,
        /// Hospital-local start of its first slot `HH:MM`, where its slots are all alike.
        #[serde(default)]
        pub start: Option<String>,
        /// Hospital-local end of its last slot `HH:MM` (`24:00` is midnight).
        #[serde(default)]
        pub end: Option<String>,
        /// Length of each slot in minutes.
        #[serde(default = "usual_slot_min")]
        pub slot_min: u32,
        /// Places of each slot.
        #[serde(default)]
        pub capacity: Option<u32>,
        /// Of these so many are kept for each channel in each slot, where its slots are all alike.
        #[serde(default)]
        pub quotas: ByChannel,
        /// Its slots in order, not overlapping, in place of `start`, `end` and `capacity`.
        #[serde(default)]
        pub slots: Vec<DefineSlot>,
    }

    impl DefineTemplate {
        /// A template as it is kept, and what is kept in its slots: one for all where they are alike.
        pub fn of(template: super::DefineTemplate, quotas: &[ByChannel]) -> Self {
            let at = |slot: usize| quotas.get(slot).copied().unwrap_or_default();
            let super::DefineTemplate { id, name, queue, doctor, service_point, period, registration_class, .. } =
                template;
            let slots = template.slots.into_iter().enumerate();
            let slots: Vec<DefineSlot> = slots.map(|(n, slot)| DefineSlot::of(slot, at(n))).collect();
            Self {
                id,
                name,
                queue,
                doctor,
                service_point,
                period,
                registration_class,
                fee_fen: template.fee_fen,
                high_demand: template.high_demand,
                weekdays: template.weekdays,
                from: template.from,
                until: template.until,
                start: template.start,
                end: template.end,
                slot_min: template.slot_min,
                capacity: template.capacity,
                quotas: if slots.is_empty() { at(0) } else { ByChannel::default() },
                slots,
            }
        }

        /// The template, and what is kept in its slots.
        pub fn parts(self) -> (super::DefineTemplate, Vec<ByChannel>) {
            let Self { id, name, queue, doctor, service_point, period, registration_class, .. } = self;
            let (slots, mut quotas) = parts(self.slots);
            if !self.quotas.is_none() {
                // Both is one too many for the slots, which is refused where they are read.
                quotas.resize(slots.len(), ByChannel::default());
                quotas.push(self.quotas);
            }
            let template = super::DefineTemplate {
                id,
                name,
                queue,
                doctor,
                service_point,
                period,
                registration_class,
                fee_fen: self.fee_fen,
                high_demand: self.high_demand,
                weekdays: self.weekdays,
                from: self.from,
                until: self.until,
                start: self.start,
                end: self.end,
                slot_min: self.slot_min,
                capacity: self.capacity,
                slots,
            };
            (template, quotas)
        }
    }

    impl From<DefineTemplate> for ToDepartment {
        fn from(command: DefineTemplate) -> Self {
            let (template, quotas) = command.parts();
            told(Self::DefineTemplate(template), quotas)
        }
    }
}
