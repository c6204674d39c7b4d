//! Changes of the staff beside one another.

use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(20);

fn staff(id: &str, more: Value) -> Value {
    let mut staff = json!({"id": id, "role": "operator", "password": "twelve characters"});
    staff.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({ "define_staff": staff })
}

/// While somebody else is asked whether there is another operator.
#[actix_web::test]
async fn who_takes_no_operator_away_waits_for_nobody() {
    let house = open().await;
    let give = async |command: Value| timeout(SOON, house.give(&house.operator(), command)).await.expect("soon");
    for id in ["one", "two"] {
        give(staff(id, json!({}))).await.expect("defined");
    }
    let asked = house.engine.0.operators_leave.lock().await;
    give(staff("three", json!({}))).await.expect("a new operator");
    give(staff("one", json!({"password": "another password"}))).await.expect("another password");
    give(staff("li", json!({"role": "desk", "site": "s", "new": true}))).await.expect("somebody new");
    let operator = house.operator();
    let mut leaving = std::pin::pin!(house.give(&operator, json!({"retire_staff": {"id": "two"}})));
    assert!(timeout(Duration::from_millis(200), &mut leaving).await.is_err(), "an operator leaves in its turn");
    drop(asked);
    leaving.await.expect("retired");
}

#[actix_web::test]
async fn nobody_waits_while_a_password_is_hashed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(&folder, |settings| settings.identity.argon2_passes = 50).await;
    let engine = Shared(server.house.clone());
    let house = Opened { folder, _server: server, engine };
    let give = async |command: Value| timeout(SOON, house.give(&house.operator(), command)).await.expect("soon");
    let site = json!({"id": "s", "name": "医院", "time_zone": "Asia/Shanghai"});
    for define in [json!({ "define_site": site }), staff("one", json!({})), staff("two", json!({}))] {
        give(define).await.expect("defined");
    }
    // As far as its hash and no further: this future is polled no more until it is awaited.
    let mut hashing = std::pin::pin!(give(staff("three", json!({"role": "desk", "site": "s"}))));
    assert!(timeout(Duration::from_millis(100), &mut hashing).await.is_err(), "it takes its time");
    give(json!({"retire_staff": {"id": "two"}})).await.expect("retired beside it");
    hashing.await.expect("defined");
}

/// The thread of an account, as the shell gives it one.
fn thread_of(staff: &str, threads: usize) -> usize {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    crate::house::account(&crate::identity::accounts::staff(staff).expect("a name")).hash(&mut hasher);
    hasher.finish() as usize % threads
}

/// It neither counts as another operator nor stops anybody.
#[actix_web::test]
async fn an_account_that_does_not_answer_stops_no_change_of_others() {
    // Whoever shares its thread is silent with it.
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    if threads == 1 {
        return;
    }
    let house = open().await;
    let mut named = (0..).map(|n| format!("it-{n}")).filter(|name| thread_of(name, threads) == 0);
    let silent = (0..).map(|n| format!("lost-{n}")).find(|name| thread_of(name, threads) == 1).expect("some name");
    let [one, two, three] = [(); 3].map(|()| named.next().expect("some name"));
    let give = async |command: Value| {
        timeout(SOON, house.give(&house.operator(), command)).await.expect("soon").map(drop).map_err(|why| why.code)
    };
    let retire = |id: &str| json!({"retire_staff": {"id": id}});
    for id in [&one, &two, &silent] {
        give(staff(id, json!({}))).await.expect("defined");
    }
    let (until, ended) = std::sync::mpsc::channel::<()>();
    let owner = crate::house::account(&crate::identity::accounts::staff(&silent).expect("a name"));
    let shell = house.engine.0.shell.clone();
    let blocked = actix_web::rt::spawn(async move {
        shell.read(owner, move |_: &jiaohao_domain::account::State| ended.recv().is_err()).await
    });
    tokio::task::yield_now().await;
    assert_eq!(give(retire(&two)).await, Ok(()), "another answers");
    assert_eq!(give(retire(&one)).await, Err(Code::InUse), "none that answers is left");
    assert_eq!(give(staff(&three, json!({}))).await, Ok(()));
    assert_eq!(give(retire(&one)).await, Ok(()));
    drop(until);
    blocked.await.expect("it goes on").expect("it answers");
}

#[actix_web::test]
async fn the_last_who_may_issue_is_not_retired_and_keeps_the_right() {
    let house = open().await;
    let mut operator = house.claims(Role::Operator, "a-operator");
    operator.may_issue = true;
    let operator = Arc::new(operator);
    let give = async |command: Value| house.give(&operator, command).await;
    let retire = |id: &str| json!({"retire_staff": {"id": id}});
    give(staff("plain", json!({}))).await.expect("defined");
    give(staff("gives", json!({"may_issue": true}))).await.expect("defined");
    give(staff("of-one", json!({"may_issue": true, "site": "s"}))).await.expect("defined");
    for command in [retire("gives"), staff("gives", json!({})), staff("gives", json!({"may_issue": true, "site": "s"}))]
    {
        let refused = give(command).await.expect_err("nobody else issues for all sites");
        assert_eq!((refused.code, &*refused.valid_now[0].0), (Code::InUse, "last_issuer"));
    }
    give(retire("plain")).await.expect("it never issued");
    give(staff("next", json!({"may_issue": true}))).await.expect("defined");
    give(staff("gives", json!({}))).await.expect("there is another");
    give(retire("gives")).await.expect("it issues no more");
}

/// A hospital is one address: who guesses there keeps nobody out where they have signed in before.
#[actix_web::test]
async fn a_stranger_at_the_same_address_keeps_nobody_from_their_own_browser() {
    let house = open().await;
    house.give(&house.operator(), staff("wu", json!({"role": "desk", "site": "s"}))).await.expect("defined");
    let here = IpAddr::from([10, 0, 0, 1]);
    let sign_in = async |password: &str, marks: Option<&str>| {
        let mut asked: crate::http::requests::PasswordSignIn = read(json!({"name": "wu", "password": password}));
        asked.marks = marks.map(str::to_owned);
        let asked = Visit::SignIn(crate::http::requests::SignIn::Password(asked));
        match house.engine.visit(here, asked).await.map_err(|why| why.code)? {
            VisitAnswer::SignedIn(who) => Ok(who.marks.expect("marks of the browser")),
            _ => Err(Code::Internal),
        }
    };
    let right = "twelve characters";
    let marks = sign_in(right, None).await.expect("signed in");
    for _ in 0..3 {
        assert_eq!(sign_in("a guess", None).await, Err(Code::WrongCredentials));
    }
    assert_eq!(sign_in(right, None).await, Err(Code::BackOff), "whoever it is");
    assert_eq!(sign_in(right, Some("of another house")).await, Err(Code::BackOff));
    let again = sign_in(right, Some(&marks)).await.expect("in the own browser");
    assert_eq!(again, marks, "it keeps its mark");
    for _ in 0..3 {
        assert_eq!(sign_in("a guess", Some(&marks)).await, Err(Code::WrongCredentials));
    }
    assert_eq!(sign_in(right, Some(&marks)).await, Err(Code::BackOff), "guessed there it waits too");
}
