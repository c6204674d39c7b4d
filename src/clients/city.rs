//! A made-up city: hospitals, departments, rooms, doctors, queues, boards, set up through the operator's commands.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::Refusal;
use super::http::Door;
use super::people::doctor_name;

const SITES: &[(&str, &str, &str)] = &[
    ("renmin", "人民医院", "People's Hospital"),
    ("zhongyi", "中医院", "Hospital of Chinese Medicine"),
    ("fuyou", "妇幼保健院", "Women and Children's Hospital"),
];
const DEPARTMENTS: &[(&str, &str)] = &[
    ("心内科", "Cardiology"),
    ("呼吸科", "Respiratory Medicine"),
    ("儿科", "Paediatrics"),
    ("骨科", "Orthopaedics"),
    ("眼科", "Ophthalmology"),
    ("妇科", "Gynaecology"),
    ("皮肤科", "Dermatology"),
    ("精神科", "Psychiatry"),
    ("消化科", "Gastroenterology"),
    ("针灸科", "Acupuncture"),
    ("产科", "Obstetrics"),
    ("耳鼻喉科", "Otolaryngology"),
];
const TITLES: &[&str] = &["主任医师", "副主任医师", "主治医师", "住院医师"];
/// Most departments and boards that a city has.
const DEPARTMENTS_MAX: usize = 12;
const BOARDS_MAX: usize = 8;

/// Of the doctors of a department that knows everything, so many have a queue of their own beside the pool.
const OWN_QUEUES: usize = 2;
/// From which of several queues is called: another way in each hospital.
const SEVERAL_QUEUES: &[&str] = &["own_first", "in_turn", "by_waiting_time"];

/// A doctor's own queue.
#[derive(Clone, Debug)]
pub struct Own {
    /// `site.department.queue`.
    pub queue: String,
    /// Index of the doctor.
    pub doctor: usize,
    prefix: String,
}

/// One department with its pool. The first of each hospital knows everything: two doctors have queues of their own beside
/// the pool, and its priority classes have a treatment of each kind.
#[derive(Clone, Debug)]
pub struct Department {
    /// `site.department`.
    pub id: String,
    /// Index of its site.
    pub site: usize,
    /// Name shown to people.
    pub name: &'static str,
    name_en: &'static str,
    /// Its pool, which all its doctors call from.
    pub queue: String,
    prefix: String,
    /// Queues of single doctors beside it.
    pub own: Vec<Own>,
    /// Indexes of its doctors.
    pub doctors: Vec<usize>,
    /// Its board.
    pub board: usize,
    number_only: bool,
}

impl Department {
    /// The pool, then the doctors' own.
    pub fn queues(&self) -> Vec<&str> {
        std::iter::once(&self.queue).chain(self.own.iter().map(|own| &own.queue)).map(String::as_str).collect()
    }

    /// For how many doctors' patients a queue has room, the pool's (0) or that of a doctor's own: all together one more
    /// than there are, so that those who have one help in the pool too.
    pub fn share(&self, line: usize) -> usize {
        match (line, self.own.len()) {
            (0, 0) => self.doctors.len(),
            (0, own) => self.doctors.len() + 1 - own,
            _ => 1,
        }
    }

    /// Where the n-th patient waits: index into [`Department::queues`].
    pub fn line_of(&self, n: usize) -> usize {
        let of_all = n % (self.doctors.len() + usize::from(!self.own.is_empty()));
        if of_all < self.own.len() { of_all + 1 } else { 0 }
    }

    fn settings(&self, several_queues: &str) -> Value {
        if self.own.is_empty() {
            return json!({});
        }
        let class = |name: &str, zh: &str, en: &str, treatment: Value| json!({ "name": name, "zh": zh, "en": en, "treatment": treatment });
        let classes = [
            class("military", "军人", "Military and veterans", json!("always_first")),
            class("disabled", "残疾人", "Disabled persons", json!({ "one_per": 3 })),
            class("late_pregnancy", "孕晚期", "Late pregnancy", json!({ "moved_up": 3 })),
            class("senior", "老年", "Seniors", json!({ "moved_up": 3 })),
        ];
        json!({ "queue": { "classes": classes, "several_queues": several_queues } })
    }
}

