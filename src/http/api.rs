//! `/api/v1`: commands under resource paths, snapshots, signing in, persons, screens that want to be paired.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Code, DepartmentId, Rejection, SiteId, TicketId, is_well_formed, pre_check};
use jiaohao_queue_display::voice::wav;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::guests::Guest;
use super::problem::{self, Problem};
use super::queries::CalendarQuery;
use super::requests::{
    ClipName, Deed, MakeVoice, OfSite, PERSONS_MAX, ReadPersons, SignIn, SignOut, SignedIn, UsualQuestions, Visit,
    VisitAnswer,
};
use super::resources::RESOURCES;
use super::{Door, channels, departments, openapi};
use crate::engine::{Turn, for_asker, in_time, run_command};
use crate::identity::audit::AuditQuery;
use crate::identity::limits;
use crate::identity::tokens::Claims;
use crate::wire;

/// Name of the cookie with the refresh token.
pub const COOKIE: &str = "jiaohao_refresh";
/// Name of the cookie with the marks of accounts that have signed in in this browser.
const MARKS: &str = "jiaohao_marks";
/// For so long a browser keeps them.
const MARKS_DAYS: i64 = 365;
/// The only path that gets them.
const COOKIE_PATH: &str = "/api/v1/session";

pub(super) type Outcome = Result<HttpResponse, Problem>;

/// The routes of `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api/v1")
            .route("/session", web::post().to(sign_in))
            .route("/session", web::delete().to(sign_out))
            .route("/session/code", web::post().to(request_code))
            .route("/session/refresh", web::post().to(refresh))
            .route("/persons", web::post().to(register_person))
            .route("/persons/read", web::post().to(read_persons))
            .route("/persons/bind", web::post().to(bind_person))
            .route("/persons/erase", web::post().to(erase_person))
            .route("/persons/consent", web::post().to(ask_consent))
            .route("/family", web::get().to(read_family))
            .route("/family/{id}", web::get().to(read_acting))
            .route("/screens", web::post().to(offer_screen))
            .route("/tokens", web::post().to(issue_token))
            .route("/audit", web::get().to(read_audit))
            .route("/audit/read", web::post().to(read_audit_by))
            .route("/reports", web::get().to(super::reports::read))
            .route("/staff", web::get().to(list_staff))
            .route("/tokens", web::get().to(list_tokens))
            .route("/tokens/revoke", web::post().to(revoke_token))
            .route("/clock/confirm", web::post().to(confirm_clock))
            .route("/time-zones", web::get().to(list_time_zones))
            .route("/questions/usual", web::get().to(usual_questions))
            .route("/sites", web::get().to(list_sites))
            .route("/site/{id}", web::get().to(read_directory))
            .route("/places/find", web::post().to(super::finding::find_places))
            .route("/departments/{id}/area-code", web::get().to(departments::read_area_code))
            .route("/departments/{id}/plan", web::get().to(departments::read_plan))
            .route("/departments/{id}/payments", web::get().to(departments::read_payments))
            .route("/departments/{id}/payments/received", web::get().to(departments::read_received))
            .route("/departments/{id}/releases", web::get().to(departments::read_releases))
            .route("/departments/{id}/appointments/find", web::post().to(find_appointments))
            .route("/sessions/{id}/not-reached", web::get().to(read_not_reached))
            .route("/arrivals/find", web::post().to(find_arrivals))
            .route("/appointments/{id}/calendar", web::get().to(read_calendar))
            .route("/tickets/{id}/code", web::get().to(read_ticket_code))
            .route("/tickets/{id}/pre-check", web::get().to(read_pre_check))
            .route("/qr-codes", web::post().to(draw_qr_code))
            .route("/streams/{name}", web::get().to(read_stream))
            .route("/voice/{id}", web::get().to(read_voice))
            .route("/voice/{id}/clip", web::get().to(hear_clip))
            .route("/voice/{id}/clip", web::put().to(record_clip))
            .route("/voice/{id}/make", web::post().to(make_voice))
            .route("/voice/{id}/use", web::post().to(use_voice))
            .configure(channels::configure)
            .default_service(web::to(command)),
    );
}

/// How long a body may take.
const BODY_WITHIN: std::time::Duration = std::time::Duration::from_secs(15);

/// Any other path: a command of the table.
async fn command(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let path = request.path().strip_prefix("/api/v1").unwrap_or_default();
    let method = request.method().as_str();
    let Some((_, _, name)) = RESOURCES.iter().find(|(known, at, _)| *known == method && *at == path) else {
        return Ok(no_such(path));
    };
    let claims = door.signed_in(&request).await?;
    door.limits.command(&claims)?;
    let key = idempotency_key(&request)?;
    let fields: Value = read(&door, payload).await?;
    let command = wire::named_command(name, fields)?;
    let within = door.answer_within;
    let result = run_command(&door.engine, "http", claims, key, command, Turn::alone(), within).await?;
    Ok(json_response(&result))
}

