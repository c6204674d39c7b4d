//! Where a request comes from: the client's address behind trusted proxies, and the origin of a browser's page.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use jiaohao_domain::{Code, Rejection};

use crate::config::ServerSettings;

/// Who may stand in front, and under which origin browsers reach the pages.
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Vec<IpAddr>,
    public_origin: Option<String>,
}

impl From<&ServerSettings> for Proxies {
    fn from(settings: &ServerSettings) -> Self {
        Self {
            trusted: settings.trusted_proxies.clone(),
            public_origin: settings.public_origin.as_ref().map(|origin| origin.trim_end_matches('/').to_lowercase()),
        }
    }
}

impl Proxies {
    /// Whether that address is a trusted proxy's.
    pub(super) fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.contains(&address.to_canonical())
    }

    fn came_through_trusted(&self, request: &HttpRequest) -> bool {
        request.peer_addr().is_some_and(|peer| self.is_trusted(peer.ip()))
    }

    /// The client's address: the socket's, or the last one that a trusted proxy did not add itself.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        if !self.trusted.contains(&peer) {
            return Some(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let hops: Vec<IpAddr> =
            forwarded.flat_map(|line| line.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
        Some(hops.into_iter().rev().find(|hop| !self.trusted.contains(hop)).unwrap_or(peer))
    }

    /// Whether the client speaks TLS, to us or to a trusted proxy.
    pub fn is_secure(&self, request: &HttpRequest) -> bool {
        let forwarded = request.headers().get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        request.app_config().secure() || (self.came_through_trusted(request) && forwarded == Some("https"))
    }

    /// A browser's page of another origin may not open sockets or use cookies here. Clients that are no browsers send
    /// no origin.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn check_origin(&self, request: &HttpRequest) -> Result<(), Rejection> {
        let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default().to_lowercase();
        let own = self.own(request);
        if own.as_ref() == Some(&origin) {
            return Ok(());
        }
        let refused = Rejection::new(Code::Forbidden, "another origin");
        Err(own.into_iter().fold(refused, |refused, own| refused.with("origin", own)))
    }

    /// Under which origin browsers reach the pages: as it is set, else by what this one asked for.
    pub fn own(&self, request: &HttpRequest) -> Option<String> {
        if let Some(public) = &self.public_origin {
            return Some(public.clone());
        }
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty())?;
        let scheme = if self.is_secure(request) { "https" } else { "http" };
        Some(format!("{scheme}://{}", host.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn proxies(public_origin: Option<&str>) -> Proxies {
        Proxies { trusted: vec![[10, 0, 0, 9].into()], public_origin: public_origin.map(str::to_owned) }
    }

    #[test]
    fn the_address_is_the_sockets_unless_a_trusted_proxy_says_another() {
        let from = |peer: &str, hops: &str| {
            let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
            proxies(None)
                .client(&request.insert_header(("x-forwarded-for", hops)).to_http_request())
                .unwrap()
                .to_string()
        };
        assert_eq!(from("10.0.0.1", "1.2.3.4"), "10.0.0.1");
        assert_eq!(from("10.0.0.9", "1.2.3.4"), "1.2.3.4");
        assert_eq!(from("10.0.0.9", "6.6.6.6, 1.2.3.4, 10.0.0.9"), "1.2.3.4");
        assert_eq!(from("10.0.0.9", "nonsense"), "10.0.0.9");
    }

    #[test]
    fn only_our_own_pages_may() {
        let check = |public: Option<&str>, origin: &str| {
            let request = TestRequest::default()
                .peer_addr("10.0.0.1:1".parse().unwrap())
                .insert_header((HOST, "here:8080"))
                .insert_header(("x-forwarded-proto", "https"))
                .insert_header((ORIGIN, origin));
            proxies(public).check_origin(&request.to_http_request()).is_ok()
        };
        assert!(check(None, "http://here:8080"));
        assert!(!check(None, "https://here:8080"), "who is not trusted does not say how it came");
        let asked_by =
            TestRequest::default().peer_addr("10.0.0.1:1".parse().unwrap()).insert_header((HOST, "Here:8080"));
        let asked = asked_by.to_http_request();
        assert_eq!(proxies(None).own(&asked).as_deref(), Some("http://here:8080"));
        let public = "https://jiaohao.example.org";
        assert_eq!(proxies(Some(public)).own(&asked).as_deref(), Some(public), "as it is set, whatever was asked for");
        for other in ["http://here", "http://evil", "null", ""] {
            assert!(!check(None, other), "{other}");
        }
        assert!(check(Some("https://jiaohao.example.org"), "https://jiaohao.example.org"));
        assert!(!check(Some("https://jiaohao.example.org"), "http://here:8080"));
        let foreign = TestRequest::default().insert_header((HOST, "here:8080")).insert_header((ORIGIN, "http://evil"));
        let refused = proxies(Some(public)).check_origin(&foreign.to_http_request()).expect_err("another origin");
        assert_eq!(refused.valid_now, [("origin".to_owned(), public.into())], "and says where it may");
        assert!(proxies(None).check_origin(&TestRequest::default().to_http_request()).is_ok());
    }
}
