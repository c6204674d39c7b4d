//! What a site, departments and doctors say to whoever looks for one: coordinates and specialities.

use super::*;
use crate::vocabulary::sent;

fn site(latitude: Option<f64>, longitude: Option<f64>) -> ToSite {
    let DefineSite { id, name, name_en, time_zone } = site_definition("Asia/Shanghai");
    sent::DefineSite { id, name, name_en, time_zone, latitude, longitude }.into()
}

fn department_of(speciality: &str) -> ToSite {
    let DefineDepartment { id, name, name_en, neutral_name, number_only, settings } = department("s.d");
    let speciality = speciality.to_owned();
    sent::DefineDepartment { id, name, name_en, neutral_name, number_only, speciality, settings }.into()
}

fn last(house: &House) -> &'static str {
    Site::event_kind(house.log.last().unwrap()).1
}

#[test]
fn where_a_site_is_can_be_said_and_taken_back_and_the_same_again_is_no_news() {
    let mut house = House::new();
    let events = house.log.len();
    house.tell(site(None, None)).unwrap();
    assert_eq!(house.log.len(), events, "none is what it has");
    house.tell(site(Some(31.231_706), Some(121.472_644))).unwrap();
    assert_eq!((house.log.len(), last(&house)), (events + 1, "described"));
    let zone = crate::time::Zone::named("Asia/Shanghai").unwrap();
    let seen = view::snapshot(&house.state, "site", "s", zone).unwrap();
    assert_eq!((seen["latitude"].as_f64(), seen["longitude"].as_f64()), (Some(31.231_706), Some(121.472_644)));
    house.tell(site(Some(31.231_706), Some(121.472_644))).unwrap();
    assert_eq!(house.log.len(), events + 1);
    house.tell(site(None, None)).unwrap();
    assert_eq!(house.log.len(), events + 2);
    assert_eq!(view::snapshot(&house.state, "site", "s", zone).unwrap()["latitude"], serde_json::Value::Null);
}

#[test]
fn half_a_place_and_one_beyond_the_poles_are_refused_and_nothing_is_changed() {
    let mut house = House::new();
    let events = house.log.len();
    for (latitude, longitude) in [
        (Some(31.0), None),
        (None, Some(121.0)),
        (Some(90.1), Some(0.0)),
        (Some(0.0), Some(-180.1)),
        (Some(1e300), Some(0.0)),
    ] {
        assert_eq!(house.tell(site(latitude, longitude)), Err(Code::InvalidField), "{latitude:?} {longitude:?}");
    }
    assert_eq!(house.log.len(), events);
    house.tell(site(Some(-90.0), Some(180.0))).unwrap();
}

#[test]
fn a_site_is_made_with_its_place_in_one_command() {
    let mut house = House::empty();
    house.tell(site(Some(31.2), Some(121.4))).unwrap();
    assert_eq!(
        house.log.iter().map(|event| Site::event_kind(event).1).collect::<Vec<_>>(),
        ["site_defined", "described"]
    );
    assert_eq!(House::empty().tell(department_of("冠心病")), Err(Code::Forbidden), "no site yet");
}

#[test]
fn what_a_department_treats_is_in_the_directory_as_it_would_be_defined() {
    let mut house = House::new();
    house.tell(department_of("冠心病、高血压")).unwrap();
    assert_eq!(last(&house), "described");
    assert!(house.told().is_empty(), "no department has to know it");
    let zone = crate::time::Zone::named("Asia/Shanghai").unwrap();
    let seen = view::snapshot(&house.state, "site", "s", zone).unwrap();
    let one = seen["departments"].as_array().unwrap().iter().find(|one| one["id"] == "s.d").unwrap().clone();
    assert_eq!(one["speciality"], "冠心病、高血压");
    serde_json::from_value::<sent::DefineDepartment>(one).unwrap();
    assert_eq!(house.tell(department_of(&"长".repeat(201))), Err(Code::InvalidField));
}
