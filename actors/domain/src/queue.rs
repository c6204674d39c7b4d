//! Who is next: the lines of one queue and the pick. (Owned by the queue slice; settings first.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of who is next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {}
