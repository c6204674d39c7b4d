//! Tests of the offer/answer/candidate machine: each rule, and that no order of signals breaks it.

use jiaohao_domain::{Code, Rejection, Timestamp};
use proptest::prelude::*;

use super::rules::*;

const T0: Timestamp = Timestamp(1_764_000_000_000);

fn offer(negotiation: u64) -> Input {
    Input::Offer { negotiation, sdp: format!("o{negotiation}") }
}
fn answer(negotiation: u64) -> Input {
    Input::Answer { negotiation, sdp: format!("a{negotiation}") }
}
fn candidate(negotiation: u64) -> Input {
    Input::Candidate { negotiation, candidate: "c".into() }
}

fn connected() -> Exchange {
    let mut call = Exchange::new();
    call.take(Side::Answerer, offer(1), T0).unwrap();
    call.take(Side::Offerer, answer(1), T0).unwrap();
    call
}

#[test]
fn the_first_offer_may_come_from_either_side_and_is_relayed_and_answered() {
    for first in [Side::Offerer, Side::Answerer] {
        let mut call = Exchange::new();
        assert_eq!(call.take(first, offer(1), T0), Ok(vec![Output::Relay(first.other(), offer(1))]));
        assert!(!call.is_stable());
        assert_eq!(call.take(first.other(), answer(1), T0), Ok(vec![Output::Relay(first, answer(1))]));
        assert!(call.is_stable());
    }
}

#[test]
fn both_begin_at_once_and_the_first_stands() {
    let mut call = Exchange::new();
    call.take(Side::Answerer, offer(1), T0).unwrap();
    assert_eq!(call.take(Side::Offerer, offer(1), T0), Err(CallError::OtherSidesTurn));
    assert!(call.take(Side::Offerer, answer(1), T0).is_ok());
}

#[test]
fn after_the_first_exchange_one_side_offers() {
    let mut call = connected();
    assert_eq!(call.take(Side::Answerer, offer(2), T0), Err(CallError::OtherSidesTurn));
    assert_eq!(call.take(Side::Answerer, Input::ChangeNeeded, T0), Ok(vec![Output::AskOffer(Side::Offerer, 2)]));
    assert!(call.take(Side::Offerer, offer(2), T0).is_ok());
}

#[test]
fn stale_offers_and_answers_are_refused_with_what_is_due() {
    let mut call = connected();
    assert_eq!(call.take(Side::Offerer, offer(1), T0), Err(CallError::Stale { due: 2 }));
    assert_eq!(call.take(Side::Offerer, offer(3), T0), Err(CallError::Stale { due: 2 }));
    assert_eq!(call.take(Side::Answerer, answer(1), T0), Err(CallError::Stale { due: 2 }));
    call.take(Side::Offerer, offer(2), T0).unwrap();
    assert_eq!(call.take(Side::Answerer, answer(1), T0), Err(CallError::Stale { due: 2 }));
    assert_eq!(call.take(Side::Offerer, answer(2), T0), Err(CallError::OtherSidesTurn));
    let rejection = Rejection::from(CallError::Stale { due: 2 });
    assert_eq!(
        (rejection.code, rejection.valid_now),
        (Code::StaleNegotiation, vec![("negotiation".into(), 2_u64.into())])
    );
}

#[test]
fn a_change_in_the_middle_is_remembered_and_asked_for_once() {
    let mut call = connected();
    call.take(Side::Offerer, offer(2), T0).unwrap();
    assert_eq!(call.take(Side::Answerer, Input::ChangeNeeded, T0), Ok(vec![]));
    assert_eq!(call.take(Side::Offerer, Input::ChangeNeeded, T0), Ok(vec![]));
    let outputs = call.take(Side::Answerer, answer(2), T0).unwrap();
    assert_eq!(outputs[1..], [Output::AskOffer(Side::Offerer, 3)]);
}

