//! A template defined through the door: its sessions are there, on their streams and in the plan, and it goes on at midnight.

use super::*;
use crate::http::queries::PlanQuery;

#[actix_web::test]
async fn a_template_gives_sessions_that_are_followed_booked_and_read_in_the_plan() {
    let house = open().await;
    let operator = house.operator();
    let template = json!({"define_template": {"id": "s.d.all", "name": "普通", "queue": "s.d.q", "period": "morning",
        "registration_class": "普通", "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "2026-11-23", "start": "08:00",
        "end": "09:00", "capacity": 2}});
    let Answer::Planned(outcome) = house.give(&operator, template.clone()).await.expect("defined") else {
        panic!("another answer");
    };
    assert_eq!((outcome.made, outcome.more), (28, false));
    let desk = house.desk();
    assert_eq!(house.give(&desk, template).await.unwrap_err().code, Code::Forbidden, "the desk does not plan");

    let stream = "session:s.d.all-d20261124";
    let session = house.engine.snapshot(operator.clone(), stream.into()).await.expect("it is there").snapshot;
    assert_eq!((&session["date"], &session["open"]), (&json!("2026-11-24"), &json!(true)), "{session}");
    assert_eq!(session["released_at"], "2026-11-17T07:00:00.000+08:00");
    let frozen = json!({"freeze_session": {"session": "s.d.all-d20261124", "frozen": true, "reason": "检修"}});
    house.give(&operator, frozen).await.expect("frozen");
    let session = house.engine.snapshot(operator.clone(), stream.into()).await.expect("it is there").snapshot;
    assert_eq!((&session["frozen"], &session["slots"][0]["open"]), (&json!("by_hand"), &json!(false)));

    let read = async |at: &str, query: Value| {
        let deed = Deed::ReadPlan(DepartmentId::new(at), read::<PlanQuery>(query));
        house.engine.deed(house.desk(), deed).await
    };
    let plan = read("s.d", json!({})).await.expect("read");
    let standings: Vec<&str> = plan["days"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|day| day["sessions"][0]["standing"].as_str())
        .collect();
    assert_eq!(standings.len(), 13, "a fortnight, today without: {plan}");
    assert_eq!((standings[0], standings[1]), ("frozen", "made"));
    let code = async |at: &str, query: Value| read(at, query).await.unwrap_err().code;
    let days = |from: &str, to: &str| json!({"from": from, "to": to});
    assert!(read("s.d", days("2026-11-23", "2027-01-23")).await.is_ok(), "62 days");
    assert_eq!(code("s.d", days("2026-11-23", "2027-01-24")).await, Code::InvalidField);
    assert_eq!(code("s.d", days("2026-11-23", "2026-11-22")).await, Code::InvalidField);
    assert_eq!(code("s.d", days("1999-12-31", "2000-01-01")).await, Code::InvalidField);
    assert_eq!(code("s.nowhere", json!({})).await, Code::Forbidden);
}
