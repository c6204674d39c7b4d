//! `/openapi.json`: made from the vocabulary's own types, so that it cannot say anything else.

use jiaohao_domain::Code;
use jiaohao_domain::vocabulary::ClientCommand;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::finding::FindPlaces;
use super::requests::{
    BindPerson, BindWechat, DrawQrCode, ErasePerson, FindAppointments, FindArrivals, IssueToken, MakeVoice,
    OfferScreen, ReadPersons, RegisterPerson, RequestCode, RevokeToken, SignIn, SignOut,
};
use super::resources::RESOURCES;
use super::shapes;
use crate::identity::audit::AuditQuery;
use crate::pay::gateway::PaymentNews;
use crate::reach::sms::{REPORTS_MAX, SmsReport};

/// The description of `/api/v1`.
pub fn document() -> Value {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let commands = generator.subschema_for::<ClientCommand>();
    let mut others = Map::new();
    let mut other = |name: &str, schema: schemars::Schema| others.insert(name.to_owned(), schema.to_value());
    macro_rules! body {
        ($kind:ty) => {
            other(<$kind>::schema_name().as_ref(), generator.subschema_for::<$kind>())
        };
    }
    body!(SignIn);
    body!(SignOut);
    body!(RequestCode);
    body!(RegisterPerson);
    body!(FindAppointments);
    body!(AuditQuery);
    body!(FindPlaces);
    body!(FindArrivals);
    body!(DrawQrCode);
    body!(ReadPersons);
    body!(BindPerson);
    body!(ErasePerson);
    body!(OfferScreen);
    body!(IssueToken);
    body!(RevokeToken);
    body!(SmsReport);
    body!(PaymentNews);
    body!(MakeVoice);
    body!(BindWechat);
    drop(commands);
    let mut schemas = Map::new();
    for (name, schema) in generator.take_definitions(true) {
        schemas.insert(name, schema);
    }
    // on the wire a time is text; inside it is a number
    schemas.insert("Timestamp".to_owned(), json!({"type": "string", "format": "date-time"}));
    schemas.insert("BusinessDate".to_owned(), json!({"type": "string", "format": "date"}));
    schemas.insert("Problem".to_owned(), problem());
    let report = json!({"$ref": "#/components/schemas/SmsReport"});
    schemas.insert("SmsReports".to_owned(), json!({"type": "array", "items": report, "maxItems": REPORTS_MAX}));
    schemas.extend(shapes::all());

    let mut paths = Map::new();
    for (method, path, command) in RESOURCES {
        let operation = json!({
            "operationId": command,
            "security": [{"bearer": []}],
            "parameters": [idempotency_key()],
            "requestBody": body_of(&camel(command)),
            "responses": responses("The command's result.", shapes::answer_of(command)),
        });
        add(&mut paths, path, method, operation);
    }
    for (method, path, body, public, what) in OTHERS {
        let mut operation = json!({"operationId": operation_id(method, path), "summary": what,
            "responses": responses("As the summary says.", shapes::answer_of(&format!("{method} {path}")))});
        let parameters = parameters_of(method, path);
        if !parameters.is_empty() {
            operation["parameters"] = Value::from(parameters);
        }
        if *path == "/reports" {
            operation["responses"]["200"]["content"]["text/csv"] = json!({"schema": {"type": "string"}});
        }
        if let Some(body) = body {
            operation["requestBody"] = body_of(body);
        }
        if (*method, *path) == ("PUT", "/voice/{id}/clip") {
            let wave = json!({"schema": {"type": "string", "format": "binary"}});
            operation["requestBody"] = json!({"required": true, "content": {"audio/wav": wave}});
        }
        if !public {
            operation["security"] = json!([{"bearer": []}]);
        }
        add(&mut paths, path, method, operation);
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Jiaohao", "version": env!("CARGO_PKG_VERSION"),
            "description": "The HTTP door. Commands, fields and codes are those of the WebSocket (PROTOCOL.md)."},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    })
}