/// One doctor with the room.
#[derive(Clone, Debug)]
pub struct Doctor {
    /// `site.doctor`.
    pub id: String,
    /// Index of the department.
    pub department: usize,
    /// The room.
    pub service_point: String,
    room: String,
    room_en: String,
    order: usize,
    /// Name shown to people.
    pub name: String,
    title: &'static str,
    /// Signs in under this name …
    pub account: String,
    /// … with this password.
    pub password: String,
}

/// One waiting area's board.
#[derive(Clone, Debug)]
pub struct Board {
    /// `site.board`.
    pub id: String,
    /// Index of the site.
    pub site: usize,
    /// Name of the area.
    pub name: String,
}

/// All of it, as planned.
#[derive(Clone, Debug)]
pub struct City {
    /// Ids and names of the hospitals.
    pub sites: Vec<(String, &'static str)>,
    /// See [`Department`].
    pub departments: Vec<Department>,
    /// See [`Doctor`].
    pub doctors: Vec<Doctor>,
    /// See [`Board`].
    pub boards: Vec<Board>,
}

impl City {
    /// A city of so many doctors, in 1 to 12 departments of 1 to 3 hospitals. `suffix` keeps one city of a house from
    /// another; `secret` goes into the passwords.
    pub fn plan(doctors: usize, suffix: &str, secret: &str, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let doctors = doctors.max(1);
        let departments = (doctors / 2).clamp(1, DEPARTMENTS_MAX);
        // Two departments at least in each hospital, or nobody could be transferred.
        let site_count = (departments / 2).clamp(1, SITES.len());
        let sites: Vec<_> = SITES[..site_count].iter().map(|(id, name, _)| (format!("{id}{suffix}"), *name)).collect();
        let mut city = Self { sites, departments: Vec::new(), doctors: Vec::new(), boards: Vec::new() };
        for (n, (name, name_en)) in DEPARTMENTS.iter().copied().enumerate().take(departments) {
            let site = n % site_count;
            let id = format!("{}.d{:02}", city.sites[site].0, n + 1);
            let prefix = char::from(b'A' + u8::try_from(n / site_count).unwrap_or(0)).to_string();
            city.departments.push(Department {
                queue: format!("{id}.pool"),
                id,
                site,
                name,
                name_en,
                prefix,
                own: Vec::new(),
                doctors: Vec::new(),
                board: 0,
                number_only: name == "精神科",
            });
        }
        let boards = departments.min(BOARDS_MAX);
        for n in 0..boards {
            let (site, department) = (n % site_count, &city.departments[n]);
            let id = format!("{}.area{:02}", city.sites[site].0, n + 1);
            city.boards.push(Board { id, site, name: format!("{}候诊区", department.name) });
        }
        for n in 0..departments {
            let site = city.departments[n].site;
            let of_site: Vec<usize> = (0..boards).filter(|board| city.boards[*board].site == site).collect();
            city.departments[n].board = of_site[(n / site_count) % of_site.len()];
        }
        for n in 0..doctors {
            let department = n % departments;
            let order = city.departments[department].doctors.len() + 1;
            city.departments[department].doctors.push(n);
            let at = &city.departments[department];
            // A door's number is one door's of the hospital: a board may show several departments.
            let room = department / site_count * doctors.div_ceil(departments) + order;
            city.doctors.push(Doctor {
                id: format!("{}.dr{:02}", city.sites[at.site].0, n + 1),
                department,
                service_point: format!("{}.r{order}", at.id),
                room: format!("{room}号诊室"),
                room_en: format!("Room {room}"),
                order: room,
                name: doctor_name(&mut rng),
                title: TITLES[n % TITLES.len()],
                account: format!("dr{:02}{suffix}", n + 1),
                password: format!("doctor-{secret}-{n}"),
            });
        }
        // Letters behind those of the pools.
        let letter = |k: usize| char::from(b'A' + u8::try_from(departments.div_ceil(site_count) + k).unwrap_or(25));
        for at in city.departments.iter_mut().take(site_count) {
            let own = at.doctors.iter().take(OWN_QUEUES).enumerate();
            let own = own.map(|(k, doctor)| Own {
                queue: format!("{}.own{}", at.id, k + 1),
                doctor: *doctor,
                prefix: letter(k).to_string(),
            });
            at.own = own.collect();
        }
        city
    }

