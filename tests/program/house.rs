//! A small hospital behind the real program, and who works there.

use std::path::Path;

use jiaohao::clients::Refusal;
use jiaohao::clients::http::Door;
use jiaohao::clients::people::MadeUp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{Program, set_up};

/// A running server with a small hospital, and who works there.
pub struct House {
    /// It.
    pub program: Program,
    /// The desk's token.
    pub desk: String,
    /// The first slot.
    pub slot: &'static str,
    persons: u32,
}

impl House {
    pub async fn open(mut program: Program) -> Self {
        program.start_alive().await;
        let operator = program.token("operator", &["--account", "setup", "--may-issue"]);
        let slot = set_up(&program.door, &operator).await;
        let desk = program.token("desk", &["--site", "h", "--account", "desk"]);
        Self { program, desk, slot, persons: 0 }
    }

    pub fn door(&self) -> &Door {
        &self.program.door
    }

    /// Somebody new, known to the house.
    pub async fn person(&mut self) -> Value {
        self.persons += 1;
        self.register(self.persons).await.unwrap()["patient"].clone()
    }

    /// Makes the `n`-th made-up person known.
    pub async fn register(&self, n: u32) -> Result<Value, Refusal> {
        let mut rng = StdRng::seed_from_u64(u64::from(n));
        let person = MadeUp::draw(n, 2026, &mut rng).registration();
        self.door().insist("POST", "/persons", Some(&self.desk), &person).await
    }

    pub async fn book(&self, patient: &Value) -> Result<Value, Refusal> {
        let body = json!({"session": "h.a.s", "slot": self.slot, "patient": patient});
        self.door().ask("POST", "/appointments", Some(&self.desk), Some(&body)).await
    }

    pub async fn walk_in(&self, patient: &Value) -> Result<Value, Refusal> {
        let body = json!({"queue": "h.a.q", "patient": patient});
        self.door().ask("POST", "/tickets", Some(&self.desk), Some(&body)).await
    }
}

/// A house on a folder of its own.
pub async fn house(folder: &Path) -> House {
    House::open(Program::on(folder)).await
}
