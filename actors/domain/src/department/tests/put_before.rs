//! Before whom a class has put a ticket: said as long as it waits by it, through mistakes and the ways back of them.

use serde_json::{Value, json};

use super::house::*;
use crate::department::view;
use crate::ids::*;
use crate::time::Zone;
use crate::vocabulary::*;

fn put_before(house: &House, ticket: &TicketId) -> Value {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let queue = view::snapshot(&house.state, "queue", "s.d.own", house.now, zone).expect("the queue");
    queue["tickets"][ticket.as_str()]["put_before"].clone()
}

fn priority(house: &mut House, ticket: &TicketId, class: &str) {
    let (ticket, class, proof) = (ticket.clone(), class.to_owned(), "card".to_owned());
    house.desk(ToDepartment::SetPriority(SetPriority { ticket, class, proof })).expect("has proof");
}

#[test]
fn whom_a_class_has_put_a_ticket_before_is_said_while_it_waits_by_it() {
    let mut house = House::new(0).with_doctors();
    let others: Vec<TicketId> = ["a", "b", "c", "d"].map(|name| house.walk_in("own", name, None)).into();
    let senior = house.walk_in("own", "senior", Some("senior"));
    // By default three places, the nearest first.
    let three = json!([others[3], others[2], others[1]]);
    assert_eq!(put_before(&house, &senior), three);
    assert_eq!(put_before(&house, &others[3]), json!([]));

    let plain = house.walk_in("own", "e", None);
    assert_eq!(put_before(&house, &plain), json!([]));
    priority(&mut house, &plain, "disabled");
    let two = put_before(&house, &plain);
    assert_eq!(two, three, "nobody who is moved up is passed, those behind are");
    priority(&mut house, &plain, "senior");
    assert_eq!(put_before(&house, &plain), two, "another class, and nobody is passed twice or forgotten");
    priority(&mut house, &plain, "none");
    assert_eq!(put_before(&house, &plain), json!([]), "none without a class");
    house.undo_last(&plain).expect("undone");
    assert_eq!(put_before(&house, &plain), two, "what is undone is as it was");

    assert_eq!(house.called(1), others[0]);
    house.tell(doctor(1), ToDepartment::FinishService(FinishService { ticket: others[0].clone() })).expect("seen");
    assert_eq!(house.called(1), senior);
    assert_eq!(put_before(&house, &senior), json!([]), "nobody waits behind somebody who is called");
    let mistake = ReturnToWaiting { ticket: senior.clone(), reason: "mistake".to_owned() };
    house.tell(doctor(1), ToDepartment::ReturnToWaiting(mistake)).expect("back");
    assert_eq!(put_before(&house, &senior), three, "back at the old place");
    house.assert_replays();
}