/// 404 for a path that there is not, 405 with what there is for another method.
fn no_such(path: &str) -> HttpResponse {
    let allowed = openapi::methods_of(path);
    if allowed.is_empty() {
        return problem::response_as(&Rejection::new(Code::UnknownCommand, "there is no such path"), 404);
    }
    let allow = HeaderValue::from_str(&allowed.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""));
    let allowed: Vec<String> = allowed.into_iter().map(str::to_owned).collect();
    let refused = Rejection::new(Code::UnknownCommand, "not with this method").with("methods", allowed);
    let mut response = problem::response_as(&refused, 405);
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<Uuid>, Rejection> {
    let Some(key) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().and_then(|key| Uuid::try_parse(key).ok());
    key.map(Some).ok_or_else(|| Rejection::new(Code::Malformed, "Idempotency-Key is a UUID (version 7)"))
}

impl Door {
    /// Who asks, by the bearer token.
    async fn signed_in(&self, request: &HttpRequest) -> Result<Arc<Claims>, Rejection> {
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or(Code::Unauthenticated)?;
        let claims = in_time(self.answer_within, self.engine.authenticate(token.trim())).await?;
        if let Some(guest) = request.conn_data::<Guest>() {
            guest.is_known();
        }
        Ok(Arc::new(claims))
    }

    pub(super) async fn deed(&self, request: &HttpRequest, deed: Deed) -> Outcome {
        Ok(json_response(&self.deed_value(request, deed).await?))
    }

    /// What a deed comes to, however it is then shown.
    pub(super) async fn deed_value(&self, request: &HttpRequest, deed: Deed) -> Result<Value, Rejection> {
        let claims = self.signed_in(request).await?;
        self.limits.command(&claims)?;
        // a task of its own: it is ended and audited also when the client does not wait
        let role = claims.role;
        let done = actix_web::rt::spawn(self.engine.deed(claims, deed));
        let done = async { done.await.unwrap_or_else(|_| Err(Code::Internal.into())) };
        in_time(self.answer_within, done).await.map_err(|why| for_asker(Some(role), why))
    }

