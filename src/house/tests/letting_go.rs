//! Accounts that let places go, as the house hears of it.

use super::*;

#[actix_web::test]
async fn a_hold_that_the_department_says_is_booked_was_not_let_go() {
    let house = open().await;
    let phone = house.claims(Role::Patient, "a-family");
    let (seen, now) = (&house.engine.0.ops.letting_go, house.engine.0.shell.clock.clinic());
    let mut held = Vec::new();
    for n in 0..3 {
        let patient = house.person(&format!("E0000010{n}"), "张三").await;
        let place = json!({"session": "s.d.m", "slot": "s.d.m.0900", "patient": patient});
        let command: ClientCommand = read(json!({ "hold_slot": place }));
        // Noted as if it were the phone's.
        let noted = seen.noting(&phone, &command);
        let outcome = house.engine.command(house.desk(), None, command, Turn::alone()).await;
        seen.note(noted, &outcome, now);
        let Ok(Answer::Held { appointment, .. }) = outcome else { panic!("{outcome:?}") };
        held.push(appointment);
    }
    let later = now.plus_min(30);
    assert_eq!(seen.shown(later).len(), 1, "three have ended");
    for appointment in held {
        // Neither the phone nor this account has anything to do with it, as where it is paid.
        house.give(&house.desk(), json!({"confirm_appointment": {"appointment": appointment}})).await.expect("booked");
    }
    let mut tries = 0;
    while !seen.shown(later).is_empty() {
        tries += 1;
        assert!(tries < 250, "{:?}", seen.shown(later));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
