//! Questions before somebody joins a queue: versions, who is told, what cannot be meant.

use super::*;
use crate::pre_check::usual;

fn asks(version: u32) -> DefineQuestions {
    usual(SiteId::from("s"), version, Some(DepartmentId::from("s.e")))
}

fn define(house: &mut House, definition: DefineQuestions) -> Result<Answer, Code> {
    house.tell(ToSite::DefineQuestions(definition))
}

#[test]
fn another_version_takes_the_place_of_the_one_before_and_every_department_is_told() {
    let mut house = House::new();
    define(&mut house, asks(1)).unwrap();
    assert_eq!(house.told(), ["Department s.d".to_owned(), "Department s.e".to_owned()].into());
    let events = house.log.len();
    define(&mut house, asks(1)).unwrap();
    assert_eq!(house.log.len(), events, "the same again is nothing new");
    let other = DefineQuestions { rules: Vec::new(), ..asks(1) };
    assert_eq!(define(&mut house, other.clone()), Err(Code::AlreadyExists));
    define(&mut house, DefineQuestions { version: 3, ..other }).unwrap();
    assert_eq!(define(&mut house, asks(2)), Err(Code::OldVersion));
    for version in 4..30 {
        define(&mut house, asks(version)).unwrap();
    }
    let kept: Vec<u32> = house.state.questions.iter().map(|asked| asked.definition.version).collect();
    assert_eq!(kept, (21..30).collect::<Vec<u32>>());
}

#[test]
fn a_department_that_is_new_is_told_what_is_asked() {
    let mut house = House::new();
    define(&mut house, asks(1)).unwrap();
    house.tell(ToSite::DefineDepartment(department("s.f"))).unwrap();
    assert_eq!(Site::event_kind(house.log.last().unwrap()).1, "questions_defined");
    assert_eq!(house.told(), ["Department s.f".to_owned()].into());
    assert_eq!(house.state.questions.len(), 1, "it is no other version");
    house.tell(ToSite::DefineDepartment(DefineDepartment { name: "眼科".into(), ..department("s.f") })).unwrap();
    let last = Site::event_kind(house.log.last().unwrap()).1;
    assert_eq!(last, "department_defined", "it knows already");
}

#[test]
fn nobody_is_sent_where_there_is_nothing() {
    let mut house = House::new();
    let sends_to = |to: &str| usual(SiteId::from("s"), 1, Some(DepartmentId::from(to)));
    assert_eq!(define(&mut house, sends_to("s.x")), Err(Code::InvalidField));
    house.tell(ToSite::RetireDepartment(RetireDepartment { id: DepartmentId::from("s.e") })).unwrap();
    assert_eq!(define(&mut house, sends_to("s.e")), Err(Code::Retired));
    assert_eq!(define(&mut house, DefineQuestions { site: SiteId::from("t"), ..asks(1) }), Err(Code::IdNotUnderParent));
    assert_eq!(define(&mut house, DefineQuestions { version: 0, ..sends_to("s.d") }), Err(Code::InvalidField));
    define(&mut house, sends_to("s.d")).unwrap();
}
