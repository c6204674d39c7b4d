//! Finding a hospital, a department or a doctor. What somebody looks for says what ails them: it stands in the body, and in
//! no address that a proxy writes down.

use actix_web::{HttpRequest, HttpResponse, web};
use jiaohao_domain::{BusinessDate, DepartmentId, DoctorId, SessionId, SiteId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Door;
use super::api::read;
use super::problem::Problem;
use super::requests::Deed;

/// What is looked for. Without anything: what there is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindPlaces {
    /// A part of a name, in Chinese, by its sounds or their first letters, or in English; 50 characters at most. Of several
    /// words each has to fit.
    #[serde(default)]
    pub text: String,
    /// 擅长: what is treated, written as `text`.
    #[serde(default)]
    pub speciality: String,
    /// Only of this hospital.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Only of this department.
    #[serde(default)]
    pub department: Option<DepartmentId>,
    /// Only this doctor.
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// Only what has a free place on this day.
    #[serde(default)]
    pub date: Option<BusinessDate>,
    /// Only what has a free place of this class (号别).
    #[serde(default)]
    pub registration_class: Option<String>,
    /// In place of this session: others of its class, in departments of its kind; alone or with `date`.
    #[serde(default)]
    pub instead_of: Option<SessionId>,
}

impl FindPlaces {
    /// Whether `instead_of` stands alone, or with a date.
    pub fn is_only_instead(&self) -> bool {
        let things = [self.site.is_some(), self.department.is_some(), self.doctor.is_some()];
        let others = self.registration_class.is_some() || things.contains(&true);
        self.instead_of.is_some() && self.text.is_empty() && self.speciality.is_empty() && !others
    }
}

/// `POST /places/find`.
pub(super) async fn find_places(
    request: HttpRequest,
    door: web::Data<Door>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let asked = read(&door, payload).await?;
    door.deed(&request, Deed::FindPlaces(asked)).await
}
