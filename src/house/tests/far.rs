//! Where a phone says that it is when somebody comes: reckoned against the hospital's place, and kept nowhere.

use jiaohao_domain::AppointmentId;
use jiaohao_domain::department::State;
use jiaohao_domain::floor::far_away::km;

use super::*;
use crate::house::department;

/// 11.1 km north of where the hospital is said to be.
const NORTH: f64 = 29.600_123_4;

fn at(latitude_deg: f64, accuracy_m: f64) -> Value {
    json!({"latitude_deg": latitude_deg, "longitude_deg": 106.5, "accuracy_m": accuracy_m})
}

impl Opened {
    async fn area_code(&self) -> String {
        let code = self.engine.deed(self.desk(), Deed::ReadAreaCode(DepartmentId::new("s.d"))).await.expect("read");
        code["code"].as_str().expect("text").to_owned()
    }

    /// How far away the ticket's phone was, as the desk sees it.
    async fn far_km(&self, appointment: &str) -> Option<u32> {
        let ticket = AppointmentId::from(appointment).ticket();
        let read = move |state: &State| km(&state.floor, &state.floor.tickets[&ticket]);
        self.engine.0.shell.read(department(&"s.d".into()), read).await.expect("read")
    }

    /// Somebody else's phone checks in from there.
    async fn comes(&self, n: u32, position: Value) -> Result<Option<u32>, Code> {
        let phone = Arc::new(self.claims(Role::Patient, &format!("a-phone-{n}")));
        let (_, appointment) = self.booked(&phone, &format!("E0000010{n}")).await;
        let check_in =
            json!({"check_in": {"appointment": appointment, "code": self.area_code().await, "position": position}});
        self.give(&phone, check_in).await.map_err(|why| why.code)?;
        Ok(self.far_km(&appointment).await)
    }

    async fn stands_at(&self, place: Value) {
        let mut site = json!({"id": "s", "name": "医院", "time_zone": "Asia/Shanghai"});
        site.as_object_mut().expect("an object").extend(place.as_object().expect("an object").clone());
        self.give(&self.operator(), json!({ "define_site": site })).await.expect("defined");
    }
}

#[actix_web::test]
async fn a_phone_that_is_certainly_far_away_is_marked_and_let_in_like_any_other() {
    let house = open().await;
    assert_eq!(house.comes(0, at(NORTH, 20.0)).await, Ok(None), "nobody knows where the hospital is");
    house.stands_at(json!({"latitude": 29.5, "longitude": 106.5})).await;
    assert_eq!(house.comes(1, at(NORTH, 20.0)).await, Ok(Some(11)));
    assert_eq!(house.comes(2, at(29.505, 20.0)).await, Ok(None), "near");
    assert_eq!(house.comes(3, at(NORTH, 10_200.0)).await, Ok(None), "it knows too little");
    assert_eq!(house.comes(4, Value::Null).await, Ok(None));
    assert_eq!(house.comes(5, at(90.1, 1.0)).await, Err(Code::InvalidField));
    assert_eq!(house.comes(6, at(NORTH, -1.0)).await, Err(Code::InvalidField));
    let east = json!({"latitude_deg": 1, "longitude_deg": 180.1, "accuracy_m": 1});
    assert_eq!(house.comes(7, east).await, Err(Code::InvalidField));
}

#[actix_web::test]
async fn a_repeat_is_known_whatever_it_says_of_where_it_is_and_the_place_is_in_no_file() {
    let house = open().await;
    house.stands_at(json!({"latitude": 29.5, "longitude": 106.5})).await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (_, appointment) = house.booked(&phone, "E00000110").await;
    let (key, code) = (crate::clients::command_key(), house.area_code().await);
    let from =
        |latitude: f64| json!({"check_in": {"appointment": appointment, "code": code, "position": at(latitude, 20.0)}});
    let first = house.give_keyed(&phone, key, &from(NORTH)).await.expect("checked in");
    assert_eq!(house.far_km(&appointment).await, Some(11));
    assert_eq!(house.give_keyed(&phone, key, &from(29.5)).await.as_ref(), Ok(&first));
    let without = json!({"check_in": {"appointment": appointment, "code": code}});
    assert_eq!(house.give_keyed(&phone, key, &without).await.as_ref(), Ok(&first));
    assert_eq!(house.far_km(&appointment).await, Some(11), "as it was said first");

    let (text, bits) = (NORTH.to_string(), NORTH.to_le_bytes());
    let mut folders = vec![house.folder.path().to_owned()];
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let stored = std::fs::read(&path).expect("a file");
            looked += stored.len();
            let has = |what: &[u8]| stored.windows(what.len()).any(|part| part == what);
            assert!(!has(text.as_bytes()) && !has(&bits), "{}", path.display());
        }
    }
    assert!(looked > 10_000, "only {looked} bytes were looked through");
}

#[actix_web::test]
async fn reporting_back_says_it_too_and_whoever_stands_there_does_not() {
    let house = open().await;
    house.stands_at(json!({"latitude": 29.5, "longitude": 106.5})).await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (_, appointment) = house.booked(&phone, "E00000120").await;
    let check_in = json!({"check_in": {"appointment": appointment, "position": at(NORTH, 20.0)}});
    let Ok(Answer::Waiting { ticket, .. }) = house.give(&house.desk(), check_in).await else { panic!("a number") };
    assert_eq!(house.far_km(&appointment).await, None, "the desk stands there");

    let li = house.doctor_who_has_called().await;
    house.give(&li, json!({"send_for_tests": {"ticket": ticket}})).await.expect("away");
    let back = json!({"report_back": {"ticket": ticket, "code": house.area_code().await, "position": at(NORTH, 20.0)}});
    house.give(&phone, back).await.expect("back");
    assert_eq!(house.far_km(&appointment).await, Some(11));
}
