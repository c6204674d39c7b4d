//! What can be imported: the kinds in the order in which one needs the other, and their columns with the headers under
//! which a hospital's own export may have them.

/// A kind of thing; a file is of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Kind {
    /// 科室.
    Departments,
    /// 诊室, 窗口, 检查室.
    Rooms,
    /// 医生.
    Doctors,
    /// 候诊队列.
    Queues,
    /// 候诊区: its boards.
    Areas,
    /// 出诊班次.
    Sessions,
    /// 出诊模板: sessions that come again every week.
    Templates,
    /// 节假日, 调休, 替诊: days on which it is otherwise.
    Exceptions,
    /// Who signs in.
    Staff,
}

/// How a cell is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The thing's own id, within the site.
    Id,
    /// The name that somebody signs in with, as it is.
    Account,
    /// Text.
    Text,
    /// Text or nothing.
    MaybeText,
    /// Yes or no.
    YesNo,
    /// A whole number.
    Whole,
    /// A whole number or nothing.
    MaybeWhole,
    /// An amount in yuan, kept in fen.
    Yuan,
    /// A calendar date.
    Date,
    /// A moment of the site's wall clock, or nothing.
    Moment,
    /// Hours of consultation: what slots are cut from.
    Hours,
    /// One thing of that kind, by id or name.
    One(Kind),
    /// One or none.
    MaybeOne(Kind),
    /// Several.
    Many(Kind),
    /// In which role somebody signs in.
    Role,
    /// Part of the day.
    Period,
    /// Days of the week.
    Weekdays,
    /// One day of the week or nothing.
    Weekday,
    /// A calendar date or nothing.
    MaybeDate,
    /// What is otherwise on some days.
    Does,
    /// A secret: never repeated.
    Password,
    /// One setting of a department; its header says which.
    Setting,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its header.
    pub name: &'static str,
    /// What hospitals call it.
    pub aliases: &'static [&'static str],
    /// How its cells are read.
    pub cell: Cell,
    /// Whether the file must have it.
    pub required: bool,
    /// What it is, for the template.
    pub says: &'static str,
}

const fn column(
    name: &'static str,
    cell: Cell,
    required: bool,
    aliases: &'static [&'static str],
    says: &'static str,
) -> Column {
    Column { name, aliases, cell, required, says }
}

const NAME_EN: Column = column("name_en", Cell::Text, false, &["英文名", "英文名称"], "name in English");
const RETIRED: Column = column(
    "retired",
    Cell::YesNo,
    false,
    &["停用", "撤销"],
    "yes: there is no more of it, whatever else the row says (empty: it stays)",
);
const SPECIALITY: Column = column(
    "speciality",
    Cell::Text,
    false,
    &["擅长", "专长", "诊疗范围"],
    "what is treated there, by which patients find it: 冠心病、高血压",
);
const DEPARTMENT: Column = column(
    "department",
    Cell::MaybeOne(Kind::Departments),
    false,
    &["所属科室", "科室", "科室编码", "科室名称"],
    "its department, where the id does not begin with it",
);

/// What the settings' columns begin with.
pub const SETTINGS: &str = "settings.";
/// A file that does not say its kind by its columns has this line.
pub const KIND_LINE: &str = "kind:";

