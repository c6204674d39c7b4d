//! Made-up people: names and resident identity numbers that are valid in form (GB 11643-1999) and nobody's.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "欧阳", "司马", "上官", "诸葛",
];
const DOCTORS: &[&str] = &["沈", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许"];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英",
    "桂芳", "建国", "志强", "海燕", "春梅", "文博", "子涵", "雨桐", "晓东", "立新", "玉兰", "国庆",
];

/// Somebody made up.
#[derive(Clone, Debug)]
pub struct MadeUp {
    /// Full name.
    pub name: String,
    /// Resident identity number.
    pub number: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `male`, `female`.
    pub sex: &'static str,
    /// A mobile number of a range that is given to nobody.
    pub phone: String,
}

impl MadeUp {
    /// The `serial`-th of a run: numbers of one run differ. `year` is that of today; about one in twenty is 80 or older.
    pub fn draw(serial: u32, year: i32, rng: &mut StdRng) -> Self {
        let age = if rng.random_range(0..20) == 0 { rng.random_range(81..95) } else { rng.random_range(19..79) };
        Self::draw_aged(serial, year, age, rng)
    }

    /// As [`MadeUp::draw`], somebody of 81 or older.
    pub fn draw_senior(serial: u32, year: i32, rng: &mut StdRng) -> Self {
        let age = rng.random_range(81..95);
        Self::draw_aged(serial, year, age, rng)
    }

    fn draw_aged(serial: u32, year: i32, age: i32, rng: &mut StdRng) -> Self {
        let (born, month, day) = (year - age, rng.random_range(1..=12), rng.random_range(1..=28));
        // 3 digits of sequence and a region of made-up streets tell a thousand apart on one birthday
        let region = 110_100 + (serial / 1000) % 800;
        let sequence = serial % 1000;
        let number = with_check(&format!("{region:06}{born:04}{month:02}{day:02}{sequence:03}"));
        let surname = SURNAMES[rng.random_range(0..SURNAMES.len())];
        let given = GIVEN[rng.random_range(0..GIVEN.len())];
        Self {
            name: format!("{surname}{given}"),
            number,
            birth_date: format!("{born:04}-{month:02}-{day:02}"),
            sex: if sequence % 2 == 1 { "male" } else { "female" },
            phone: format!("+86100{serial:08}"),
        }
    }

    /// As `POST /persons` takes it.
    pub fn registration(&self) -> Value {
        json!({
            "document_kind": "resident_id",
            "document_number": self.number,
            "name": self.name,
            "sex": self.sex,
            "birth_date": self.birth_date,
            "phone": self.phone,
        })
    }
}

/// A doctor's name; no patient bears it, so that a full name on a screen can be told apart.
pub fn doctor_name(rng: &mut StdRng) -> String {
    format!("{}{}", DOCTORS[rng.random_range(0..DOCTORS.len())], GIVEN[rng.random_range(0..GIVEN.len())])
}

/// Seventeen digits with their check character (ISO 7064 MOD 11-2).
fn with_check(digits: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::person::{Document, DocumentKind};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn made_up_numbers_are_valid_and_differ() {
        let mut rng = StdRng::seed_from_u64(1);
        let people: Vec<MadeUp> = (0..3000).map(|serial| MadeUp::draw(serial, 2026, &mut rng)).collect();
        for who in &people {
            let document = Document::checked(DocumentKind::ResidentId, &who.number).expect("valid in form");
            assert_eq!(document.birth_date().map(|date| date.0.to_string()).as_deref(), Some(who.birth_date.as_str()));
        }
        let numbers: std::collections::BTreeSet<_> = people.iter().map(|who| &who.number).collect();
        assert_eq!(numbers.len(), people.len());
    }
}
