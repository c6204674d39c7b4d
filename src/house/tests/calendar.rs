//! An appointment's file for a calendar, asked for as doors do.

use jiaohao_domain::AppointmentId;
use jiaohao_domain::vocabulary::Language;

use super::*;

impl Opened {
    async fn in_calendar(&self, claims: &Arc<Claims>, appointment: &str) -> Result<String, Rejection> {
        let deed = Deed::ReadCalendar(AppointmentId::from(appointment), Language::Zh);
        let read = self.engine.deed(claims.clone(), deed).await?;
        Ok(read["calendar"].as_str().expect("a file").to_owned())
    }
}

#[actix_web::test]
async fn a_calendar_is_told_each_change_of_the_own_appointment_and_nobody_elses() {
    let house = open().await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (who, appointment) = house.booked(&phone, "E00000051").await;
    let is = |file: &str, lines: &[&str]| {
        for line in lines {
            assert!(file.contains(&format!("\r\n{line}\r\n")), "{line} is not in {file}");
        }
    };
    let booked = house.in_calendar(&phone, &appointment).await.expect("its own");
    is(&booked, &["METHOD:PUBLISH", "SEQUENCE:0", "DTSTART:20261123T010000Z", "SUMMARY:s.d · s.d", "LOCATION:医院"]);
    for known in [who.as_str(), "张三", "张*", "E00000051"] {
        assert!(!booked.contains(known), "{known} goes into the clouds of others: {booked}");
    }
    let at_desk = house.in_calendar(&house.desk(), &appointment).await.expect("of its department");
    is(&at_desk, &["SEQUENCE:0"]);
    let delay = json!({"delay_session": {"session": "s.d.m", "minutes": 25}});
    house.give(&house.desk(), delay).await.expect("announced");
    let later = house.in_calendar(&phone, &appointment).await.expect("its own");
    is(&later, &["METHOD:PUBLISH", "SEQUENCE:1", "DTSTART:20261123T012500Z", "DTEND:20261123T015500Z"]);
    let cancel = json!({"cancel_appointment": {"appointment": appointment}});
    house.give(&phone, cancel).await.expect("cancelled");
    let gone = house.in_calendar(&phone, &appointment).await.expect("its own");
    is(&gone, &["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2"]);
    let uid = |file: &str| file.lines().find(|line| line.starts_with("UID:")).map(str::to_owned);
    assert_eq!(uid(&gone), uid(&booked));
    let restore = json!({"restore_appointment": {"appointment": appointment, "reason": "by mistake"}});
    house.give(&house.desk(), restore).await.expect("restored");
    is(&house.in_calendar(&phone, &appointment).await.expect("its own"), &["METHOD:PUBLISH", "SEQUENCE:3"]);
    let stranger = Arc::new(house.claims(Role::Patient, "a-stranger"));
    let mut elsewhere = house.claims(Role::Desk, "a-desk2");
    (elsewhere.site, elsewhere.departments) = (Some(SiteId::new("s")), vec![DepartmentId::new("s.e")]);
    for other in [stranger, Arc::new(elsewhere), Arc::new(house.claims(Role::Operator, "a-op2")), house.kiosk()] {
        let refused = house.in_calendar(&other, &appointment).await.expect_err("somebody else's");
        assert_eq!(refused.code, Code::Forbidden);
    }
    let nobodys = house.in_calendar(&house.desk(), "s.d.b20261123-0").await.expect_err("there is none");
    assert_eq!(nobodys.code, Code::Forbidden);
}

#[actix_web::test]
async fn after_a_restart_a_calendars_number_goes_on_where_it_was() {
    let house = open().await;
    let phone = Arc::new(house.claims(Role::Patient, "a-phone"));
    let (_, appointment) = house.booked(&phone, "E00000052").await;
    for minutes in [10, 0, 15] {
        let delay = json!({"delay_session": {"session": "s.d.m", "minutes": minutes}});
        house.give(&house.desk(), delay).await.expect("announced");
    }
    let Opened { folder, _server: server, engine } = house;
    drop(engine);
    server.stop().await;
    let server = start(&folder, |_| {}).await;
    let engine = Shared(server.house.clone());
    let house = Opened { folder, _server: server, engine };
    let file = house.in_calendar(&house.desk(), &appointment).await.expect("still known");
    assert!(file.contains("\r\nSEQUENCE:3\r\n"), "{file}");
}
