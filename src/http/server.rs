//! The server that both doors stand in: listens, opens when the house is up, serves, stops gracefully.

use std::cell::OnceCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle, Service};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, middleware, web};
use jiaohao_actors::fanout::CoarseClock;

use super::{Door, Guest, Proxies, Starting, api, measures, openapi, pages, problem, starting, tls};
use crate::config::Settings;
use crate::engine::Engine;
use crate::identity::limits::Limits;
use crate::live::{self, Live, LiveSettings, Socket};
use crate::reach::Reach;

/// How long good-byes may take before the server stops listening, at a stop.
const BYE_TIME: Duration = Duration::from_millis(700);

/// Where one signs in, and the header of every answer there, a refusal too, that names the house.
const SESSION: &str = "/api/v1/session";
const HOUSE: HeaderName = HeaderName::from_static("x-jiaohao-house");

/// Why the doors do not open.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}: {}", remedy(.error))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// A thread could not be started.
    #[error("{0}")]
    Thread(std::io::Error),
}

/// What to do about an address that cannot be had.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "choose another server.listen, or stop what has the port (`ss -ltnp` names it)"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address (`ip addr`): choose another server.listen"
        }
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a right of their own: choose another server.listen, or put nginx before it \
             (docs/install.md)"
        }
        _ => "choose another server.listen",
    }
}

/// Whether the address can be had, before anything is made for it.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn probe(listen: SocketAddr) -> Result<(), ServeError> {
    std::net::TcpListener::bind(listen).map(drop).map_err(|error| ServeError::Listen { address: listen, error })
}

/// Both doors, open.
pub struct Running {
    /// Where (with the port that the system chose, if 0 was asked for).
    pub address: SocketAddr,
    /// The socket door.
    pub live: Arc<Live>,
    handle: ServerHandle,
}

impl Running {
    /// Graceful: no new connections, good-bye to the sockets, requests under way are answered.
    pub async fn stop(&self) {
        self.live.stop();
        tokio::time::sleep(BYE_TIME).await;
        self.handle.stop(true).await;
    }
}

/// The listener, with nothing behind it yet: whoever comes hears that the house is starting ([`Starting`]).
pub struct Listening {
    /// Where (with the port that the system chose, if 0 was asked for).
    pub address: SocketAddr,
    gate: Arc<Gate>,
    limits: Arc<Limits>,
    handle: ServerHandle,
}

struct Gate {
    starting: Starting,
    behind: OnceLock<Behind>,
}

/// What requests find once the house is up.
struct Behind {
    door: web::Data<Door>,
    live: web::Data<Live>,
}

impl Gate {
    /// What a request is given, made once a worker; none before the house is up.
    fn data(&self, of_worker: &OnceCell<Rc<Extensions>>) -> Option<Rc<Extensions>> {
        let behind = self.behind.get()?;
        let made = of_worker.get_or_init(|| {
            let mut data = Extensions::new();
            data.insert(behind.door.clone());
            data.insert(behind.live.clone());
            Rc::new(data)
        });
        Some(made.clone())
    }

    /// Which house answers, told to whoever signs in; none before it is up.
    fn house(&self, path: &str) -> Option<HeaderValue> {
        let behind = (path == SESSION).then(|| self.behind.get()).flatten()?;
        HeaderValue::from_str(behind.door.engine.house_id()?).ok()
    }
}

impl Listening {
    /// Opens both doors in front of `engine`, and that of the outside channels. `clock` is the one that the fan-out's hub was made with.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn open(
        self,
        engine: Arc<dyn Engine>,
        reach: Arc<Reach>,
        settings: &Settings,
        clock: Arc<CoarseClock>,
    ) -> Result<Running, ServeError> {
        let limits = self.limits;
        let live = Live::start(engine.clone(), LiveSettings::from(settings), clock, limits.clone())
            .map_err(ServeError::Thread)?;
        let proxies = Proxies::from(&settings.server);
        let answer_within = Duration::from_secs(settings.limits.answer_within_s);
        let body_bytes = settings.limits.body_bytes;
        let door = Door { engine, limits, proxies, reach, body_bytes, answer_within };
        // opened once: `self` is gone after it
        let _ = self.gate.behind.set(Behind { door: web::Data::new(door), live: web::Data::from(live.clone()) });
        Ok(Running { address: self.address, live, handle: self.handle })
    }

    /// The house does not come up.
    pub async fn close(self) {
        self.handle.stop(false).await;
    }
}

