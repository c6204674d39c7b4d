//! Screens: what `approve_screen` and `revoke_screen` come to wherever a screen stands.

use super::*;

/// Where the screen `s.screen1` stands with its code 123456.
const STATES: [&str; 6] = ["never", "shown", "too long", "another code", "paired", "revoked"];

fn with_screen(state: &str) -> House {
    let mut house = House::new();
    if state == "never" {
        return house;
    }
    house.offer("123456", "s.screen1").unwrap();
    match state {
        "too long" => house.now = house.now.plus_min(10),
        "another code" => drop(house.offer("654321", "s.screen1").unwrap()),
        "paired" | "revoked" => {
            house.tell(command("approve_screen")).unwrap();
            if state == "revoked" {
                house.tell(command("revoke_screen")).unwrap();
            }
        }
        _ => {}
    }
    house
}

fn command(name: &str) -> ToSite {
    let approve =
        |board: &str| ToSite::ApproveScreen(ApproveScreen { code: "123456".to_owned(), board: BoardId::from(board) });
    match name {
        "approve_screen" => approve("s.b"),
        "approve_screen for no board" => approve("s.none"),
        "approve_screen for a board that is no more" => approve("s.gone"),
        "revoke_screen" => ToSite::RevokeScreen(RevokeScreen { screen: ScreenId::from("s.screen1") }),
        _ => panic!("{name}"),
    }
}

/// `+` is accepted.
#[rustfmt::skip]
const TABLE: &[(&str, [&str; 6])] = &[
    //                                              never                shown        too long             another code         paired               revoked
    ("approve_screen",                              ["wrong_credentials", "+",         "wrong_credentials", "wrong_credentials", "wrong_credentials", "wrong_credentials"]),
    ("approve_screen for no board",                 ["forbidden",         "forbidden", "forbidden",         "forbidden",         "forbidden",         "forbidden"]),
    ("approve_screen for a board that is no more",  ["retired",           "retired",   "retired",           "retired",           "retired",           "retired"]),
    ("revoke_screen",                               ["forbidden",         "forbidden", "forbidden",         "forbidden",         "+",                 "forbidden"]),
];

#[test]
fn every_command_about_a_screen_in_every_state_of_it() {
    for (name, row) in TABLE {
        for (state, expected) in STATES.iter().zip(row) {
            let mut house = with_screen(state);
            house.tell(ToSite::DefineBoard(board("s.gone", &["s.d.pool"]))).unwrap();
            house.tell(ToSite::RetireBoard(RetireBoard { id: BoardId::from("s.gone") })).unwrap();
            let came = house.tell(command(name)).map_or_else(Code::wire, |_| "+");
            assert_eq!(came, *expected, "{name}, {state}");
        }
    }
}