/// Method, path, body, whether nobody needs to be signed in, what it does.
const OTHERS: &[(&str, &str, Option<&str>, bool, &str)] = &[
    ("POST", "/session", Some("SignIn"), true, "Sign in; the refresh token comes as a cookie."),
    ("DELETE", "/session", Some("SignOut"), true, "Sign out (by the cookie)."),
    ("POST", "/session/code", Some("RequestCode"), true, "Have a one-time code sent to a phone."),
    ("POST", "/session/refresh", None, true, "A new access token (by the cookie)."),
    ("POST", "/persons", Some("RegisterPerson"), false, "Make a person known by a document."),
    ("POST", "/persons/read", Some("ReadPersons"), false, "Names, phones and documents of up to 50 persons; audited."),
    (
        "POST",
        "/persons/bind",
        Some("BindPerson"),
        false,
        "A further document, a card or a provisional id is of somebody who is known; desk, audited.",
    ),
    ("POST", "/persons/erase", Some("ErasePerson"), false, "Destroy a person's key; operators of all sites, audited."),
    (
        "POST",
        "/persons/consent",
        Some("RegisterPerson"),
        false,
        "Ask a grown-up's own phone whether the account may act for them.",
    ),
    ("GET", "/family", None, false, "For whom the account acts, and who acts by its phone's word."),
    ("GET", "/family/{id}", None, false, "Who acts for a person; desk, audited."),
    ("POST", "/screens", Some("OfferScreen"), true, "A screen asks for the code to show."),
    ("POST", "/tokens", Some("IssueToken"), false, "A token for a script."),
    ("GET", "/audit", None, false, "Who saw and did what on a day; operators of all sites, itself audited."),
    (
        "POST",
        "/audit/read",
        Some("AuditQuery"),
        false,
        "Who saw and did what on a day, about an id or of an account; operators of all sites, itself audited.",
    ),
    (
        "GET",
        "/reports",
        None,
        false,
        "What the days of a site came to, by doctor, week, department or cause; as a table with `Accept: text/csv`.",
    ),
    ("GET", "/staff", None, false, "Who of the staff signs in, and as what; `?site=` of one site."),
    ("GET", "/tokens", None, false, "Tokens that were issued for scripts; `?site=` of one site."),
    ("POST", "/tokens/revoke", Some("RevokeToken"), false, "End the tokens of a script, by its name."),
    ("POST", "/clock/confirm", None, false, "The wall clock is right after a jump."),
    ("GET", "/time-zones", None, true, "The time zones that a site can be in."),
    (
        "GET",
        "/questions/usual",
        None,
        true,
        "What most hospitals ask before somebody joins a queue; `?site=`, `&department=` of the fever clinic.",
    ),
    ("GET", "/sites", None, false, "The hospitals by name."),
    ("GET", "/site/{id}", None, false, "What a site consists of."),
    (
        "POST",
        "/places/find",
        Some("FindPlaces"),
        false,
        "Hospitals, departments and doctors that fit, with their next free places; or others in place of a full session.",
    ),
    ("GET", "/departments/{id}/area-code", None, false, "The 60-second code of a waiting area."),
    (
        "GET",
        "/departments/{id}/plan",
        None,
        false,
        "The plan of a department: templates, exceptions, and which sessions there ought to be; operator, desk.",
    ),
    (
        "GET",
        "/departments/{id}/payments",
        None,
        false,
        "What was paid for appointments of a `?day=`; without it those of which a refund is asked or owed; operator, desk.",
    ),
    (
        "GET",
        "/departments/{id}/payments/received",
        None,
        false,
        "What came through the payment's provider on a `?day=` and what went back, by number; operator, desk.",
    ),
    (
        "GET",
        "/departments/{id}/releases",
        None,
        false,
        "The lots of a department's releases: hash of the seed before, the seed after; and how the line stands.",
    ),
    (
        "POST",
        "/departments/{id}/appointments/find",
        Some("FindAppointments"),
        false,
        "Appointments and tickets of today, and who waits for a place, that fit what the desk has typed; audited.",
    ),
    (
        "GET",
        "/sessions/{id}/not-reached",
        None,
        false,
        "Who is booked in a session and has not heard of its delay at home; desk, audited.",
    ),
    (
        "POST",
        "/arrivals/find",
        Some("FindArrivals"),
        false,
        "What somebody at a kiosk has today, by what only they have; audited.",
    ),
    ("GET", "/appointments/{id}/calendar", None, false, "An appointment as a file for a calendar (iCalendar)."),
    ("GET", "/tickets/{id}/code", None, false, "What a kiosk or the desk scans of a ticket."),
    (
        "GET",
        "/tickets/{id}/pre-check",
        None,
        false,
        "What was answered before a ticket's queue; desk, and the doctor whom the patient is with; audited.",
    ),
    ("POST", "/qr-codes", Some("DrawQrCode"), false, "A text as a picture to be scanned."),
    ("GET", "/streams/{name}", None, false, "A stream's snapshot and position."),
    ("GET", "/voice/{id}", None, false, "What a site's voice pack is to say, and how far its recording is."),
    ("GET", "/voice/{id}/clip", None, false, "A clip of the recording under way; `?language=` and `clip=`."),
    ("PUT", "/voice/{id}/clip", None, false, "A clip is recorded: a WAV file; `?language=` and `clip=`."),
    (
        "POST",
        "/voice/{id}/make",
        Some("MakeVoice"),
        false,
        "The computer reads the site's voice pack, which is used from then on.",
    ),
    ("GET", "/push-key", None, true, "What a page subscribes to notifications with."),
    (
        "POST",
        "/channels/sms",
        Some("SmsReports"),
        true,
        "The text message service says what became of messages; signed as docs/channels.md says.",
    ),
    (
        "POST",
        "/channels/payment",
        Some("PaymentNews"),
        true,
        "The party through which fees are paid says what became of an order or a refund; signed as docs/payment.md says.",
    ),
    ("GET", "/channels/wechat", None, true, "WeChat verifies this address; signed in the query."),
    ("POST", "/channels/wechat", None, true, "An event of WeChat's, as XML; signed in the query."),
    (
        "POST",
        "/channels/wechat/authorize",
        None,
        false,
        "Where WeChat's browser goes to, so that WeChat says who that is.",
    ),
    (
        "POST",
        "/channels/wechat/bind",
        Some("BindWechat"),
        false,
        "That browser is back: the account is told by WeChat too.",
    ),
    ("POST", "/voice/{id}/use", None, false, "The recording is the site's voice from now on."),
];

