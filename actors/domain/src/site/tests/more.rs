//! What queues and doctors have beside their definitions: English names, a doctor's registration class.

use super::*;
use crate::vocabulary::sent;

fn li(name_en: &str, class: &str, departments: &[&str]) -> ToSite {
    let departments = departments.iter().map(|id| DepartmentId::from(*id)).collect();
    let (name_en, registration_class) = (name_en.to_owned(), class.to_owned());
    let (id, name, title) = (DoctorId::from("s.li"), "李明".to_owned(), "主任医师".to_owned());
    let speciality = String::new();
    sent::DefineDoctor { id, name, name_en, title, registration_class, speciality, departments }.into()
}

fn pool(name_en: &str) -> ToSite {
    let (name_en, prefix, doctors) = (name_en.to_owned(), "A".to_owned(), Vec::new());
    sent::DefineQueue { id: QueueId::from("s.d.pool"), name: "候诊".to_owned(), name_en, prefix, doctors }.into()
}

#[test]
fn an_english_name_alone_is_news_to_the_department_and_the_same_again_is_not() {
    let mut house = House::new();
    let events = house.log.len();
    house.tell(pool("")).unwrap();
    assert_eq!(house.log.len(), events, "none is what it has");
    house.tell(pool("General")).unwrap();
    assert_eq!((house.log.len(), Site::event_kind(house.log.last().unwrap()).1), (events + 1, "more_defined"));
    assert_eq!(house.told(), ["Department s.d".to_owned()].into());
    house.tell(pool("General")).unwrap();
    assert_eq!(house.log.len(), events + 1);
    house.tell(pool("")).unwrap();
    assert_eq!(house.log.len(), events + 2, "an empty one takes it away");
}

#[test]
fn a_department_that_is_new_to_a_doctor_is_told_the_name_and_the_directory_has_it_whole() {
    let mut house = House::new();
    house.tell(li("Li Ming", "主任", &["s.d"])).unwrap();
    assert_eq!(house.told(), ["Department s.d".to_owned()].into());
    house.tell(li("Li Ming", "主任", &["s.d", "s.e"])).unwrap();
    assert_eq!(house.told(), ["Department s.d".to_owned(), "Department s.e".to_owned()].into());
    let zone = crate::time::Zone::named("Asia/Shanghai").unwrap();
    let directory = view::snapshot(&house.state, "site", "s", zone).unwrap();
    let li = &directory["doctors"].as_array().unwrap().iter().find(|doctor| doctor["id"] == "s.li").unwrap();
    assert_eq!((li["name_en"].as_str(), li["registration_class"].as_str()), (Some("Li Ming"), Some("主任")));
    // What the directory shows is what would define it: an import compares the two.
    serde_json::from_value::<sent::DefineDoctor>((*li).clone()).unwrap();
}
