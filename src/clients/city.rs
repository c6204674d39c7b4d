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

/// One department with its pool.
#[derive(Clone, Debug)]
pub struct Department {
    /// `site.department`.
    pub id: String,
    /// Index of its site.
    pub site: usize,
    /// Name shown to people.
    pub name: &'static str,
    name_en: &'static str,
    /// Its queue, a pool that all its doctors call from.
    pub queue: String,
    prefix: String,
    /// Indexes of its doctors.
    pub doctors: Vec<usize>,
    /// Its board.
    pub board: usize,
    number_only: bool,
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
            let settings = json!({});
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
        }
        for (n, board) in self.boards.iter().enumerate() {
            let queues: Vec<&str> =
                self.departments.iter().filter(|at| at.board == n).map(|at| at.queue.as_str()).collect();
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

    /// A department's id's session of a day; one pool's.
    pub fn session_id(&self, department: usize, date: &str) -> String {
        format!("{}.s{}", self.departments[department].id, date.replace('-', ""))
    }
}
