//! As whom WeChat knows who holds a phone (网页授权, `snsapi_base`): its own browser goes to WeChat's page, which sends it back
//! with a code at once and without a question; the code is exchanged here for the openid. Nobody says an openid who is not
//! WeChat.

use std::fmt;

use hyper::Method;
use jiaohao_domain::redacted::Redacted;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{WeChat, is_token};

/// WeChat's page that sends the browser back with a code.
pub const AUTHORIZE: &str = "/connect/oauth2/authorize";
/// Where a code is exchanged.
pub const EXCHANGE: &str = "/sns/oauth2/access_token";
/// So many exchanges at the same time; who comes beyond that is asked to come again.
pub const AT_ONCE: usize = 32;

/// Unknown; used; over.
const CODE_OVER: [i64; 3] = [40029, 40163, 42003];
/// The longest openid that is taken, in bytes (WeChat's have 28).
const OPENID_MAX_BYTES: usize = 128;
/// Of RFC 3986 what needs no escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why WeChat has not said an openid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOpenid {
    /// The code is none, over, or was used.
    #[error("the code is over or was used")]
    Over,
    /// No answer, or none of use; too many ask at once.
    #[error("no answer of use")]
    Failed,
}

#[derive(Deserialize)]
struct Exchanged {
    openid: Option<String>,
    errcode: Option<i64>,
}

fn plain(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, PLAIN)
}

impl WeChat {
    /// Where WeChat's browser goes to; it comes back to `back` with `code` and `state` in the query.
    pub fn authorize_url(&self, back: &str, state: &str) -> String {
        let (page, app_id) = (&self.authorize_url, plain(&self.app_id));
        let (back, state) = (plain(back), plain(state));
        // in WeChat's order: it compares the address as a text
        format!(
            "{page}{AUTHORIZE}?appid={app_id}&redirect_uri={back}&response_type=code&scope=snsapi_base&state={state}\
             #wechat_redirect"
        )
    }

    /// Exchanges a code, once.
    ///
    /// # Errors
    /// [`NoOpenid`].
    pub async fn openid(&self, code: &Redacted<String>) -> Result<Redacted<String>, NoOpenid> {
        if !is_token(code.reveal()) {
            return Err(NoOpenid::Over);
        }
        let _asking = self.asking.try_acquire().map_err(|_| NoOpenid::Failed)?;
        let (app_id, secret, code) = (plain(&self.app_id), plain(self.secret.reveal()), plain(code.reveal()));
        let query = format!("appid={app_id}&secret={secret}&code={code}&grant_type=authorization_code");
        let exchange = self.server.at(&format!("{EXCHANGE}?{query}"));
        let body = match self.client.ask(Method::GET, &exchange, &[], Vec::new()).await {
            Ok(answered) if answered.status == 200 => answered.body,
            Ok(answered) => {
                tracing::warn!(status = answered.status, "WeChat does not say as whom it knows somebody");
                return Err(NoOpenid::Failed);
            }
            Err(fault) => {
                tracing::warn!(%fault, "WeChat does not say as whom it knows somebody");
                return Err(NoOpenid::Failed);
            }
        };
        let exchanged = serde_json::from_slice::<Exchanged>(&body).map_err(|_| NoOpenid::Failed)?;
        match exchanged {
            Exchanged { errcode: Some(code), .. } if CODE_OVER.contains(&code) => Err(NoOpenid::Over),
            Exchanged { openid: Some(openid), .. } if is_openid(&openid) => Ok(openid.into()),
            Exchanged { errcode, .. } => {
                tracing::warn!(errcode, "WeChat does not say as whom it knows somebody");
                Err(NoOpenid::Failed)
            }
        }
    }
}

fn is_openid(openid: &str) -> bool {
    (1..=OPENID_MAX_BYTES).contains(&openid.len()) && openid.bytes().all(|byte| byte.is_ascii_graphic())
}
