//! The examples of commands and refusals, read off PROTOCOL.md and sent to the real server in an order that makes a day.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiaohao::clients::Refusal;
use jiaohao::clients::http::Door;
use jiaohao::http::RESOURCES;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::Clinic;
use crate::shapes::Shapes;
use crate::{PROTOCOL, answers};

/// What an id of an example is in the day that is played.
pub type Now<'a> = &'a [(&'a str, &'a str)];

/// One example of a refusal.
struct Refused {
    /// Of whom: `nobody`, `patient`, `desk`, `kiosk`, `doctor`, `operator`, `integrator`, `screen`.
    who: String,
    /// Method and path.
    path: (String, String),
    /// What is sent.
    body: Value,
    /// The problem as it stands in the document.
    problem: Value,
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

/// A block's examples of refusals, by code: of so many lines each, of which the first says in words when and the last is the
/// problem.
pub fn problems<const LINES: usize>(kind: &str) -> BTreeMap<String, (Vec<&'static str>, Value)> {
    let mut problems = BTreeMap::new();
    for lines in block(kind).lines().collect::<Vec<_>>().chunks(LINES) {
        let [when, between @ .., problem] = lines else { panic!("{LINES} lines each: {lines:?}") };
        let (code, _) = when.split_once(": ").unwrap_or_else(|| panic!("{when}: a code and words"));
        let problem: Value = serde_json::from_str(problem).unwrap_or_else(|e| panic!("{problem}: {e}"));
        assert_eq!(problem["code"], code, "{problem}");
        assert!(problems.insert(code.to_owned(), (between.to_vec(), problem)).is_none(), "{code} stands twice");
    }
    problems
}

/// The example of a refusal from its middle line: who sends what.
fn refused(request: &str, problem: Value) -> Refused {
    let (who, request) = request.split_once(' ').unwrap();
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|e| panic!("{request}: {e}"));
    let (path, body) = if request.starts_with('{') {
        let command: BTreeMap<String, Value> = serde_json::from_value(read(request)).unwrap();
        let (name, body) = command.into_iter().next().expect("one name");
        (at(&name), body)
    } else {
        let mut parts = request.splitn(3, ' ');
        let path = (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned());
        (path, parts.next().map_or(Value::Null, read))
    };
    Refused { who: who.to_owned(), path, body, problem }
}

/// A block of examples of refusals that are sent, and which of them were answered as they stand.
pub struct Refusals {
    examples: BTreeMap<String, Refused>,
    refused: RefCell<BTreeSet<String>>,
    faults: RefCell<Vec<String>>,
}

impl Refusals {
    /// Reads a block.
    pub fn of(kind: &str) -> Self {
        let example = |(code, (lines, problem)): (String, (Vec<&str>, Value))| (code, refused(lines[0], problem));
        let examples = problems::<3>(kind).into_iter().map(example).collect();
        Self { examples, refused: RefCell::default(), faults: RefCell::default() }
    }

    /// Who sends an example.
    pub fn who(&self, code: &str) -> &str {
        &self.examples.get(code).unwrap_or_else(|| panic!("{code} has no example")).who
    }

    /// Sends an example; what is answered.
    pub async fn send(
        &self,
        door: &Door,
        token: Option<&str>,
        code: &str,
        key: Uuid,
        now: Now<'_>,
    ) -> Result<Value, Refusal> {
        let one = &self.examples[code];
        let (method, path) = (&one.path.0, &one.path.1);
        // the ids stand in the body, or else in the path
        let is_in_path = one.body.is_null();
        let path = as_of(&json!(path), if is_in_path { now } else { &[] });
        let body = as_of(&one.body, if is_in_path { &[] } else { now });
        let (key, body) = ((method != "GET").then_some(key), (!body.is_null()).then_some(&body));
        door.ask_keyed(method, path.as_str().unwrap(), token, key, body).await
    }

    /// As [`Refusals::send`]; the problem is compared with the document's.
    pub async fn play(&self, door: &Door, token: Option<&str>, code: &str, key: Uuid, now: Now<'_>) {
        match self.send(door, token, code, key, now).await {
            Err(why) => self.is_as_told(code, &why),
            Ok(done) => self.faults.borrow_mut().push(format!("{code}: it was done: {done}")),
        }
    }

    /// Compares a refusal with the document's problem: the code, and which fields `valid_now` has.
    pub fn is_as_told(&self, code: &str, why: &Refusal) {
        if is_alike(&self.examples[code].problem, why) {
            self.refused.borrow_mut().insert(code.to_owned());
        } else {
            self.faults.borrow_mut().push(format!("{code}: {} {:?} ({})", why.code, why.valid_now, why.detail));
        }
    }

    /// All of the block were answered as they stand.
    pub fn were_played(&self) {
        let faults = self.faults.borrow();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert_eq!(*self.refused.borrow(), self.examples.keys().cloned().collect());
    }
}

/// Whether a refusal has the problem's code, and in `valid_now` its fields.
pub fn is_alike(problem: &Value, why: &Refusal) -> bool {
    let fields = problem["valid_now"].as_object().into_iter().flatten().map(|(name, _)| name);
    why.code == problem["code"] && fields.collect::<BTreeSet<_>>() == why.valid_now.keys().collect()
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
    pub refusals: Refusals,
    answers: BTreeMap<String, String>,
    shapes: RefCell<Shapes>,
    /// Tokens by who.
    pub tokens: BTreeMap<&'static str, String>,
    /// Commands that were done as the document has them.
    pub done: RefCell<BTreeSet<String>>,
}

impl Played {
    pub fn new(clinic: Clinic) -> Self {
        let tokens = [("operator", clinic.operator.clone())].into();
        let (commands, refusals) = (commands(), Refusals::of("refusals"));
        let shapes = RefCell::new(Shapes::read(PROTOCOL));
        Self { clinic, commands, refusals, answers: answers(), shapes, tokens, done: RefCell::default() }
    }

    /// Sends the example of a command for which the day has no occasion: why not.
    pub async fn play_in_vain(&self, who: &str, command: &str, now: Now<'_>) -> Refusal {
        let (method, path) = at(command);
        let body = as_of(&self.commands[command], now);
        let answer = self.clinic.door.ask(&method, &path, Some(&self.tokens[who]), Some(&body)).await;
        self.done.borrow_mut().insert(command.to_owned());
        answer.expect_err(command)
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
        self.clinic.watch(&answer);
        answer
    }

    /// Sends the example of a refusal; the problem is compared with the document's.
    pub async fn refuse(&self, code: &str, now: Now<'_>) {
        self.refuse_keyed(code, Uuid::now_v7(), now).await;
    }

    /// As [`Played::refuse`], under a key of the test's.
    pub async fn refuse_keyed(&self, code: &str, key: Uuid, now: Now<'_>) {
        let token = self.tokens.get(self.refusals.who(code)).map(String::as_str);
        self.refusals.play(&self.clinic.door, token, code, key, now).await;
    }

    /// Something beside the examples.
    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.clinic.door.ask(method, path, self.tokens.get(who).map(String::as_str), body).await;
        let answer = answer.unwrap_or_else(|why| panic!("{method} {path} {body:?}: {why:?}"));
        self.clinic.watch(&answer);
        answer
    }

    /// What a stream shows now.
    pub async fn stream(&self, who: &str, name: &str) -> Value {
        self.ask(who, "GET", &format!("/streams/{name}"), Value::Null).await["snapshot"].take()
    }
}
