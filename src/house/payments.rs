//! What was paid in a department, as operations and the desk read it.

use jiaohao_domain::department::{State, view};
use jiaohao_domain::{Code, DepartmentId, Rejection};
use serde_json::Value;

use super::{House, department};

impl House {
    /// Rejects `forbidden` for a department that there is not.
    pub(super) async fn read_payments(&self, at: &DepartmentId, of: view::PaymentsOf) -> Result<Value, Rejection> {
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok(view::payments(state, &of, state.config.zone()))
        };
        self.shell.read(department(at), read).await?
    }
}
