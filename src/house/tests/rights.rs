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

#[actix_web::test]
async fn tokens_end_with_the_right_by_which_they_were_made_and_for_good() {
    let house = open().await;
    let mut first = house.claims(Role::Operator, "a-operator");
    first.may_issue = true;
    let first = Arc::new(first);
    let his = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
    let issue = async |by: &Arc<Claims>| {
        let made = house.engine.deed(by.clone(), Deed::IssueToken(read(his.clone()))).await.map_err(|why| why.code)?;
        let token = made["access_token"].as_str().expect("a token").to_owned();
        Ok::<_, Code>(Arc::new(house.engine.authenticate(&token).await.expect("it holds")))
    };
    let boss = |id: &str, may_issue: bool, site: Option<&str>, password: &str| {
        let mut staff = json!({"id": id, "role": "operator", "may_issue": may_issue, "password": password});
        site.into_iter().for_each(|site| staff["site"] = json!(site));
        json!({ "define_staff": staff })
    };
    let password = "twelve characters";
    house.give(&first, boss("head", true, None, password)).await.expect("defined: not the last operator is retired");
    type Taking = fn(&str) -> Value;
    let takings: [(&str, Taking); 3] = [
        ("retired", |id| json!({"retire_staff": {"id": id}})),
        ("no-more", |id| json!({"define_staff": {"id": id, "role": "operator", "may_issue": false}})),
        ("one-site", |id| json!({"define_staff": {"id": id, "role": "operator", "may_issue": true, "site": "s"}})),
    ];
    for (id, taken) in takings {
        house.give(&first, boss(id, true, None, "another password")).await.expect("defined");
        house.give(&first, boss(id, true, None, password)).await.expect("defined");
        let (issuer, _) = house.sign_in(id).await.expect("signed in");
        let (own, others) = (issue(&issuer).await.expect("made"), issue(&first).await.expect("made"));
        house.give(&first, boss(id, true, None, "one more password")).await.expect("defined");
        assert_eq!(house.stands(&own).await, Ok(()), "another password stops no hospital's feed");
        let changed = house.engine.changed_rights();
        house.give(&first, taken(id)).await.expect("taken");
        house.is_told(changed, &own).await;
        assert_eq!(house.stands(&own).await, Err(Code::Unauthenticated), "{id}");
        assert_eq!(house.stands(&others).await, Ok(()), "the same script's by another's right goes on");
        assert_eq!(issue(&issuer).await.map(drop), Err(Code::Unauthenticated));
        // After a start, and when the right is given again.
        house.engine.0.generations.forget(&issuer.account);
        assert_eq!(house.stands(&own).await, Err(Code::Unauthenticated), "{id}");
        if id != "retired" {
            house.give(&first, boss(id, true, None, password)).await.expect("given again");
            assert_eq!(house.stands(&own).await, Err(Code::Unauthenticated), "{id}");
        }
        let listed = house.engine.deed(first.clone(), Deed::ListTokens(Some("s".into()))).await.expect("a list");
        let lines = listed["tokens"].as_array().expect("tokens").iter();
        let holding = |by: &Claims| {
            let mut of = lines.clone().filter(|line| line["issued_by"] == json!(by.account));
            of.next().map(|line| line["holds"].clone())
        };
        assert_eq!((holding(&issuer), holding(&first)), (Some(json!(false)), Some(json!(true))), "{id}");
    }
}

#[actix_web::test]
async fn a_script_that_is_revoked_takes_along_what_it_has_issued() {
    let house = open().await;
    let issue = async |by: &Arc<Claims>| {
        let asked = json!({"name": "his", "role": "integrator", "site": "s", "ttl_s": 3600});
        let made = house.engine.deed(by.clone(), Deed::IssueToken(read(asked))).await.expect("made");
        Arc::new(house.engine.authenticate(made["access_token"].as_str().expect("a token")).await.expect("it holds"))
    };
    let script = |name: &str| {
        let mut claims = house.claims(Role::Operator, &format!("a-script.{name}"));
        claims.may_issue = true;
        Arc::new(claims)
    };
    let (copied, other) = (script("copied"), script("other"));
    let (of_copied, of_other) = (issue(&copied).await, issue(&other).await);
    let changed = house.engine.changed_rights();
    let revoke = Deed::RevokeToken(read(json!({"name": "copied", "unlisted": true})));
    house.engine.deed(other.clone(), revoke).await.expect("ended");
    house.is_told(changed, &of_copied).await;
    assert_eq!(house.stands(&copied).await, Err(Code::Unauthenticated));
    assert_eq!(house.stands(&of_copied).await, Err(Code::Unauthenticated));
    house.engine.0.generations.forget(&copied.account);
    assert_eq!(house.stands(&of_copied).await, Err(Code::Unauthenticated), "after a start");
    assert_eq!(house.stands(&of_other).await, Ok(()), "the same name by another's right goes on");
}

