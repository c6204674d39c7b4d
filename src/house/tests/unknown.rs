//! What names a thing that there is not.

use jiaohao_domain::TicketId;

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

#[actix_web::test]
async fn a_code_is_of_a_ticket_that_there_is() {
    let house = open().await;
    let who = house.person("E00000061", "张小三").await;
    let Ok(Answer::Waiting { ticket, .. }) = house.walk_in("s.d.q", &who).await else { panic!("a number") };
    let book = json!({"book_slot": {"session": "s.d.m", "slot": "s.d.m.1000", "patient": who}});
    let Ok(Answer::Booked { appointment, .. }) = house.give(&house.desk(), book).await else { panic!("a place") };
    let mut his = house.claims(Role::Integrator, "a-his");
    his.site = Some(SiteId::new("s"));
    let visit = json!({"register_visit": {"site": "s", "visit_id": "H-77", "version": 1, "queue": "s.d.q", "date": "2026-11-23",
        "fee_state": "paid", "number": "H78", "patient": {"number": "900", "name": "王大年"}}});
    house.give(&Arc::new(his), visit).await.expect("registered");
    let found = house.find("H78").await.expect("found");
    let outside = found["appointments"][0]["appointment"].as_str().expect("to come").to_owned();
    let code = async |ticket: &str| {
        let ask = Deed::ReadTicketCode(TicketId::from(ticket));
        let answer = house.engine.deed(house.kiosk(), ask).await.map_err(|why| why.code)?;
        Ok::<_, Code>(answer["code"].as_str().expect("text").to_owned())
    };
    let of_appointment = |id: &str| jiaohao_domain::AppointmentId::from(id).ticket().to_string();
    for there in [ticket.to_string(), of_appointment(appointment.as_str()), of_appointment(&outside)] {
        let code = code(&there).await.expect("is there");
        assert_eq!(house.arrivals("s.d", json!({ "code": code })).await.expect("found").iter().sum::<usize>(), 1);
        // A wrong one finds what one of nothing finds.
        let wrong = format!("{there}~AAAAAAAAAA");
        assert_eq!(house.arrivals("s.d", json!({ "code": wrong })).await.expect("nothing"), [0, 0]);
    }
    assert_eq!(house.arrivals("s.d", json!({"code": "s.d.t999~AAAAAAAAAA"})).await.expect("nothing"), [0, 0]);
    for not in ["s.d.t999", "s.d.t20261123-0123456789abcdef", "s.d"] {
        assert_eq!(code(not).await, Err(Code::Forbidden), "{not}");
    }
}
