//! Rights that end with what they hang on.

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

impl Opened {
    /// Somebody of the staff signs in: the claims and the cookie.
    async fn sign_in(&self, name: &str) -> Result<(Arc<Claims>, String), Code> {
        let asked = Visit::SignIn(read(json!({"name": name, "password": "twelve characters"})));
        match self.engine.visit(HERE, asked).await.map_err(|why| why.code)? {
            VisitAnswer::SignedIn(who) => Ok((Arc::new(who.claims), who.refresh_token.expect("a cookie"))),
            _ => Err(Code::Internal),
        }
    }

    async fn stands(&self, claims: &Arc<Claims>) -> Result<(), Code> {
        self.engine.still_stands(claims.clone()).await.map_err(|why| why.code)
    }

    /// Waits until the open connections of these claims are told to ask again, at most the second that they have.
    async fn is_told(&self, mut changed: tokio::sync::broadcast::Receiver<Changed>, claims: &Claims) {
        let told = async { while !changed.recv().await.expect("it listens").concerns(claims) {} };
        tokio::time::timeout(Duration::from_secs(1), told).await.expect("within a second");
    }
}

#[actix_web::test]
async fn a_retired_doctors_account_signs_in_no_more_and_its_tokens_end() {
    let house = open().await;
    let operator = house.operator();
    let staff =
        json!({"define_staff": {"id": "li", "role": "doctor", "password": "twelve characters", "doctor": "s.li"}});
    house.give(&operator, staff).await.expect("defined");
    let (li, cookie) = house.sign_in("li").await.expect("signed in");
    let follow = async || house.engine.may_follow(li.clone(), "session:s.d.m".into()).await.map_err(|why| why.code);
    assert_eq!(follow().await, Ok(()));
    let changed = house.engine.changed_rights();
    house.give(&operator, json!({"retire_doctor": {"id": "s.li"}})).await.expect("retired");
    house.is_told(changed, &li).await;
    assert_eq!(house.stands(&li).await, Err(Code::Unauthenticated));
    assert_eq!(follow().await, Err(Code::Unauthenticated));
    let again = house.engine.visit(HERE, Visit::Refresh(cookie)).await;
    assert_eq!(again.map(drop).map_err(|why| why.code), Err(Code::Unauthenticated));
    assert_eq!(house.sign_in("li").await.map(drop), Err(Code::WrongCredentials));
    // Of another doctor the same account goes on.
    let other = json!({"define_doctor": {"id": "s.wu", "name": "吴", "title": "医师", "departments": ["s.d"]}});
    house.give(&operator, other).await.expect("defined");
    let staff = json!({"define_staff": {"id": "li", "role": "doctor", "doctor": "s.wu"}});
    house.give(&operator, staff).await.expect("defined");
    house.sign_in("li").await.expect("signed in");
}