/// The methods that there are of a path under `/api/v1`.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let others = OTHERS.iter().map(|(method, known, ..)| (*method, *known));
    let known = RESOURCES.iter().map(|(method, known, _)| (*method, *known)).chain(others);
    known.filter(|(_, known)| is_path(known, path)).map(|(method, _)| method).collect()
}

/// Whether a path is one of that form, in which `{…}` stands for anything.
fn is_path(form: &str, path: &str) -> bool {
    form.split('/').count() == path.split('/').count()
        && form.split('/').zip(path.split('/')).all(|(form, part)| form.starts_with('{') || form == part)
}

fn operation_id(method: &str, path: &str) -> String {
    let name: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{}{}", method.to_lowercase(), name)
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, mut operation: Value) {
    let names: Vec<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let in_path =
        names.iter().map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let others = operation["parameters"].as_array().cloned().unwrap_or_default();
    let parameters: Vec<Value> = in_path.chain(others).collect();
    if !parameters.is_empty() {
        operation["parameters"] = Value::from(parameters);
    }
    let entry = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
    entry[method.to_lowercase()] = operation;
}

fn camel(command: &str) -> String {
    let parts = command.split('_').map(|part| part[..1].to_uppercase() + &part[1..]);
    parts.collect()
}

fn body_of(schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

/// What stands in the query of a path that is none of a command's, or in its headers.
fn parameters_of(method: &str, path: &str) -> Vec<Value> {
    let parameter = |name: &str, required: bool, schema: Value| json!({"name": name, "in": "query", "required": required, "schema": schema});
    let text = || json!({"type": "string"});
    let date = || json!({"type": "string", "format": "date"});
    let words = |words: &[&str]| json!({"type": "string", "enum": words});
    match (method, path) {
        ("GET", "/audit") => {
            vec![parameter("day", true, date()), parameter("after", false, json!({"type": "integer"}))]
        }
        ("GET", "/reports") => vec![
            parameter("site", true, text()),
            parameter("from", true, date()),
            parameter("to", true, date()),
            parameter("by", true, words(&["doctor", "week", "department", "cause"])),
            parameter("language", false, words(&["zh", "en"])),
        ],
        ("GET", "/departments/{id}/plan") => vec![parameter("from", false, date()), parameter("to", false, date())],
        ("GET", "/departments/{id}/payments") => {
            vec![parameter("day", false, date()), parameter("appointment", false, text())]
        }
        ("GET", "/departments/{id}/payments/received") => {
            vec![parameter("day", true, date()), parameter("after", false, text())]
        }
        ("GET", "/appointments/{id}/calendar") => vec![parameter("language", false, words(&["zh", "en"]))],
        ("GET", "/staff" | "/tokens") => vec![parameter("site", false, text())],
        ("GET", "/questions/usual") => vec![parameter("site", true, text()), parameter("department", false, text())],
        ("GET" | "PUT", "/voice/{id}/clip") => {
            vec![parameter("language", true, words(&["zh", "en"])), parameter("clip", true, text())]
        }
        ("GET" | "POST", "/channels/wechat") => {
            let mut signed: Vec<Value> =
                ["signature", "timestamp", "nonce"].map(|name| parameter(name, true, text())).into();
            signed.extend((method == "GET").then(|| parameter("echostr", true, text())));
            signed
        }
        ("POST", "/persons") => vec![idempotency_key()],
        _ => Vec::new(),
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "UUID version 7; the same key with the same body gives the first answer again.",
        "schema": {"type": "string", "format": "uuid"},
    })
}