    /// Sets all of it up with an operator's token.
    ///
    /// # Errors
    /// The first thing that was refused.
    pub async fn set_up(&self, door: &Door, operator: &str) -> Result<(), Refusal> {
        let put = async |path: &str, body: Value| door.insist("PUT", path, Some(operator), &body).await.map(drop);
        for (n, (id, name)) in self.sites.iter().enumerate() {
            put("/sites", json!({ "id": id, "name": name, "name_en": SITES[n].2, "time_zone": "Asia/Shanghai" }))
                .await?;
        }
        for at in &self.departments {
            let settings = at.settings(SEVERAL_QUEUES[at.site % SEVERAL_QUEUES.len()]);
            put(
                "/departments",
                json!({ "id": at.id, "name": at.name, "name_en": at.name_en,
                "number_only": at.number_only, "settings": settings }),
            )
            .await?;
        }
        for who in &self.doctors {
            let at = &self.departments[who.department];
            put(
                "/service-points",
                json!({ "id": who.service_point, "name": who.room, "name_en": who.room_en,
                "order": who.order }),
            )
            .await?;
            put("/doctors", json!({ "id": who.id, "name": who.name, "title": who.title, "departments": [at.id] }))
                .await?;
        }
        for at in &self.departments {
            put("/queues", json!({ "id": at.queue, "name": at.name, "prefix": at.prefix })).await?;
            for own in &at.own {
                let doctor = &self.doctors[own.doctor];
                let queue =
                    json!({ "id": own.queue, "name": doctor.name, "prefix": own.prefix, "doctors": [doctor.id] });
                put("/queues", queue).await?;
            }
        }
        for (n, board) in self.boards.iter().enumerate() {
            let queues: Vec<&str> =
                self.departments.iter().filter(|at| at.board == n).flat_map(Department::queues).collect();
            put("/boards", json!({ "id": board.id, "name": board.name, "queues": queues, "english": n == 0 })).await?;
        }
        for who in &self.doctors {
            let site = &self.sites[self.departments[who.department].site].0;
            put(
                "/staff",
                json!({ "id": who.account, "role": "doctor", "password": who.password, "site": site,
                "doctor": who.id }),
            )
            .await?;
        }
        Ok(())
    }

    /// The session of one of a department's queues (index into [`Department::queues`]) on a day.
    pub fn session_id(&self, department: usize, line: usize, date: &str) -> String {
        let own = if line == 0 { String::new() } else { format!("q{line}") };
        format!("{}.s{}{own}", self.departments[department].id, date.replace('-', ""))
    }

    /// A doctor's own queue, of one who has it beside the pool.
    pub fn own_queue(&self, doctor: usize) -> Option<&str> {
        let own = &self.departments[self.doctors[doctor].department].own;
        own.iter().find(|own| own.doctor == doctor).map(|own| own.queue.as_str())
    }

    /// The department of a hospital that knows everything.
    pub fn knows_everything(&self, site: usize) -> usize {
        self.departments.iter().position(|at| at.site == site && !at.own.is_empty()).unwrap_or(site)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_hospital_has_a_department_that_knows_everything_and_every_queue_letters_of_its_own() {
        for doctors in [1, 2, 4, 5, 11, 40] {
            let city = City::plan(doctors, "", "", 1);
            for site in 0..city.sites.len() {
                let at = &city.departments[city.knows_everything(site)];
                assert_eq!((at.site, at.own.len()), (site, at.doctors.len().min(OWN_QUEUES)), "{doctors}");
                assert!(at.own.iter().all(|own| at.doctors.contains(&own.doctor)));
                let of_site = || city.departments.iter().filter(|at| at.site == site);
                let letters: BTreeSet<&str> = of_site()
                    .flat_map(|at| {
                        std::iter::once(at.prefix.as_str()).chain(at.own.iter().map(|own| own.prefix.as_str()))
                    })
                    .collect();
                assert_eq!(
                    letters.len(),
                    of_site().map(|at| at.queues().len()).sum::<usize>(),
                    "{doctors}: {letters:?}"
                );
            }
            for at in &city.departments {
                let mut came = vec![0; at.queues().len()];
                let all: usize = (0..came.len()).map(|line| at.share(line)).sum();
                (0..all).for_each(|n| came[at.line_of(n)] += 1);
                assert_eq!(came, (0..came.len()).map(|line| at.share(line)).collect::<Vec<_>>(), "{doctors}");
            }
        }
    }
}
