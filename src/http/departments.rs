//! What is read of a department: its area's code, its plan, its books, its lots.

use actix_web::{HttpRequest, web};
use jiaohao_domain::department::view::PaymentsOf;
use jiaohao_domain::{Code, DepartmentId, Rejection};

use super::Door;
use super::api::{Outcome, id};
use super::queries::{PaymentsQuery, PlanQuery, ReceivedQuery};
use super::requests::Deed;

/// The code that hangs in the waiting area.
pub async fn read_area_code(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let department: DepartmentId = id(&request)?;
    door.deed(&request, Deed::ReadAreaCode(department)).await
}

/// Which sessions there ought to be.
pub async fn read_plan(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let department: DepartmentId = id(&request)?;
    let query = web::Query::<PlanQuery>::from_query(request.query_string());
    let what = "from=YYYY-MM-DD and to=YYYY-MM-DD, or neither";
    let query = query.map_err(|_| Rejection::new(Code::Malformed, what))?.into_inner();
    door.deed(&request, Deed::ReadPlan(department, query)).await
}

/// What was paid.
pub async fn read_payments(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let department: DepartmentId = id(&request)?;
    let query = web::Query::<PaymentsQuery>::from_query(request.query_string());
    let malformed = || Rejection::new(Code::Malformed, "day=YYYY-MM-DD, appointment=…, or nothing");
    let of = match query.map_err(|_| malformed())?.into_inner() {
        PaymentsQuery { day: None, appointment: None } => PaymentsOf::Open,
        PaymentsQuery { day: Some(day), appointment: None } => PaymentsOf::Day(day),
        PaymentsQuery { day: None, appointment: Some(id) } => PaymentsOf::One(id),
        PaymentsQuery { .. } => return Err(malformed().into()),
    };
    door.deed(&request, Deed::ReadPayments(department, of)).await
}

/// What came through the payment's provider.
pub async fn read_received(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    let department: DepartmentId = id(&request)?;
    let query = web::Query::<ReceivedQuery>::from_query(request.query_string());
    let query = query.map_err(|_| Rejection::new(Code::Malformed, "day=YYYY-MM-DD, and perhaps after="))?.into_inner();
    door.deed(&request, Deed::ReadReceived(department, query.day, query.after)).await
}

/// The lots of its releases.
pub async fn read_releases(request: HttpRequest, door: web::Data<Door>) -> Outcome {
    door.deed(&request, Deed::ReadReleases(id(&request)?)).await
}
