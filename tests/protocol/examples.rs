//! The examples of commands and refusals, read off PROTOCOL.md and sent to the real server in an order that makes a day.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiaohao::clients::Refusal;
use jiaohao::http::RESOURCES;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::Clinic;
use crate::shapes::Shapes;
use crate::{PROTOCOL, answers};

/// What an id of an example is in the day that is played.
pub type Now<'a> = &'a [(&'a str, &'a str)];

/// One example of a refusal.
pub struct Refused {
    /// Of whom: `nobody`, `patient`, `desk`, `kiosk`, `doctor`, `operator`, `integrator`, `screen`.
    pub who: String,
    /// Method and path.
    pub path: (String, String),
    /// What is sent.
    pub body: Value,
    /// The problem as it stands in the document.
    pub problem: Value,
}

/// The insides of the document's block of that kind.
fn block(kind: &str) -> &'static str {
    PROTOCOL.split(&format!("```{kind}\n")).nth(1).expect("there is such a block").split("```").next().unwrap()
}

/// The document's example of each command: its fields.
pub fn commands() -> BTreeMap<String, Value> {
    let read = |line: &str| {
        let command: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        command.into_iter().next().expect("one name")
    };
    block("commands").lines().map(read).collect()
}

/// The document's example of each refusal, by its code: three lines, of which the first says in words when.
pub fn refusals() -> BTreeMap<String, Refused> {
    let mut refusals = BTreeMap::new();
    for lines in block("refusals").lines().collect::<Vec<_>>().chunks(3) {
        let [when, request, problem] = lines else { panic!("three lines each: {lines:?}") };
        let (code, _) = when.split_once(": ").unwrap_or_else(|| panic!("{when}: a code and words"));
        let (who, request) = request.split_once(' ').unwrap();
        let (path, body) = match request.strip_prefix('{') {
            Some(_) => {
                let command: BTreeMap<String, Value> =
                    serde_json::from_str(request).unwrap_or_else(|e| panic!("{request}: {e}"));
                let (name, body) = command.into_iter().next().expect("one name");
                (at(&name), body)
            }
            None => {
                let mut parts = request.splitn(3, ' ');
                let path = (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned());
                let body = parts.next().map_or(Value::Null, |body| {
                    serde_json::from_str(body).unwrap_or_else(|e| panic!("{request}: {e}"))
                });
                (path, body)
            }
        };
        let problem = serde_json::from_str(problem).unwrap_or_else(|e| panic!("{problem}: {e}"));
        let one = Refused { who: who.to_owned(), path, body, problem };
        assert!(refusals.insert(code.to_owned(), one).is_none(), "{code} stands twice");
    }
    refusals
}

/// Method and path of a command.
fn at(command: &str) -> (String, String) {
    let (method, path, _) =
        RESOURCES.iter().find(|(_, _, name)| *name == command).unwrap_or_else(|| panic!("{command} has no path"));
    ((*method).to_owned(), (*path).to_owned())
}

/// The example with the ids of the day in the place of its own.
fn as_of(example: &Value, now: Now<'_>) -> Value {
    let mut text = example.to_string();
    for (then, now) in now {
        assert!(text.contains(then), "{then} is not in {text}");
        text = text.replace(then, now);
    }
    serde_json::from_str(&text).unwrap()
}

/// A day in which the examples are played.
pub struct Played {
    pub clinic: Clinic,
    commands: BTreeMap<String, Value>,
    refusals: BTreeMap<String, Refused>,
    answers: BTreeMap<String, String>,
    shapes: RefCell<Shapes>,
    /// Tokens by who.
    pub tokens: BTreeMap<&'static str, String>,
    /// Commands that were done as the document has them …
    pub done: RefCell<BTreeSet<String>>,
    /// … and codes that were answered as it has them.
    pub refused: RefCell<BTreeSet<String>>,
    /// Refusals that were other than the document has them.
    pub faults: RefCell<Vec<String>>,
}

impl Played {
    pub fn new(clinic: Clinic) -> Self {
        let tokens = [("operator", clinic.operator.clone())].into();
        let (commands, refusals) = (commands(), refusals());
        let shapes = RefCell::new(Shapes::read(PROTOCOL));
        let (done, refused, faults) = Default::default();
        Self { clinic, commands, refusals, answers: answers(), shapes, tokens, done, refused, faults }
    }

    /// Sends the example of a command; the answer is compared with its shape.
    pub async fn play(&self, who: &str, command: &str, now: Now<'_>) -> Value {
        let (method, path) = at(command);
        let body = as_of(&self.commands[command], now);
        let answer = self.clinic.door.ask(&method, &path, Some(&self.tokens[who]), Some(&body)).await;
        let answer = answer.unwrap_or_else(|why| panic!("{command} {body}: {why:?}"));
        let shape = &self.answers[command];
        self.shapes.borrow_mut().check(shape, &answer, command).unwrap();
        self.done.borrow_mut().insert(command.to_owned());
        answer
    }

    /// Sends the example of a refusal; the problem is compared with the document's.
    pub async fn refuse(&self, code: &str, now: Now<'_>) {
        self.refuse_keyed(code, Uuid::now_v7(), now).await;
    }

    /// As [`Played::refuse`], under a key of the test's.
    pub async fn refuse_keyed(&self, code: &str, key: Uuid, now: Now<'_>) {
        let one = self.refusals.get(code).unwrap_or_else(|| panic!("{code} has no example"));
        let body = as_of(&one.body, now);
        let token = self.tokens.get(one.who.as_str()).map(String::as_str);
        let (method, path) = &one.path;
        let (key, body) = ((method != "GET").then_some(key), (!body.is_null()).then_some(&body));
        let answer = self.clinic.door.ask_keyed(method, path, token, key, body).await;
        match answer {
            Err(why) => self.is_as_told(code, &why, body),
            Ok(done) => self.faults.borrow_mut().push(format!("{code}: {method} {path} {body:?} was done: {done}")),
        }
    }

    /// Compares a refusal with the document's problem: the code, and which fields `valid_now` has.
    pub fn is_as_told(&self, code: &str, why: &Refusal, asked: Option<&Value>) {
        let told = &self.refusals[code].problem;
        let fields = |valid_now: &Value| {
            valid_now.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        };
        let is = json!(why.valid_now);
        if why.code == code && fields(&told["valid_now"]) == fields(&is) {
            self.refused.borrow_mut().insert(code.to_owned());
        } else {
            let asked = asked.map(ToString::to_string).unwrap_or_default();
            eprintln!("FAULT {code}: {} {is} ({}) of {asked:.120}", why.code, why.detail);
            self.faults.borrow_mut().push(format!("{code}: {} {is} ({}) of {asked:.300}", why.code, why.detail));
        }
    }

    /// Something beside the examples.
    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.clinic.door.ask(method, path, self.tokens.get(who).map(String::as_str), body).await;
        answer.unwrap_or_else(|why| panic!("{method} {path} {body:?}: {why:?}"))
    }

    /// What a stream shows now.
    pub async fn stream(&self, who: &str, name: &str) -> Value {
        self.ask(who, "GET", &format!("/streams/{name}"), Value::Null).await["snapshot"].take()
    }
}