impl Kind {
    /// All, each after those that it names.
    pub const ALL: [Self; 9] = [
        Self::Departments,
        Self::Rooms,
        Self::Doctors,
        Self::Queues,
        Self::Areas,
        Self::Sessions,
        Self::Templates,
        Self::Exceptions,
        Self::Staff,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Departments => "departments",
            Self::Rooms => "rooms",
            Self::Doctors => "doctors",
            Self::Queues => "queues",
            Self::Areas => "areas",
            Self::Sessions => "sessions",
            Self::Templates => "templates",
            Self::Exceptions => "exceptions",
            Self::Staff => "staff",
        }
    }

    /// One of it, in words.
    pub fn one(self) -> &'static str {
        match self {
            Self::Departments => "department",
            Self::Rooms => "room",
            Self::Doctors => "doctor",
            Self::Queues => "queue",
            Self::Areas => "area",
            Self::Sessions => "session",
            Self::Templates => "template",
            Self::Exceptions => "exception",
            Self::Staff => "account",
        }
    }

    /// The kind of that name, in English or Chinese.
    pub fn named(name: &str) -> Option<Self> {
        let chinese = |kind: Self| match kind {
            Self::Departments => &["科室"][..],
            Self::Rooms => &["诊室", "窗口"],
            Self::Doctors => &["医生"],
            Self::Queues => &["队列", "候诊队列"],
            Self::Areas => &["候诊区", "大屏"],
            Self::Sessions => &["班次", "排班", "出诊班次"],
            Self::Templates => &["出诊模板", "排班模板"],
            Self::Exceptions => &["节假日", "调休", "替诊"],
            Self::Staff => &["员工", "账号"],
        };
        Self::ALL.into_iter().find(|kind| kind.name() == name || chinese(*kind).contains(&name))
    }

    /// The command that defines one.
    pub fn command(self) -> &'static str {
        match self {
            Self::Departments => "define_department",
            Self::Rooms => "define_service_point",
            Self::Doctors => "define_doctor",
            Self::Queues => "define_queue",
            Self::Areas => "define_board",
            Self::Sessions => "define_session",
            Self::Templates => "define_template",
            Self::Exceptions => "except_days",
            Self::Staff => "define_staff",
        }
    }

    /// The command that retires one.
    pub fn retirement(self) -> &'static str {
        match self {
            Self::Departments => "retire_department",
            Self::Rooms => "retire_service_point",
            Self::Doctors => "retire_doctor",
            Self::Queues => "retire_queue",
            Self::Areas => "retire_board",
            Self::Sessions => "retire_session",
            Self::Templates => "retire_template",
            Self::Exceptions => "withdraw_exception",
            Self::Staff => "retire_staff",
        }
    }

    /// Where it stands in what `GET /site/{id}` answers; the staff has a list of its own, and so has each department's plan.
    pub fn listed_as(self) -> &'static str {
        match self {
            Self::Rooms => "service_points",
            Self::Areas => "boards",
            other => other.name(),
        }
    }

    /// Its columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Departments => DEPARTMENTS,
            Self::Rooms => ROOMS,
            Self::Doctors => DOCTORS,
            Self::Queues => QUEUES,
            Self::Areas => AREAS,
            Self::Sessions => SESSIONS,
            Self::Templates => TEMPLATES,
            Self::Exceptions => EXCEPTIONS,
            Self::Staff => STAFF,
        }
    }
}

const DEPARTMENTS: &[Column] = &[
    column("id", Cell::Id, true, &["department", "科室编码", "科室代码", "科室id", "编码"], "internal"),
    column("name", Cell::Text, true, &["科室名称", "科室", "名称"], "as patients know it"),
    NAME_EN,
    column(
        "neutral_name",
        Cell::MaybeText,
        false,
        &["中性名称", "屏幕名称"],
        "name on its screens, where its own says too much",
    ),
    column(
        "number_only",
        Cell::YesNo,
        false,
        &["仅显示号码"],
        "screens show numbers without names: yes or no; empty: by the name (精神, 心理, 性病, 生殖 …: yes)",
    ),
    SPECIALITY,
    RETIRED,
];

const ROOMS: &[Column] = &[
    column("id", Cell::Id, true, &["room", "诊室编码", "诊室代码", "诊室id", "窗口编码", "编码"], "r3, or internal.r3"),
    DEPARTMENT,
    column("name", Cell::Text, true, &["诊室名称", "诊室", "窗口名称", "名称"], "as on the door: 3号诊室"),
    NAME_EN,
    column("order", Cell::Whole, false, &["顺序", "序号", "排序"], "its place among the rooms: 0, 1, 2 …"),
    column(
        "door_cap",
        Cell::MaybeWhole,
        false,
        &["门口候诊人数"],
        "how many may stand at the door; empty: as the department has it",
    ),
    RETIRED,
];

const DOCTORS: &[Column] = &[
    column(
        "id",
        Cell::Id,
        true,
        &["doctor", "工号", "医生编码", "医生工号", "医生代码"],
        "liming, or the staff number",
    ),
    column("name", Cell::Text, true, &["医生姓名", "姓名"], "as patients know the doctor"),
    NAME_EN,
    column("title", Cell::Text, true, &["职称"], "主任医师, 副主任医师, 主治医师, 住院医师"),
    column(
        "registration_class",
        Cell::Text,
        false,
        &["号别"],
        "of sessions made for the doctor: 普通, 副主任, 主任, 特需",
    ),
    column(
        "departments",
        Cell::Many(Kind::Departments),
        true,
        &["所属科室", "科室", "出诊科室", "科室编码", "科室名称"],
        "where the doctor works; several with ;",
    ),
    SPECIALITY,
    RETIRED,
];

