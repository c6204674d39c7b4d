//! Capacity by channel: what is kept, what is common, when what is kept is given back, and when referrals may book.

use super::*;

fn kept(online: u32, desk: u32, referral: u32) -> ByChannel {
    ByChannel { online, desk, referral }
}

fn kept_for_others(channel: &str) -> Rejection {
    Rejection::new(Code::SlotFull, "what is left is kept for others").with("channel", channel)
}

fn rules() -> DefineQuotaRules {
    DefineQuotaRules::of(DepartmentId::from("s.d"))
}

impl Day {
    fn with_quotas(capacities: &[u32], quotas: &[ByChannel]) -> Self {
        let mut day = Self::new(capacities);
        day.keep(quotas);
        day
    }

    fn keep(&mut self, quotas: &[ByChannel]) {
        let decision = decide_quotas(&self.clinic, &SessionId::from("s.d.am"), quotas);
        self.take(Ok(decision)).unwrap();
    }

    fn rules(&mut self, rules: &DefineQuotaRules) -> Result<Answer, Rejection> {
        let decision = decide_quota_rules(&self.clinic, rules);
        self.take(decision)
    }

    /// What is left of a slot for phones, the desk and referrals.
    fn left(&self, hhmm: &str) -> (u32, u32, u32) {
        let of = |channel| self.clinic.slots[&slot(hhmm)].free_for(channel);
        (of(Channel::Online), of(Channel::Desk), of(Channel::Referral))
    }

