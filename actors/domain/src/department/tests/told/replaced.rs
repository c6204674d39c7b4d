//! A booking that another one takes the place of: it ends in every case but that its patient has come.

use super::*;

impl Pair {
    /// Books 9:00.
    fn book(&mut self) -> AppointmentId {
        self.reserve("0900").expect("reserves");
        self.settle();
        self.person.live().next().expect("booked").0.clone()
    }

    /// Asks for that slot in place of the old booking; the post has it then.
    fn move_to(&mut self, slot: &str, old: &AppointmentId, channel: Channel) -> Result<AppointmentId, Code> {
        let slot = SlotId::from(format!("{DEPARTMENT}.am.{slot}"));
        let (slot_start, slot_end) =
            (self.house.state.clinic.slots[&slot].start, self.house.state.clinic.slots[&slot].end);
        let replaces = Some(old.clone());
        let (date, limits) = (day(), Default::default());
        let reserve = ToPatient::Reserve { slot, date, slot_start, slot_end, confirm: true, channel, replaces, limits };
        self.person(reserve).map_err(|rejection| rejection.code)?;
        let new = self.person.live().find(|(_, reservation)| reservation.replaces.as_ref() == Some(old));
        Ok(new.expect("reserved").0.clone())
    }

    /// The department has the next message; what it answers is lost.
    fn deliver_and_lose_the_answer(&mut self) {
        let next = self.post.remove(0);
        self.deliver(next);
        self.post.clear();
    }

    fn there(&self, appointment: &AppointmentId) -> AppointmentState {
        self.house.state.clinic.appointments[appointment].state
    }

    fn assert_in_order(&self) {
        assert_eq!((self.unheard(), self.person.reservations.values().filter(|r| r.wish.is_some()).count()), (0, 0));
        self.house.state.clinic.check().expect("I1");
        self.assert_replays();
    }
}

#[test]
fn a_booking_whose_slot_is_over_is_moved_by_the_desk_and_by_no_phone() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    let old = pair.book();
    pair.house.now = at("09:31");
    assert_eq!(pair.move_to("1000", &old, Channel::Online), Err(Code::CancelCutOff));
    assert_eq!(pair.person.live().count(), 1, "nothing is left behind");
    let new = pair.move_to("1000", &old, Channel::Desk).expect("the desk may");
    pair.settle();
    assert_eq!((pair.standing(&new), pair.there(&new)), (Standing::Booked, AppointmentState::Booked));
    assert_eq!(pair.there(&old), AppointmentState::GivenBack, "two bookings of one day");
    assert_eq!(pair.standing(&old), Standing::Ended(AppointmentEnd::GivenBack));
    pair.assert_in_order();
}

#[test]
fn a_slot_that_is_over_when_the_new_place_is_booked_is_given_up_all_the_same() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    let old = pair.book();
    pair.house.now = at("09:29");
    let new = pair.move_to("1000", &old, Channel::Online).expect("in time");
    pair.house.now = at("09:31");
    pair.settle();
    assert_eq!(pair.standing(&new), Standing::Booked);
    assert_eq!(pair.standing(&old), Standing::Ended(AppointmentEnd::GivenBack));
    pair.assert_in_order();
}

#[test]
fn who_has_come_under_the_old_number_keeps_it_and_the_new_place_is_given_up() {
    for is_told_first in [false, true] {
        let mut pair = Pair::new(House::new(0).with_session(2));
        let old = pair.book();
        let new = pair.move_to("1000", &old, Channel::Online).expect("may be moved");
        let request = pair.post.remove(0);
        pair.house.check_in(&old).expect("comes");
        if is_told_first {
            pair.settle();
            pair.deliver(request);
        } else {
            pair.deliver(request);
            let told = |item: &Outgoing| matches!(item, Outgoing::Request(_, Message::Patient(m)) if matches!(**m, ToPatient::TicketTold(_)));
            pair.post.retain(|item| !told(item));
        }
        pair.settle();
        pair.ask_again();
        pair.settle();
        assert_eq!((pair.standing(&old), pair.there(&old)), (Standing::CheckedIn, AppointmentState::CheckedIn));
        assert!(matches!(pair.standing(&new), Standing::Ended(_)), "told first {is_told_first}: two of one day");
        assert!(matches!(pair.there(&new), AppointmentState::Cancelled | AppointmentState::GivenBack));
        pair.assert_in_order();
    }
}

#[test]
fn the_old_place_is_given_up_whatever_word_first_says_that_the_new_one_stands() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    let old = pair.book();
    let new = pair.move_to("0930", &old, Channel::Online).expect("may be moved");
    pair.deliver_and_lose_the_answer();
    assert_eq!((pair.standing(&new), pair.there(&new)), (Standing::Asked, AppointmentState::Booked));
    pair.house.now = at("09:10");
    pair.house.check_in(&new).expect("comes");
    pair.settle();
    assert_eq!(pair.standing(&new), Standing::CheckedIn);
    pair.ask_again();
    pair.settle();
    assert!(matches!(pair.standing(&old), Standing::Ended(_)), "it still blocks its old place");
    assert!(matches!(pair.there(&old), AppointmentState::Cancelled | AppointmentState::GivenBack));
    pair.assert_in_order();
}

#[test]
fn that_it_is_still_booked_takes_no_wish_to_end_it_back() {
    let mut pair = Pair::new(House::new(0).with_session(2));
    let old = pair.book();
    pair.move_to("1000", &old, Channel::Online).expect("may be moved");
    let request = pair.post.remove(0);
    pair.deliver(request);
    let word = pair.post.remove(0);
    pair.deliver(word);
    assert!(pair.person.reservations[&old].wish.is_some() && !pair.post.is_empty(), "its end is asked for");
    pair.post.clear();
    // A repeat of the first booking's key asks after it once more.
    let ask = ToDepartment::AskPlace { appointment: old.clone(), patient: PatientId::from("p-a") };
    pair.house.system(ask);
    pair.settle();
    assert_eq!(pair.there(&old), AppointmentState::Booked, "what asked for its end was lost");
    pair.ask_again();
    pair.settle();
    assert!(matches!(pair.standing(&old), Standing::Ended(_)));
    pair.assert_in_order();
}