#[test]
fn candidates_go_with_their_negotiation() {
    let mut call = connected();
    assert_eq!(call.take(Side::Answerer, candidate(1), T0), Ok(vec![Output::Relay(Side::Offerer, candidate(1))]));
    call.take(Side::Offerer, offer(2), T0).unwrap();
    assert_eq!(call.take(Side::Answerer, candidate(1), T0), Ok(vec![]), "late ones are left out");
    assert_eq!(call.take(Side::Answerer, candidate(3), T0), Err(CallError::Stale { due: 2 }));
    for _ in 0..CANDIDATES_MAX {
        call.take(Side::Answerer, candidate(2), T0).unwrap();
    }
    assert_eq!(call.take(Side::Answerer, candidate(2), T0), Err(CallError::TooLarge));
    assert!(call.take(Side::Offerer, candidate(2), T0).is_ok());
}

#[test]
fn an_offer_without_an_answer_is_given_up_and_asked_for_anew() {
    let mut call = connected();
    call.take(Side::Offerer, offer(2), T0).unwrap();
    let limit = call.next_deadline().unwrap();
    assert_eq!(call.deadline_reached(limit.plus_ms(-1)), []);
    assert_eq!(call.deadline_reached(limit), [Output::AskOffer(Side::Offerer, 3)]);
    assert_eq!(call.take(Side::Answerer, answer(2), limit), Err(CallError::Stale { due: 3 }));
    assert!(call.take(Side::Offerer, offer(3), limit).is_ok());
}

#[test]
fn what_is_too_large_is_refused() {
    let mut call = Exchange::new();
    let sdp = "x".repeat(SDP_MAX_BYTES + 1);
    assert_eq!(
        call.take(Side::Offerer, Input::Offer { negotiation: 1, sdp: sdp.clone() }, T0),
        Err(CallError::TooLarge)
    );
    call.take(Side::Offerer, offer(1), T0).unwrap();
    assert_eq!(call.take(Side::Answerer, Input::Answer { negotiation: 1, sdp }, T0), Err(CallError::TooLarge));
    let candidate = "x".repeat(CANDIDATE_MAX_BYTES + 1);
    assert_eq!(call.take(Side::Offerer, Input::Candidate { negotiation: 1, candidate }, T0), Err(CallError::TooLarge));
}

proptest! {
    #[test]
    fn whatever_is_said_each_negotiation_has_one_offer_and_at_most_one_answer(
        signals in proptest::collection::vec((any::<bool>(), 0u8..5, 0u64..6, 0i64..4_000), 0..80)
    ) {
        let mut call = Exchange::new();
        let (mut offers, mut answers, mut now) = (Vec::new(), Vec::new(), T0);
        for (is_offerer, what, ahead, ms) in signals {
            now = now.plus_ms(ms);
            if call.next_deadline().is_some_and(|at| at <= now) {
                prop_assert_eq!(call.deadline_reached(now).len(), 1);
            }
            let side = if is_offerer { Side::Offerer } else { Side::Answerer };
            let negotiation = (call.negotiation() + ahead).saturating_sub(2);
            let input = [offer(negotiation), answer(negotiation), candidate(negotiation), Input::ChangeNeeded, offer(call.negotiation() + 1)]
                [what as usize].clone();
            let before = call.clone();
            match call.take(side, input, now) {
                Err(_) => prop_assert_eq!(&before, &call, "a refusal changes nothing"),
                Ok(outputs) => for output in outputs {
                    match output {
                        Output::Relay(_, Input::Offer { negotiation, .. }) => offers.push((negotiation, side)),
                        Output::Relay(_, Input::Answer { negotiation, .. }) => answers.push((negotiation, side)),
                        _ => {}
                    }
                },
            }
        }
        prop_assert!(offers.iter().enumerate().all(|(i, (negotiation, _))| *negotiation == i as u64 + 1));
        for (i, (negotiation, side)) in answers.iter().enumerate() {
            prop_assert!(answers[..i].iter().all(|(earlier, _)| earlier < negotiation));
            prop_assert_eq!(offers[*negotiation as usize - 1].1, side.other());
        }
        if let Some((first, _)) = answers.first() {
            prop_assert!(offers.iter().filter(|(negotiation, _)| negotiation > first).all(|(_, side)| *side == Side::Offerer));
        }
    }
}