    async fn visit(&self, request: &HttpRequest, visit: Visit) -> Outcome {
        let address = self.proxies.client(request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let (visiting, guest) = (self.engine.visit(address, visit), request.conn_data::<Guest>().cloned());
        // a task of its own, as a deed: who hangs up has tried all the same, and counts for the address until it is over
        let answered = actix_web::rt::spawn(async move {
            let answer = visiting.await;
            drop(guest);
            answer
        });
        let answered = async { answered.await.unwrap_or_else(|_| Err(Code::Internal.into())) };
        match in_time(self.answer_within, answered).await.map_err(|why| for_asker(None, why))? {
            VisitAnswer::SignedIn(signed_in) => Ok(self.signed_in_response(request, &signed_in)),
            VisitAnswer::SignedOut => {
                let mut response = HttpResponse::NoContent();
                response.cookie(self.cookie(request, COOKIE, "", Duration::ZERO));
                Ok(response.insert_header((CACHE_CONTROL, "no-store")).finish())
            }
            VisitAnswer::Told(value) => Ok(json_response(&value)),
            VisitAnswer::NotYet(why) => Ok(problem::not_yet(&why)),
        }
    }

    fn cookie(&self, request: &HttpRequest, name: &'static str, value: &str, max_age: Duration) -> Cookie<'static> {
        Cookie::build(name, value.to_owned())
            .path(COOKIE_PATH)
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.proxies.is_secure(request))
            .max_age(max_age)
            .finish()
    }

    fn signed_in_response(&self, request: &HttpRequest, signed_in: &SignedIn) -> HttpResponse {
        let claims = &signed_in.claims;
        let now = self.engine.machine_now();
        let zone = self.engine.zone(claims.site.as_ref().map(|site| site.as_str()));
        let mut body = json!({
            "access_token": signed_in.access_token,
            "expires_at": zone.rfc3339(claims.expires_at()),
            "expires_in_s": claims.expires_at().ms_since(now).max(0) / 1000,
            "account": claims.account,
            "role": claims.role,
            "site": claims.site,
            "departments": claims.departments,
            "doctor": claims.doctor,
            "screen": claims.screen,
            "board": claims.board,
            "door": claims.door,
        });
        if let (Some(body), Some(about)) = (body.as_object_mut(), signed_in.about.as_object()) {
            body.extend(about.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut response = HttpResponse::Ok();
        if let Some(token) = &signed_in.refresh_token {
            let seconds = signed_in.refresh_expires_at.ms_since(now).max(0) / 1000;
            response.cookie(self.cookie(request, COOKIE, token, Duration::seconds(seconds)));
        }
        if let Some(marks) = &signed_in.marks {
            response.cookie(self.cookie(request, MARKS, marks, Duration::days(MARKS_DAYS)));
        }
        response.insert_header((CACHE_CONTROL, "no-store")).json(body)
    }
}

pub(super) fn json_response(value: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(value)
}

pub(super) async fn read<T: DeserializeOwned>(door: &Door, payload: web::Payload) -> Result<T, Rejection> {
    let body = read_bytes(payload, door.body_bytes).await?;
    wire::objects::body(&body).map_err(|error| wire::malformed(&error))
}

pub(super) async fn read_bytes(payload: web::Payload, most: usize) -> Result<web::Bytes, Rejection> {
    let whole = tokio::time::timeout(BODY_WITHIN, payload.to_bytes_limited(most)).await.map_err(|_| {
        limits::count("body_time");
        Rejection::new(Code::TimedOut, format!("a body comes within {} s", BODY_WITHIN.as_secs()))
    })?;
    let body = whole.map_err(|_| {
        limits::count("body_bytes");
        Rejection::new(Code::TooLarge, format!("a body is at most {most} bytes here"))
    })?;
    body.map_err(|_| Rejection::new(Code::Malformed, "the body did not come whole"))
}

async fn read_or_default<T: DeserializeOwned + Default>(door: &Door, payload: web::Payload) -> Result<T, Rejection> {
    let value: Option<Value> = match read(door, payload).await {
        Ok(value) => Some(value),
        Err(rejection) if rejection.detail == "not JSON" => None,
        Err(rejection) => return Err(rejection),
    };
    value.map_or_else(|| Ok(T::default()), |value| serde_json::from_value(value).map_err(|e| wire::malformed(&e)))
}

pub(super) fn id<T: for<'a> From<&'a str>>(request: &HttpRequest) -> Result<T, Rejection> {
    let id = request.match_info().get("id").filter(|id| jiaohao_domain::is_well_formed(id));
    id.map(T::from).ok_or_else(|| Code::Forbidden.into())
}

async fn sign_in(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.proxies.check_origin(&request)?;
    let mut sign_in: SignIn = read(&door, payload).await?;
    if let SignIn::Password(given) = &mut sign_in {
        given.marks = request.cookie(MARKS).map(|cookie| cookie.value().to_owned());
    }
    door.visit(&request, Visit::SignIn(sign_in)).await
}

async fn request_code(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.proxies.check_origin(&request)?;
    let asked = read(&door, payload).await?;
    door.visit(&request, Visit::RequestCode(asked)).await
}

async fn refresh(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.proxies.check_origin(&request)?;
    let cookie = request.cookie(COOKIE).ok_or(Code::Unauthenticated)?;
    door.visit(&request, Visit::Refresh(cookie.value().to_owned())).await
}

async fn sign_out(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.proxies.check_origin(&request)?;
    let SignOut { everywhere } = read_or_default(&door, payload).await?;
    let cookie = request.cookie(COOKIE).ok_or(Code::Unauthenticated)?;
    door.visit(&request, Visit::SignOut { refresh_token: cookie.value().to_owned(), everywhere }).await
}

async fn offer_screen(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    door.proxies.check_origin(&request)?;
    let offer = read(&door, payload).await?;
    door.visit(&request, Visit::OfferScreen(offer)).await
}

async fn register_person(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let key = idempotency_key(&request)?;
    let person = Box::new(read(&door, payload).await?);
    door.deed(&request, Deed::RegisterPerson { person, key }).await
}

async fn bind_person(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::BindPerson(asked)).await
}

async fn erase_person(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::ErasePerson(asked)).await
}

async fn ask_consent(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let person = Box::new(read(&door, payload).await?);
    door.deed(&request, Deed::AskConsent(person)).await
}

async fn read_family(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ReadFamily).await
}

async fn read_acting(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let who = id(&request)?;
    door.deed(&request, Deed::ReadActing(who)).await
}

async fn read_persons(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked: ReadPersons = read(&door, payload).await?;
    if asked.ids.len() > PERSONS_MAX {
        return Err(Rejection::new(Code::TooLarge, format!("at most {PERSONS_MAX} persons at a time")).into());
    }
    door.deed(&request, Deed::ReadPersons(asked)).await
}

async fn issue_token(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::IssueToken(asked)).await
}

async fn read_audit(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let query = web::Query::<AuditQuery>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).ok().filter(AuditQuery::is_of_all);
    let Some(query) = query else {
        // Who has not signed in is told that first, as everywhere.
        door.signed_in(&request).await?;
        return Err(Rejection::new(Code::Malformed, "day=YYYY-MM-DD, and after; by id: POST /audit/read").into());
    };
    door.deed(&request, Deed::ReadAudit(query)).await
}

