//! What a person's phone does at the WeChat that the sandbox plays.
#![allow(dead_code, reason = "not every test asks it")]

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Method;
use jiaohao::reach::client::{Answered, Client, Patience, Target, Whom};

/// Short, and long enough for a busy machine; a slow party takes 20 s.
pub const PATIENCE: Patience = Patience { connect: Duration::from_secs(3), total: Duration::from_secs(3) };

const IN_WECHAT: (&str, &str) = ("user-agent", "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49");

/// Asks a party, or the house as one.
pub async fn ask(method: Method, url: &str, headers: &[(&'static str, String)], body: &[u8]) -> Answered {
    let target = Target::read(url, Whom::Named).unwrap();
    Client::new(PATIENCE).ask(method, &target, headers, body.to_vec()).await.unwrap()
}

/// Who holds the phone from now on.
pub async fn hold(sandbox: SocketAddr, who: &str) {
    ask(Method::POST, &format!("http://{sandbox}/wechat/holder?{who}"), &[], b"").await;
}

/// What WeChat's browser comes back with: code and state.
pub async fn go(url: &str) -> (Option<String>, String) {
    let header = [(IN_WECHAT.0, IN_WECHAT.1.to_owned())];
    let answered = ask(Method::GET, url.split('#').next().unwrap(), &header, b"").await;
    let back = String::from_utf8(answered.body.to_vec()).unwrap();
    assert_eq!(answered.status, 302, "{back}");
    let query = back.split_once("/patient?").expect("to the phone's page").1;
    let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
    (field("code="), field("state=").unwrap())
}
