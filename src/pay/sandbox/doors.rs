//! The gateway's doors: what the hospital asks signed, what a person does on the page, and what is looked at.

use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::web::{self, Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::{Back, How, KEPT_MAX, Order, Shared, Standing, State, lock};
use crate::pay::gateway::{CLOSE, ORDERS, QUERY, REFUNDS};

/// Its paths.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route(ORDERS, web::post().to(make))
        .route(QUERY, web::post().to(query))
        .route(CLOSE, web::post().to(close))
        .route(REFUNDS, web::post().to(refund))
        .route("/pay/{order}", web::get().to(page))
        .route("/pay/{order}", web::post().to(pay))
        .route("/behave", web::post().to(behave))
        .route("/seen", web::get().to(seen))
        .route("/statement", web::get().to(statement));
}

#[derive(Deserialize)]
struct AskedOrder {
    order: String,
    #[serde(default)]
    amount_fen: u32,
    #[serde(default)]
    expires_in_s: u32,
}

/// Money that is to go back.
#[derive(Deserialize)]
pub(super) struct AskedRefund {
    pub refund: String,
    pub transaction: String,
    pub amount_fen: u32,
}

async fn make(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let AskedOrder { order, amount_fen, expires_in_s } = match shared.read(&request, &body) {
        Ok(asked) => asked,
        Err(refused) => return refused.answer(),
    };
    let page = shared.page(&order);
    let now = (shared.wall)();
    let mut state = lock(&shared.state);
    let is_full = state.orders.len() >= KEPT_MAX;
    let code = match state.order(&order, now) {
        Some(known) if known.amount_fen != amount_fen => "ORDER_EXISTS",
        Some(known) if known.standing == Standing::Paid => "ORDER_PAID",
        Some(known) if known.standing == Standing::Closed => "ORDER_CLOSED",
        Some(_) => "OK",
        None if amount_fen == 0 || is_full => "LIMIT_REACHED",
        None => {
            let expires_at = now.plus_s(expires_in_s.into());
            let made = Order { amount_fen, expires_at, standing: Standing::Open, back: Back::Usual };
            state.orders.insert(order, made);
            "OK"
        }
    };
    HttpResponse::Ok().json(json!({ "code": code, "pay_url": page }))
}

async fn query(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    match shared.read::<AskedOrder>(&request, &body) {
        Ok(asked) => HttpResponse::Ok().json(lock(&shared.state).stands(&asked.order, (shared.wall)())),
        Err(refused) => refused.answer(),
    }
}

async fn close(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let asked: AskedOrder = match shared.read(&request, &body) {
        Ok(asked) => asked,
        Err(refused) => return refused.answer(),
    };
    let now = (shared.wall)();
    let mut state = lock(&shared.state);
    if let Some(order) = state.order(&asked.order, now).filter(|order| order.standing == Standing::Open) {
        order.standing = Standing::Closed;
    }
    HttpResponse::Ok().json(state.stands(&asked.order, now))
}

async fn refund(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let asked: AskedRefund = match shared.read(&request, &body) {
        Ok(asked) => asked,
        Err(refused) => return refused.answer(),
    };
    match shared.into_inner().refund(asked) {
        (Back::Lost, answer) if answer["code"] == "OK" && answer["state"] == "given" => {
            HttpResponse::BadGateway().body("<html>502 Bad Gateway</html>")
        }
        (_, answer) => HttpResponse::Ok().json(answer),
    }
}

#[derive(Deserialize)]
struct Pays {
    #[serde(default)]
    how: How,
}

async fn pay(request: HttpRequest, order: Path<String>, pays: Query<Pays>, shared: Data<Shared>) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    match shared.into_inner().pay(&order, pays.how) {
        // A browser sees the page again, as it stands now.
        Ok(()) if accepts.is_some_and(|all| all.contains("text/html")) => {
            HttpResponse::SeeOther().insert_header((LOCATION, request.path())).finish()
        }
        Ok(()) => HttpResponse::Ok().json(json!({ "code": "OK" })),
        Err(code) => HttpResponse::Conflict().json(json!({ "code": code })),
    }
}

#[derive(Deserialize)]
struct Gives {
    order: String,
    back: Back,
}

async fn behave(gives: Query<Gives>, shared: Data<Shared>) -> HttpResponse {
    match lock(&shared.state).orders.get_mut(&gives.order) {
        Some(order) => {
            order.back = gives.back;
            HttpResponse::Ok().json(json!({ "code": "OK" }))
        }
        None => HttpResponse::NotFound().json(json!({ "code": "ORDER_UNKNOWN" })),
    }
}

/// Where a person pays: made of what came signed, and of nothing else.
async fn page(order: Path<String>, shared: Data<Shared>) -> HttpResponse {
    let known = lock(&shared.state).order(&order, (shared.wall)()).cloned();
    let Some(known) = known else { return HttpResponse::NotFound().body("no such order") };
    let standing = match known.standing {
        Standing::Open => "<button>付款 / Pay</button>",
        Standing::Paid => "已付款,请回到挂号的页面 / Paid. Go back to your booking",
        Standing::Closed => "已关闭,不用付了 / Closed, nothing is to be paid",
    };
    let yuan = format!("{}.{:02}", known.amount_fen / 100, known.amount_fen % 100);
    let html = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Sandbox</title><h1>¥{yuan}</h1><p>Made up, for trying out: nobody pays anything here.</p>\
         <form method=\"post\">{standing}</form></html>"
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html)
}

async fn seen(shared: Data<Shared>) -> HttpResponse {
    let state = lock(&shared.state);
    let State { orders, payments, refunds } = &*state;
    HttpResponse::Ok().json(json!({ "orders": orders, "payments": payments, "refunds": refunds }))
}

#[derive(Deserialize)]
struct OfDay {
    date: String,
}

async fn statement(of: Query<OfDay>, shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(shared.statement(&of.date))
}