const QUEUES: &[Column] = &[
    column("id", Cell::Id, true, &["queue", "队列编码", "队列代码", "编码"], "li, or internal.li"),
    DEPARTMENT,
    column("name", Cell::Text, true, &["队列名称", "队列", "名称"], "as patients know it"),
    NAME_EN,
    column("prefix", Cell::Text, true, &["号码前缀", "前缀"], "letters before its numbers, no other queue's: A"),
    column(
        "doctors",
        Cell::Many(Kind::Doctors),
        false,
        &["医生", "出诊医生"],
        "who calls from it; several with ; (empty: any doctor at work there)",
    ),
    RETIRED,
];

const AREAS: &[Column] = &[
    column("id", Cell::Id, true, &["area", "board", "候诊区编码", "大屏编码", "编码"], "opd3f"),
    column("name", Cell::Text, true, &["候诊区名称", "候诊区", "名称"], "as on the wall: 3楼候诊区"),
    NAME_EN,
    column("queues", Cell::Many(Kind::Queues), true, &["队列", "显示队列"], "what it shows; several with ;"),
    column("speaks", Cell::YesNo, false, &["语音播报", "语音"], "whether it speaks: yes or no"),
    column("english", Cell::YesNo, false, &["英文播报"], "English after the Chinese: yes or no"),
    column("yao", Cell::YesNo, false, &["幺"], "幺 for 一 in numbers: yes or no"),
    RETIRED,
];

const SESSIONS: &[Column] = &[
    column(
        "id",
        Cell::Id,
        false,
        &["session", "班次编码", "排班编码"],
        "empty: made of date, doctor (or queue) and period",
    ),
    column("date", Cell::Date, true, &["出诊日期", "日期"], "2026-11-23"),
    column("period", Cell::Period, true, &["午别", "时间段"], "morning (上午), afternoon (下午), evening, night, day"),
    column("queue", Cell::One(Kind::Queues), true, &["队列", "候诊队列"], "where its patients wait"),
    column("doctor", Cell::MaybeOne(Kind::Doctors), false, &["医生", "出诊医生", "工号"], "empty: a pool"),
    column("room", Cell::MaybeOne(Kind::Rooms), false, &["诊室", "诊室编码"], "where, if it is known beforehand"),
    column("registration_class", Cell::Text, true, &["号别"], "普通, 副主任, 主任, 特需"),
    column("fee_yuan", Cell::Yuan, false, &["挂号费", "诊查费", "费用", "费用(元)", "挂号费(元)"], "50 or 50.00"),
    column("hours", Cell::Hours, true, &["出诊时间", "时间"], "08:00-11:30; with a break 08:00-09:30;10:00-11:30"),
    column("slot_minutes", Cell::Whole, false, &["时段分钟", "时段长度"], "length of a slot; empty: 30"),
    column("capacity", Cell::Whole, true, &["每时段号数", "号源数", "限号"], "places of each slot"),
    column("online", Cell::Whole, false, &["网络预留"], "of these kept for phones; empty: none"),
    column("desk", Cell::Whole, false, &["窗口预留"], "of these kept for the desk and the telephone"),
    column("referral", Cell::Whole, false, &["转诊预留"], "of these kept for referrals from primary care"),
    column("high_demand", Cell::YesNo, false, &["热门"], "freed places come back at random moments: yes or no"),
    column("released_at", Cell::Moment, false, &["放号时间"], "bookable from 2026-11-16 07:00; empty: at once"),
    RETIRED,
];

