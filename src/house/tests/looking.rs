//! What doors look for: several departments at once, and documents only so often.

use std::time::Instant;

use jiaohao_domain::TicketId;

use super::*;
use crate::house::OWNER_WITHIN;

impl Opened {
    async fn knows(&self, claims: &Arc<Claims>, number: &str, name: &str) -> Result<Value, Rejection> {
        let asked = json!({"document_kind": "passport", "document_number": number, "name": name, "sex": "male",
            "birth_date": "1950-01-01"});
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        self.engine.deed(claims.clone(), deed).await
    }
}

#[actix_web::test]
async fn departments_that_do_not_answer_are_waited_for_together() {
    let house = open().await;
    let mut all = vec!["s.d".to_owned(), "s.e".to_owned()];
    for letter in ["f", "g", "h", "i", "j", "k", "l", "m"] {
        let id = format!("s.{letter}");
        house.give(&house.operator(), json!({"define_department": {"id": id, "name": id}})).await.expect("defined");
        all.push(id);
    }
    let code = house.engine.0.ticket_code(&TicketId::from("s.d.t1"))["code"].clone();
    let asked = json!({"departments": all, "by": {"code": code}});
    // Some of the others run on the same thread.
    let _held = house.hold("s.d").await;
    let (kiosk, began) = (house.kiosk(), clock::monotonic());
    let found = house.engine.0.find_arrivals(&kiosk, read(asked)).await.expect("of those that answer");
    let waited: Duration = Instant::duration_since(&clock::monotonic(), began);
    assert!(found["silent"].as_array().expect("a list").len() >= 2, "{found}");
    assert!(waited < 2 * OWNER_WITHIN, "{waited:?}");
}

#[actix_web::test]
async fn documents_that_nobody_has_or_under_another_name_are_tried_so_often_in_a_minute() {
    let house = open().await;
    house.person("E00000001", "张三").await;
    let mut doctor = house.claims(Role::Doctor, "a-doctor");
    (doctor.site, doctor.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new("s.li")));
    let doctor = Arc::new(doctor);
    for n in 0..9 {
        house.knows(&doctor, &format!("E1000000{n}"), "李四").await.expect("new");
    }
    house.knows(&doctor, "E00000001", "王五").await.expect("of another name");
    for (number, name) in [("E20000000", "李四"), ("E00000001", "王五")] {
        let refused = house.knows(&doctor, number, name).await.expect_err("one more");
        assert_eq!(refused.code, Code::BackOff);
        assert!(refused.valid_now.iter().any(|(name, _)| name == "retry_after_s"), "{refused:?}");
    }
    house.knows(&doctor, "E00000001", "张三").await.expect("who is known by that name");
    house.knows(&doctor, "E10000000", "李四").await.expect("made known before");
}

/// One doctor who signs in by several accounts, or has a script beside, is one who tries.
#[actix_web::test]
async fn documents_are_tried_by_a_doctor_not_by_an_account() {
    let house = open().await;
    let account = |name: &str, doctor: &str| {
        let mut claims = house.claims(Role::Doctor, name);
        (claims.site, claims.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new(doctor)));
        Arc::new(claims)
    };
    for n in 0..10 {
        let one = account(&format!("a-doctor-{n}"), "s.li");
        house.knows(&one, &format!("E3000000{n}"), "李四").await.expect("new");
    }
    let refused = house.knows(&account("a-doctor-11", "s.li"), "E40000000", "李四").await.expect_err("one more");
    assert_eq!(refused.code, Code::BackOff);
    house.knows(&account("a-doctor-12", "s.wu"), "E40000000", "李四").await.expect("another doctor");
}

#[actix_web::test]
async fn a_hospitals_system_makes_so_many_persons_known_in_a_minute() {
    let house = open_with(|settings| settings.limits.persons_of_integrator_per_min = 3).await;
    house.person("E00000001", "张三").await;
    let mut his = house.claims(Role::Integrator, "a-his");
    his.site = Some(SiteId::new("s"));
    let his = Arc::new(his);
    for n in 0..3 {
        house.knows(&his, &format!("E5000000{n}"), "李四").await.expect("new");
    }
    assert_eq!(house.knows(&his, "E50000009", "李四").await.expect_err("one more").code, Code::BackOff);
    assert_eq!(house.knows(&his, "E00000001", "王五").await.expect_err("of another name").code, Code::BackOff);
    house.knows(&his, "E00000001", "张三").await.expect("who is known by that name");
    let mut doctor = house.claims(Role::Doctor, "a-doctor");
    (doctor.site, doctor.doctor) = (Some(SiteId::new("s")), Some(DoctorId::new("s.li")));
    house.knows(&Arc::new(doctor), "E50000009", "李四").await.expect("a count of its own");
}