/// With the answer's schema; a path that answers nothing says so by 204.
fn responses(done: &str, answer: Option<Value>) -> Value {
    let problem = json!({"description": "Not done; nothing has changed.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    match answer {
        Some(schema) => {
            let kind = if schema["type"] == "string" { "text/plain" } else { "application/json" };
            json!({"default": problem, "200": {"description": done, "content": {kind: {"schema": schema}}}})
        }
        None => json!({"default": problem, "204": {"description": done}}),
    }
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.wire()).collect();
    json!({
        "type": "object",
        "required": ["code", "title", "title_zh", "detail", "status", "type"],
        "properties": {
            "code": {"type": "string", "enum": codes},
            "title": {"type": "string"},
            "title_zh": {"type": "string"},
            "detail": {"type": "string"},
            "status": {"type": "integer"},
            "type": {"type": "string"},
            "valid_now": {"type": "object",
                "description": "For conflicts: what would be valid now."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_path_and_every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for (method, path, command) in RESOURCES {
            assert_eq!(document["paths"][*path][method.to_lowercase()]["operationId"], *command);
        }
        for reference in text.split("\"$ref\":\"").skip(1) {
            let reference = reference.split('"').next().unwrap();
            let name = reference.strip_prefix("#/components/schemas/").expect("inside the document");
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let ends_in_nothing = (method.as_str(), path.as_str()) == ("delete", "/session");
                let kind = if path == "/channels/wechat" { "text/plain" } else { "application/json" };
                let answer = &operation["responses"]["200"]["content"][kind]["schema"];
                assert_eq!(answer.is_null(), ends_in_nothing, "{method} {path} has no schema of its answer");
            }
        }
        let doors = [include_str!("api.rs"), include_str!("channels.rs")];
        let routes = doors.iter().flat_map(|door| door.split(".route(\"").skip(1));
        for route in routes.map(|route| route.split('"').next().unwrap()) {
            assert!(document["paths"].get(route).is_some(), "{route} is not described");
        }
        let named = |path: &str, method: &str| -> Vec<String> {
            let parameters = document["paths"][path][method]["parameters"].as_array().cloned().unwrap_or_default();
            parameters.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(named("/voice/{id}/clip", "put"), ["id", "language", "clip"]);
        assert_eq!(named("/tokens", "get"), ["site"]);
        assert_eq!(named("/persons", "post"), ["Idempotency-Key"]);
        let held = &document["components"]["schemas"]["answer.Held"];
        assert_eq!(held["properties"]["expires_at"]["format"], "date-time");
        assert_eq!(held["required"], json!(["appointment", "expires_at"]));
        assert_eq!(document["components"]["schemas"]["PauseWork"]["required"].as_array().unwrap().len(), 3);
    }
}