const TEMPLATES: &[Column] = &[
    column("id", Cell::Id, true, &["template", "模板编码", "编码"], "li-am, or internal.li-am"),
    column("name", Cell::Text, true, &["模板名称", "名称"], "as operations know it: 李明上午"),
    column("queue", Cell::One(Kind::Queues), true, &["队列", "候诊队列"], "where its patients wait"),
    column("doctor", Cell::MaybeOne(Kind::Doctors), false, &["医生", "出诊医生", "工号"], "empty: a pool"),
    column("room", Cell::MaybeOne(Kind::Rooms), false, &["诊室", "诊室编码"], "where, if it is known beforehand"),
    column("period", Cell::Period, true, &["午别", "时间段"], "morning (上午), afternoon (下午), evening, night, day"),
    column("registration_class", Cell::Text, true, &["号别"], "普通, 副主任, 主任, 特需"),
    column("fee_yuan", Cell::Yuan, false, &["挂号费", "诊查费", "费用", "费用(元)", "挂号费(元)"], "50 or 50.00"),
    column("weekdays", Cell::Weekdays, true, &["星期", "周几"], "周一至周五, or 1 (周一) to 7 (周日): 1;3;5"),
    column("from", Cell::Date, true, &["开始日期", "起始日期"], "the first day of its season: 2026-11-23"),
    column("until", Cell::MaybeDate, false, &["结束日期", "截止日期"], "its last day; empty: it has no end"),
    column("hours", Cell::Hours, true, &["出诊时间", "时间"], "08:00-11:30; with a break 08:00-09:30;10:00-11:30"),
    column("slot_minutes", Cell::Whole, false, &["时段分钟", "时段长度"], "length of a slot; empty: 30"),
    column("capacity", Cell::Whole, true, &["每时段号数", "号源数", "限号"], "places of each slot"),
    column("online", Cell::Whole, false, &["网络预留"], "of these kept for phones; empty: none"),
    column("desk", Cell::Whole, false, &["窗口预留"], "of these kept for the desk and the telephone"),
    column("referral", Cell::Whole, false, &["转诊预留"], "of these kept for referrals from primary care"),
    column("high_demand", Cell::YesNo, false, &["热门"], "freed places come back at random moments: yes or no"),
    RETIRED,
];

const EXCEPTIONS: &[Column] = &[
    column("id", Cell::Id, true, &["exception", "例外编码", "编码"], "national-day, or internal.national-day"),
    DEPARTMENT,
    column("from", Cell::Date, true, &["开始日期", "起始日期"], "the first day: 2026-11-23"),
    column("to", Cell::MaybeDate, false, &["结束日期", "截止日期"], "the last day; empty: the first is the only one"),
    column("doctor", Cell::MaybeOne(Kind::Doctors), false, &["医生", "工号"], "only where this doctor sits"),
    column("template", Cell::MaybeOne(Kind::Templates), false, &["模板"], "only sessions of this template"),
    column("does", Cell::Does, true, &["安排"], "closed (停诊, 放假), substitute (替诊) or open (上班, 调休)"),
    column("reason", Cell::Text, false, &["原因"], "of closed: why"),
    column("substitute", Cell::MaybeOne(Kind::Doctors), false, &["替诊医生"], "of substitute: who sits"),
    column(
        "as_weekday",
        Cell::Weekday,
        false,
        &["按周几"],
        "of open: as on that day of the week, 1 to 7; empty: its own",
    ),
    column("retired", Cell::YesNo, false, &["停用", "撤销"], "yes: those days are as the templates say again"),
];

const STAFF: &[Column] = &[
    column("id", Cell::Account, true, &["account", "账号", "登录名", "用户名"], "what is typed to sign in: li-ming"),
    column(
        "role",
        Cell::Role,
        true,
        &["角色", "岗位"],
        "doctor (医生), desk (分诊台, 护士), kiosk (自助机), operator (管理员)",
    ),
    column(
        "departments",
        Cell::Many(Kind::Departments),
        false,
        &["所属科室", "科室", "科室编码", "科室名称"],
        "of a desk or kiosk; several with ; (empty: all)",
    ),
    column("doctor", Cell::MaybeOne(Kind::Doctors), false, &["医生", "工号"], "which doctor signs in (role doctor)"),
    column("may_issue", Cell::YesNo, false, &["可发令牌"], "an operator who makes tokens for scripts: yes or no"),
    column("password", Cell::Password, false, &["初始密码", "密码"], "the first one; empty: made, see --passwords"),
    RETIRED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_stands_for_two_columns_of_a_kind() {
        for kind in Kind::ALL {
            let headers: Vec<_> =
                kind.columns().iter().flat_map(|c| std::iter::once(&c.name).chain(c.aliases)).collect();
            let unique: std::collections::BTreeSet<_> = headers.iter().collect();
            assert_eq!(headers.len(), unique.len(), "{kind:?}");
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
    }
}