    fn takes(&mut self, n: u32, channel: Channel) -> Result<(), Rejection> {
        match self.request_by(n, &slot("0900"), true, channel, at("22 08:00")).unwrap() {
            Answer::Booked { .. } => Ok(()),
            Answer::Refused(why) => Err(why),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_channel_books_from_what_is_kept_for_it_first_and_then_from_what_is_common() {
    let mut day = Day::with_quotas(&[5], &[kept(0, 2, 1)]);
    assert_eq!(day.left("0900"), (2, 4, 3));
    day.takes(1, Channel::Desk).unwrap();
    assert_eq!(day.left("0900"), (2, 3, 3), "of its own");
    day.takes(2, Channel::Online).unwrap();
    day.takes(3, Channel::Online).unwrap();
    assert_eq!(day.left("0900"), (0, 1, 1), "nothing common is left");
    let full = day.takes(4, Channel::Online).unwrap_err();
    assert_eq!(full, kept_for_others("online"), "two are left, for others");
    day.takes(5, Channel::Referral).unwrap();
    assert_eq!(day.takes(6, Channel::Referral).unwrap_err().code, Code::SlotFull);
    day.takes(7, Channel::Desk).unwrap();
    let full = day.takes(8, Channel::Desk).unwrap_err();
    assert_eq!(full, Code::SlotFull.into(), "for nobody: no channel is named");
}

#[test]
fn what_comes_back_goes_back_to_where_it_came_from() {
    let mut day = Day::with_quotas(&[3], &[kept(0, 1, 1)]);
    day.takes(1, Channel::Desk).unwrap();
    day.takes(2, Channel::Desk).unwrap();
    assert_eq!(day.left("0900"), (0, 0, 1));
    day.cancel(2, &desk(at("22 09:00"))).unwrap();
    assert_eq!(day.left("0900"), (1, 1, 2), "common again");
    day.cancel(1, &desk(at("22 09:00"))).unwrap();
    assert_eq!(day.left("0900"), (1, 2, 2), "the desk's again");
    day.request_by(3, &slot("0900"), false, Channel::Referral, at("22 09:00")).unwrap();
    assert_eq!(day.left("0900"), (1, 2, 1));
    day.deadline(at("22 09:10"));
    assert_eq!((day.state(3), day.left("0900")), (AppointmentState::Expired, (1, 2, 2)), "a hold that has expired");
}

#[test]
fn the_next_free_slot_is_one_that_is_free_for_the_channel() {
    let mut day = Day::with_quotas(&[1, 1, 1], &[kept(0, 0, 1), kept(0, 1, 0)]);
    let full = day.takes(1, Channel::Online).unwrap_err();
    let expected = kept_for_others("online").with("next_free", "s.d.am.1000");
    assert_eq!(full, expected);
    let read = day.clinic.place_free(&slot("0900"), Channel::Online, at("22 08:00"), zone()).unwrap_err();
    assert_eq!(read, expected, "read before anything is reserved");
    assert_eq!(day.clinic.place_free(&slot("0900"), Channel::Referral, at("22 08:00"), zone()), Ok(()));
    let full = day.takes(2, Channel::Desk).unwrap_err();
    let expected = kept_for_others("desk").with("next_free", "s.d.am.0930");
    assert_eq!(full, expected);
}

#[test]
fn what_is_not_used_is_given_back_before_its_slot_and_stays_so() {
    let mut day = Day::with_quotas(&[3, 1], &[kept(0, 2, 1), kept(0, 1, 0)]);
    assert_eq!(day.due(), None, "never, where nobody has said when");
    let rules = DefineQuotaRules { desk_back_min: Some(60), referral_back_min: Some(24 * 60), ..rules() };
    day.rules(&rules).unwrap();
    assert_eq!(day.due(), Some(at("22 09:00")));
    day.deadline(at("22 09:00").plus_ms(-1));
    assert_eq!(day.left("0900"), (0, 2, 1));
    day.deadline(at("22 09:00"));
    assert_eq!(day.left("0900"), (1, 3, 1), "the referrals' is common");
    day.takes(1, Channel::Desk).unwrap();
    day.deadline(at("23 08:00"));
    assert_eq!((day.left("0900"), day.left("0930")), ((2, 2, 2), (0, 1, 0)), "each at its own slot's time");
    let said = view::emissions(&day.clinic, day.log.last().unwrap(), at("23 08:00"), zone());
    assert_eq!(said[0].0, "session:s.d.am");
    assert_eq!(said[0].1["quota_given_back"]["free_for"]["online"], 2, "told as a place that is freed");
    assert_eq!(said[0].1["quota_given_back"]["given_back"], serde_json::json!(["desk", "referral"]));
    // A place that comes back after that is everybody's.
    day.cancel(1, &desk(at("23 08:10"))).unwrap();
    assert_eq!(day.left("0900"), (3, 3, 3));
    // Saying the same again, or other rules, keeps nothing back; keeping more does.
    day.keep(&[kept(0, 2, 1), kept(0, 1, 0)]);
    day.rules(&DefineQuotaRules { desk_back_min: Some(5), ..rules }).unwrap();
    assert_eq!(day.left("0900"), (3, 3, 3));
    assert_eq!(day.due(), Some(at("23 09:25")));
    day.keep(&[kept(0, 3, 0), kept(0, 1, 0)]);
    assert_eq!(day.left("0900"), (0, 3, 0));
    day.deadline(at("23 08:55"));
    assert_eq!(day.left("0900"), (3, 3, 3));
}

#[test]
fn a_quota_that_comes_late_keeps_what_is_left() {
    let mut day = Day::new(&[3]);
    day.takes(1, Channel::Online).unwrap();
    day.takes(2, Channel::Online).unwrap();
    day.keep(&[kept(0, 2, 0)]);
    assert_eq!(day.left("0900"), (0, 1, 0), "never more than there are");
    let placed = decide_outside_place(&day.clinic, &slot("0900"));
    day.take(Ok(placed)).unwrap();
    assert_eq!(day.left("0900"), (0, 0, 0), "visits from outside are never refused");
    let smaller = decide_define_session(&day.clinic, &session(&[2]), &context(at("22 08:00")), &day.settings, zone());
    day.take(smaller).unwrap();
    assert_eq!(day.left("0900"), (0, 0, 0));
}

#[test]
fn who_is_put_back_takes_nothing_that_is_kept_for_others() {
    let mut day = Day::with_quotas(&[2], &[kept(0, 1, 0)]);
    day.takes(1, Channel::Online).unwrap();
    day.cancel(1, &context(at("22 09:00"))).unwrap();
    day.takes(2, Channel::Online).unwrap();
    let refused = day.restore(1, at("22 09:00")).unwrap_err();
    assert_eq!(refused, kept_for_others("online"));
    day.stop(None, at("22 10:00")).unwrap();
    day.keep(&[kept(0, 2, 0)]);
    day.resume(at("22 11:00")).unwrap();
    assert_eq!(day.state(2), AppointmentState::Stopped, "all of it is kept by now");
}

#[test]
fn referrals_book_earlier_by_a_rule_and_never_later() {
    let mut day = Day::new(&[1]);
    let released = DefineSession { released_at: Some(at("21 07:00")), ..session(&[1]) };
    let defined = decide_define_session(&day.clinic, &released, &context(at("20 08:00")), &day.settings, zone());
    day.take(defined).unwrap();
    let free = |day: &Day, channel, now: &str| {
        day.clinic.place_free(&slot("0900"), channel, at(now), zone()).map_err(|why| why.code)
    };
    assert_eq!(free(&day, Channel::Referral, "20 12:00"), Err(Code::SlotClosed), "with all others, without a rule");
    let rule = |days| DefineQuotaRules { referral_release_days: Some(days), ..rules() };
    day.rules(&rule(3)).unwrap();
    assert_eq!(free(&day, Channel::Referral, "20 06:59"), Err(Code::SlotClosed));
    assert_eq!(free(&day, Channel::Referral, "20 07:00"), Ok(()));
    for channel in [Channel::Online, Channel::Desk] {
        assert_eq!(free(&day, channel, "21 06:59"), Err(Code::SlotClosed), "{channel:?}");
        assert_eq!(free(&day, channel, "21 07:00"), Ok(()), "{channel:?}");
    }
    let shown = view::slot_view(&day.clinic, &slot("0900"), zone()).unwrap();
    assert_eq!(shown["referral_from"], "2026-11-20T07:00:00.000+08:00");
    assert_eq!(shown["bookable_from"], "2026-11-21T07:00:00.000+08:00");
    day.rules(&rule(0)).unwrap();
    assert_eq!(free(&day, Channel::Referral, "21 07:00"), Ok(()));
}

#[test]
fn quotas_and_rules_out_of_range_are_refused() {
    let slots = session(&[2, 3]).slots;
    assert_eq!(check_quotas(&slots, &[kept(1, 1, 0), kept(1, 1, 1)]), Ok(()));
    for wrong in [vec![kept(1, 1, 1)], vec![kept(0, 0, 0), kept(u32::MAX, u32::MAX, 0)], vec![kept(0, 0, 0); 3]] {
        let refused = check_quotas(&slots, &wrong).unwrap_err();
        assert_eq!(refused.code, Code::InvalidField, "{wrong:?}");
    }
    let mut day = Day::new(&[2]);
    let wrong = [
        DefineQuotaRules { online_back_min: Some(43_201), ..rules() },
        DefineQuotaRules { desk_back_min: Some(u32::MAX), ..rules() },
        DefineQuotaRules { referral_back_min: Some(43_201), ..rules() },
        DefineQuotaRules { referral_release_days: Some(367), ..rules() },
        DefineQuotaRules { referral_release_min: 1440, ..rules() },
    ];
    for rules in wrong {
        assert_eq!(day.rules(&rules).unwrap_err().code, Code::InvalidField, "{rules:?}");
    }
    let elsewhere = DefineQuotaRules::of(DepartmentId::from("s.e"));
    assert_eq!(day.rules(&elsewhere).unwrap_err().code, Code::IdNotUnderParent);
    let events = day.log.len();
    day.rules(&rules()).unwrap();
    day.keep(&[]);
    assert_eq!(day.log.len(), events, "what is so already is no event");
}

/// Places with colours, and everybody put into them anew each time: their own colour first, then what has none.
fn free_by_colours(capacity: u32, quotas: ByChannel, given_back: &[Channel], taken: &[Channel], by: Channel) -> bool {
    let mut places: Vec<Option<Channel>> = Vec::new();
    for channel in ByChannel::CHANNELS {
        let colour = (!given_back.contains(&channel)).then_some(channel);
        places.extend(std::iter::repeat_n(colour, quotas.of(channel) as usize));
    }
    places.resize(capacity as usize, None);
    for one in taken.iter().chain([&by]) {
        let own = places.iter().position(|place| place == &Some(*one));
        let Some(at) = own.or_else(|| places.iter().position(Option::is_none)) else { return false };
        places.swap_remove(at);
    }
    true
}

#[derive(Clone, Debug)]
enum Wish {
    Book(Channel, bool),
    Cancel(usize),
    Pass(i64),
}

fn channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(ByChannel::CHANNELS.to_vec())
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        5 => (channel(), any::<bool>()).prop_map(|(channel, confirm)| Wish::Book(channel, confirm)),
        3 => (0..20_usize).prop_map(Wish::Cancel),
        2 => (0..30_i64).prop_map(Wish::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]

    /// Nobody gets a place that a model with coloured places would not give, nobody is refused one that it would, and no
    /// channel ever has less left than the view says.
    #[test]
    fn channels_have_what_coloured_places_would_give(
        quotas in (0..3_u32, 0..3_u32, 0..3_u32),
        common in 0..3_u32,
        back in (prop::option::of(0..200_u32), prop::option::of(0..200_u32), prop::option::of(0..200_u32)),
        wishes in prop::collection::vec(wish(), 1..60),
    ) {
        let quotas = kept(quotas.0, quotas.1, quotas.2);
        let capacity = quotas.sum() as u32 + common;
        let mut day = Day::with_quotas(&[capacity], &[quotas]);
        let (online_back_min, desk_back_min, referral_back_min) = back;
        let rules = DefineQuotaRules { online_back_min, desk_back_min, referral_back_min, ..rules() };
        day.rules(&rules).unwrap();
        let (mut now, mut n) = (at("23 06:00"), 0);
        day.deadline(now);
        // By channel, and until when it is held.
        let mut placed: Vec<(u32, Channel, Option<Timestamp>)> = Vec::new();
        for wish in wishes {
            let given_back: Vec<Channel> = ByChannel::CHANNELS.into_iter().filter(|channel| {
                rules.back_min(*channel).is_some_and(|min| at("23 09:00").plus_min(-i64::from(min)) <= now)
            }).collect();
            let taken: Vec<Channel> = placed.iter().map(|(_, channel, _)| *channel).collect();
            let free = |by| now < at("23 09:30") && free_by_colours(capacity, quotas, &given_back, &taken, by);
            match wish {
                Wish::Book(channel, confirm) => {
                    n += 1;
                    let answer = day.request_by(n, &slot("0900"), confirm, channel, now).unwrap();
                    prop_assert_eq!(!matches!(answer, Answer::Refused(_)), free(channel), "{:?} {:?}", channel, answer);
                    match answer {
                        Answer::Held { expires_at, .. } => placed.push((n, channel, Some(expires_at))),
                        Answer::Booked { .. } => placed.push((n, channel, None)),
                        _ => {}
                    }
                }
                Wish::Cancel(at) if at < placed.len() => {
                    let (n, ..) = placed.swap_remove(at);
                    day.cancel(n, &desk(now)).unwrap();
                }
                Wish::Cancel(_) => {}
                Wish::Pass(minutes) => {
                    now = now.plus_min(minutes).min(at("23 09:29"));
                    day.deadline(now);
                    placed.retain(|(.., until)| until.is_none_or(|until| now < until));
                }
            }
        }
    }
}