/// About an id or of an account: what somebody has typed stands in the body, and in no address that a proxy writes down.
async fn read_audit_by(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::ReadAudit(asked)).await
}

async fn list_tokens(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ListTokens(of_site(&request)?)).await
}

async fn list_staff(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ListStaff(of_site(&request)?)).await
}

fn of_site(request: &HttpRequest) -> Result<Option<SiteId>, Rejection> {
    let asked = web::Query::<OfSite>::from_query(request.query_string());
    let OfSite { site } = asked.map_err(|_| Rejection::new(Code::Malformed, "?site=<id>, or nothing"))?.into_inner();
    Ok(site)
}

async fn revoke_token(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::RevokeToken(asked)).await
}

async fn confirm_clock(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ConfirmClock).await
}

/// The time zones that a site can be in: the same for everybody.
async fn list_time_zones() -> HttpResponse {
    json_response(&json!({ "time_zones": Zone::names().collect::<Vec<_>>() }))
}

/// What most hospitals ask, for an operator to take over: the same for everybody.
async fn usual_questions(request: HttpRequest) -> Outcome {
    let asked = web::Query::<UsualQuestions>::from_query(request.query_string());
    let malformed = || Rejection::new(Code::Malformed, "?site=<id>, and department=<id> of the fever clinic");
    let UsualQuestions { site, department } = asked.map_err(|_| malformed())?.into_inner();
    let is_id = |id: &str| is_well_formed(id);
    if !is_id(site.as_str()) || !department.as_ref().is_none_or(|id| is_id(id.as_str())) {
        return Err(malformed().into());
    }
    Ok(json_response(&json!(pre_check::usual(site, 1, department))))
}

async fn list_sites(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ListSites).await
}

async fn read_directory(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let site: SiteId = id(&request)?;
    door.deed(&request, Deed::ReadDirectory(site)).await
}

async fn find_appointments(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let department: DepartmentId = id(&request)?;
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::FindAppointments(department, asked)).await
}

async fn read_not_reached(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let session = id(&request)?;
    door.deed(&request, Deed::ReadNotReached(session)).await
}

async fn find_arrivals(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::FindArrivals(asked)).await
}

async fn read_calendar(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let appointment = id(&request)?;
    let asked = web::Query::<CalendarQuery>::from_query(request.query_string());
    let asked = asked.map_err(|_| Rejection::new(Code::Malformed, "?language=zh|en, or nothing"))?;
    door.deed(&request, Deed::ReadCalendar(appointment, asked.language)).await
}

async fn read_ticket_code(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let ticket: TicketId = id(&request)?;
    door.deed(&request, Deed::ReadTicketCode(ticket)).await
}

async fn read_pre_check(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let ticket: TicketId = id(&request)?;
    door.deed(&request, Deed::ReadPreCheck(ticket)).await
}

async fn draw_qr_code(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::DrawQrCode(asked)).await
}

async fn read_voice(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let site = id(&request)?;
    door.deed(&request, Deed::ReadVoice(site)).await
}

fn clip_name(request: &HttpRequest) -> Result<ClipName, Rejection> {
    let name = web::Query::<ClipName>::from_query(request.query_string());
    Ok(name.map_err(|_| Rejection::new(Code::Malformed, "language=zh|en and clip=<what it says>"))?.into_inner())
}

async fn hear_clip(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let (site, name) = (id(&request)?, clip_name(&request)?);
    door.deed(&request, Deed::HearClip(site, name)).await
}

async fn record_clip(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let (site, name) = (id(&request)?, clip_name(&request)?);
    // nobody's file is taken before it is known that somebody asks
    door.signed_in(&request).await?;
    let file = read_bytes(payload, door.body_bytes.min(wav::LARGEST)).await?;
    door.deed(&request, Deed::RecordClip(site, name, file.to_vec())).await
}

async fn make_voice(request: HttpRequest, door: web::Data<Door>, payload: web::Payload) -> Outcome {
    let site = id(&request)?;
    let MakeVoice { language } = read_or_default(&door, payload).await?;
    door.deed(&request, Deed::MakeVoice(site, language)).await
}

async fn use_voice(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let site = id(&request)?;
    door.deed(&request, Deed::UseVoice(site)).await
}

async fn read_stream(request: HttpRequest, door: web::Data<Door>, name: web::Path<String>) -> Outcome {
    debug_assert_eq!(request.method(), Method::GET);
    let claims = door.signed_in(&request).await?;
    door.limits.command(&claims)?;
    let stream: Arc<str> = name.into_inner().into();
    let now = in_time(door.answer_within, door.engine.snapshot(claims, stream.clone())).await?;
    Ok(json_response(&json!({"stream": &*stream, "position": now.position, "snapshot": now.snapshot})))
}
