//! What names a thing that there is not.

use super::*;

#[actix_web::test]
async fn settings_are_of_a_department_that_there_is() {
    let house = open().await;
    let of = |department: &str| {
        let days = json!({"id": format!("{department}.x"), "from": "2026-11-30", "to": "2026-11-30", "does": {"closed": {"reason": "r"}}});
        [
            json!({"define_planning": {"department": department}}),
            json!({"define_quota_rules": {"department": department}}),
            json!({"define_reminder": {"department": department}}),
            json!({"define_payment": {"department": department}}),
            json!({ "except_days": days }),
        ]
    };
    let mut answers = Vec::new();
    for command in of("s.none") {
        answers.push(house.give(&house.operator(), command).await.map(drop).map_err(|why| (why.code, why.valid_now)));
    }
    let unknown = (Code::UnknownId, vec![("unknown".to_owned(), vec!["s.none".to_owned()].into())]);
    assert_eq!(answers, vec![Err(unknown); 5]);
    // At once: what the site has answered is there, whether or not the department has heard of it.
    let define = json!({"define_department": {"id": "s.new", "name": "新科"}});
    house.give(&house.operator(), define).await.expect("defined");
    for command in of("s.new") {
        house.give(&house.operator(), command).await.expect("is there");
    }
}