#[actix_web::test]
async fn the_desk_of_a_retired_department_settles_the_day_and_makes_nobody_known() {
    let house = open().await;
    let at = |departments: &[&str], role: Role| {
        let mut claims = house.claims(role, "a-desk-of-some");
        claims.site = Some(SiteId::new("s"));
        claims.departments = departments.iter().map(|id| DepartmentId::from(*id)).collect();
        Arc::new(claims)
    };
    let know = async |claims: Arc<Claims>| {
        let asked = json!({"document_kind": "passport", "document_number": "E12345678", "name": "张三", "sex": "male",
            "birth_date": "1950-01-01"});
        let deed = Deed::RegisterPerson { person: Box::new(read(asked)), key: None };
        house.engine.deed(claims, deed).await.map(drop).map_err(|why| why.code)
    };
    assert_eq!(know(at(&["s.f"], Role::Desk)).await, Err(Code::Forbidden), "of a department that does not exist");
    let operator = house.operator();
    house.give(&operator, json!({"define_department": {"id": "s.f", "name": "皮肤科"}})).await.expect("defined");
    for role in [Role::Desk, Role::Kiosk] {
        assert_eq!(know(at(&["s.f"], role)).await, Ok(()));
    }
    house.give(&operator, json!({"retire_department": {"id": "s.f"}})).await.expect("retired");
    for role in [Role::Desk, Role::Kiosk] {
        assert_eq!(know(at(&["s.f"], role)).await, Err(Code::Forbidden), "{role:?}");
        assert_eq!(know(at(&["s.f", "s.d"], role)).await, Ok(()), "{role:?} of another one too");
        assert_eq!(know(at(&[], role)).await, Ok(()), "{role:?} of the whole site");
    }
    let find = Deed::FindAppointments("s.f".into(), read(json!({"text": "张三"})));
    house.engine.deed(at(&["s.f"], Role::Desk), find).await.expect("what is left of the day is found");
}

#[actix_web::test]
async fn tokens_of_a_name_that_no_list_knows_are_not_said_to_be_ended() {
    let house = open().await;
    let mut operator = house.claims(Role::Operator, "a-operator");
    operator.may_issue = true;
    let operator = Arc::new(operator);
    let revoke = async |asked: Value| {
        let revoke = Deed::RevokeToken(read(asked));
        house.engine.deed(operator.clone(), revoke).await.map(drop).map_err(|why| why.code)
    };
    let of_command_line = Arc::new(house.claims(Role::Integrator, "a-script.s.his"));
    assert_eq!(revoke(json!({"name": "his", "site": "s"})).await, Err(Code::UnknownId));
    assert_eq!(house.stands(&of_command_line).await, Ok(()), "what is refused ends nothing");
    assert_eq!(revoke(json!({"name": "his", "site": "s", "unlisted": true})).await, Ok(()));
    assert_eq!(house.stands(&of_command_line).await, Err(Code::Unauthenticated));
}

#[actix_web::test]
async fn tabs_that_open_together_stay_signed_in_however_many_they_are() {
    let house = open().await;
    let staff = json!({"define_staff": {"id": "wu", "role": "desk", "password": "twelve characters", "site": "s"}});
    house.give(&house.operator(), staff).await.expect("defined");
    let (_, cookie) = house.sign_in("wu").await.expect("signed in");
    let refresh = async |cookie: &str| match house.engine.visit(HERE, Visit::Refresh(cookie.to_owned())).await {
        Ok(VisitAnswer::SignedIn(who)) => Ok((Arc::new(who.claims), who.refresh_token.expect("a cookie"))),
        Ok(_) => Err(Code::Internal),
        Err(why) => Err(why.code),
    };
    let tabs: [Result<_, Code>; 4] =
        tokio::join!(refresh(&cookie), refresh(&cookie), refresh(&cookie), refresh(&cookie)).into();
    let tabs = tabs.map(|tab| tab.expect("goes on"));
    assert!(tabs.iter().all(|tab| tab.1 == tabs[0].1), "one next token");
    let (claims, next) = refresh(&tabs[0].1).await.expect("goes on");
    assert_eq!(refresh(&cookie).await.expect("a tab that was slower").1, next);
    for claims in tabs.iter().map(|tab| &tab.0).chain([&claims]) {
        assert_eq!(house.stands(claims).await, Ok(()));
    }
}