/// Listens. To be called inside an actix system.
///
/// # Errors
/// See [`ServeError`].
pub fn listen(settings: &Settings, starting: Starting) -> Result<Listening, ServeError> {
    measures::record();
    let gate = Arc::new(Gate { starting, behind: OnceLock::new() });
    let proxies = web::Data::new(Proxies::from(&settings.server));
    let is_https = |origin: &String| origin.starts_with("https://");
    let with_tls =
        settings.server.tls_certificate_file.is_some() || settings.server.public_origin.as_ref().is_some_and(is_https);
    let at_gate = gate.clone();
    let limits = Arc::new(Limits::new(&settings.limits));
    let (of_guests, in_front) = (limits.clone(), Proxies::from(&settings.server));
    let mut server = HttpServer::new(move || {
        let (gate, of_worker) = (at_gate.clone(), Rc::new(OnceCell::new()));
        App::new()
            .app_data(proxies.clone())
            .wrap_fn(move |mut request, service| {
                let refused = request.request().conn_data::<Guest>().and_then(Guest::refusal);
                let answer = match (refused, gate.data(&of_worker)) {
                    (Some(refusal), _) => Some(refusal),
                    (None, Some(data)) => {
                        request.add_data_container(data);
                        None
                    }
                    (None, None) => gate.starting.answer(request.request()),
                };
                let house = gate.house(request.path());
                let served = match answer {
                    Some(answer) => Err(request.into_response(answer)),
                    None => Ok(service.call(request)),
                };
                async move {
                    match served {
                        Ok(serving) => {
                            let mut response = serving.await?;
                            if let Some(house) = house {
                                response.headers_mut().insert(HOUSE, house);
                            }
                            Ok(response)
                        }
                        Err(answer) => Ok(answer),
                    }
                }
            })
            .wrap(security_headers(with_tls))
            .wrap_fn(|request, service| {
                let serving = service.call(request);
                async move {
                    let response = serving.await?;
                    let status = response.status().as_u16();
                    metrics::counter!("http_responses_total", "status" => status.to_string()).increment(1);
                    Ok(response)
                }
            })
            .configure(routes)
    })
    .on_connect(move |connection, extensions| {
        Socket::on_connect(connection, extensions);
        Guest::on_connect(&of_guests, &in_front, connection, extensions);
    })
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(60))
    .backlog(4096)
    .shutdown_timeout(settings.server.stop_grace_s)
    .disable_signals();
    if settings.server.workers > 0 {
        server = server.workers(settings.server.workers);
    }
    // sockets stay: the limit is `limits.connections`, not a worker's default of 25,000
    server = server.max_connections(1_000_000);
    let listen = settings.server.listen;
    let bound = match (&settings.server.tls_certificate_file, &settings.server.tls_key_file) {
        (Some(certificate), Some(key)) => server.bind_rustls_0_23(listen, tls::server_config(certificate, key)?),
        _ => {
            metrics::gauge!("certificate_expires_timestamp_seconds").set(0.0);
            server.bind(listen)
        }
    };
    let server = bound.map_err(|error| ServeError::Listen { address: listen, error })?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    Ok(Listening { address, gate, limits, handle })
}

/// Listens and opens both doors at once, in front of an engine that is up.
///
/// # Errors
/// See [`ServeError`].
pub fn start(engine: Arc<dyn Engine>, settings: &Settings, clock: Arc<CoarseClock>) -> Result<Running, ServeError> {
    listen(settings, Starting::default())?.open(engine, Arc::default(), settings, clock)
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ws", web::get().to(socket))
        .route("/healthz", web::get().to(alive))
        .route("/healthz", web::head().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/readyz", web::head().to(ready))
        .route("/metrics", web::get().to(metrics_page))
        .route("/openapi.json", web::get().to(openapi_json))
        .configure(api::configure)
        .configure(pages::configure)
        .default_service(web::to(|request: HttpRequest| async move { pages::nowhere(&request) }));
}

async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    live: web::Data<Live>,
    proxies: web::Data<Proxies>,
) -> HttpResponse {
    match proxies.check_origin(&request) {
        Ok(()) => live::open(request, payload, live, proxies).await,
        Err(rejection) => problem::response(&rejection),
    }
}

async fn alive(door: web::Data<Door>) -> HttpResponse {
    starting::alive(door.engine.test_speed())
}

/// Ready for commands, or why not; then what an operator should look at, a line each.
async fn ready(door: web::Data<Door>) -> HttpResponse {
    let (mut response, first) = match door.engine.ready() {
        Ok(()) => (HttpResponse::Ok(), "ready".to_owned()),
        Err(why) => (HttpResponse::ServiceUnavailable(), why),
    };
    let of_certificate = tls::doubt_in_use().map(|doubt| format!("certificate: {doubt}"));
    let lines = std::iter::once(first).chain(door.engine.alarms()).chain(of_certificate);
    let lines: String = lines.map(|line| line + "\n").collect();
    response.content_type("text/plain; charset=utf-8").body(lines)
}

async fn metrics_page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(measures::metrics_text())
}

async fn openapi_json() -> HttpResponse {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| openapi::document().to_string());
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(document.as_str())
}

/// `with_tls`: browsers reach the house by https, by its own certificate or a proxy's.
fn security_headers(with_tls: bool) -> middleware::DefaultHeaders {
    let mut headers = middleware::DefaultHeaders::new();
    let fixed = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(self), microphone=(self), geolocation=(self)"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        headers = headers.add((HeaderName::from_static(name), HeaderValue::from_static(value)));
    }
    if with_tls {
        headers = headers.add(("strict-transport-security", "max-age=31536000"));
    }
    headers
}
