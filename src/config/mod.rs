//! Configuration: `jiaohao.toml`, each setting also as `JIAOHAO_SECTION__KEY`. The fields' own docs are the commented
//! default, and a doc's sentence "Allowed: A to B." is the range that is checked when it is loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use confique::{Config, Layer};
use jiaohao_domain::time::Zone;

use crate::house::fitness;
use crate::http::tls;

mod channels;
mod payment;
mod problem;
mod sections;
#[cfg(test)]
mod tests;

pub use channels::{PushSettings, Secret, SmsSettings, WechatSettings};
pub use payment::PaymentSettings;
pub use problem::{Problem, Problems};
pub use sections::*;

/// What begins the name of every environment variable that is a setting.
const ENVIRONMENT_PREFIX: &str = "JIAOHAO_";

/// Other variables with that beginning: a token for the commands that need one, and those of the tests.
const OTHER_VARIABLES: &[&str] =
    &["TOKEN", "FULL", "SEED", "ROUNDS", "BIN", "BENCH_DIR", "CRASH_AT", "PLANT", "WRITE_GOLDEN", "WRITE_FIXTURE"];

fn is_unheeded(name: &str) -> bool {
    let rest = name.strip_prefix(ENVIRONMENT_PREFIX);
    rest.is_some_and(|rest| !rest.contains("__") && !OTHER_VARIABLES.contains(&rest))
}

/// Jiaohao's configuration. Every setting can also be given as an environment variable, which wins over the file:
/// JIAOHAO_SECTION__KEY, e.g. JIAOHAO_SERVER__LISTEN=0.0.0.0:8080. Lists are separated by commas there.
/// A line that begins with # shows the default; take the # away and change it.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Settings {
    /// Where it listens and who may stand in front of it.
    #[config(nested)]
    pub server: ServerSettings,
    /// What is on disk.
    #[config(nested)]
    pub data: DataSettings,
    /// What nobody may exceed. Persons and tokens are limited, not addresses: a hospital is one address.
    #[config(nested)]
    pub limits: LimitSettings,
    /// Clinic time.
    #[config(nested)]
    pub clock: ClockSettings,
    /// What is logged on stderr.
    #[config(nested)]
    pub log: LogSettings,
    /// Signing in.
    #[config(nested)]
    pub identity: IdentitySettings,
    /// Who saw and did what, in data/audit/.
    #[config(nested)]
    pub audit: AuditSettings,
    /// Who comes.
    #[config(nested)]
    pub arrival: ArrivalSettings,
    /// Waiting-room and door screens.
    #[config(nested)]
    pub screens: ScreenSettings,
    /// Text messages, and one-time codes by them. Off until `url` is given; docs/channels.md.
    #[config(nested)]
    pub sms: SmsSettings,
    /// Service messages of the hospital's WeChat account. Off until `app_id` is given; docs/channels.md.
    #[config(nested)]
    pub wechat: WechatSettings,
    /// Notifications of browsers (Web Push). Off until `contact` is given; docs/channels.md.
    #[config(nested)]
    pub push: PushSettings,
    /// Fees through an outside party. Off until `url` is given; docs/payment.md.
    #[config(nested)]
    pub payment: PaymentSettings,
}

type SettingsLayer = <Settings as Config>::Layer;

impl Settings {
    /// The defaults alone.
    pub fn default_values() -> Self {
        Self::from_layer(SettingsLayer::default_values())
            .expect("invariant: every setting has a default or is optional (tested)")
    }

    /// The commented default configuration.
    pub fn template() -> String {
        let mut options = confique::toml::FormatOptions::default();
        options.general.env_keys = false;
        confique::toml::template::<Self>(options)
    }

    /// Loads `file` (defaults when there is none) under the environment of this process.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(file: Option<&Path>) -> Result<Self, Problems> {
        let text = match file {
            None => String::new(),
            Some(path) => {
                let bytes = std::fs::read(path)
                    .map_err(|error| Problem::of_source(path.display(), format!("cannot be read: {error}")))?;
                problem::text(path, bytes)?
            }
        };
        let source = file.unwrap_or(Path::new("defaults")).display().to_string();
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_parts(&source, &text, environment)
    }

    /// Loads the text of a file named `source` under these environment variables.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_parts(
        source: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        let mut wrong = Vec::new();
        let mut layer = SettingsLayer::empty();
        let mut variables = BTreeMap::new();
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
            // A setting's name has two parts; `JIAOHAO_TOKEN` and the like are not settings.
            let Some((section, key)) = rest.split_once("__") else {
                let meant = problem::meant_by(rest);
                if !meant.is_empty() {
                    let what = format!("this is no setting: did you mean {}?", meant.join(" or "));
                    wrong.push(Problem::of_source(&name, what));
                }
                continue;
            };
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            match Self::from_variable(&name, &section, &key, &value) {
                Ok(variable) => layer = layer.with_fallback(variable),
                Err(problems) => wrong.extend(problems.0),
            }
            variables.insert(format!("{section}.{key}"), name);
        }
        let file: SettingsLayer = match problem::read(source, text) {
            Ok(file) => file,
            Err(problems) => {
                let rest = problem::without(text, &problems.0);
                wrong.extend(problems.0);
                match rest {
                    Some(rest) => rest,
                    None => return Err(Problems(wrong)),
                }
            }
        };
        let settings = match Self::from_layer(layer.with_fallback(file).with_fallback(SettingsLayer::default_values()))
        {
            Err(error) if wrong.is_empty() => return Err(Problem::of_source(source, error).into()),
            Err(_) => return Err(Problems(wrong)),
            Ok(settings) => settings,
        };
        let problem = |(field, what): (&str, String)| {
            let variable = variables.get(field);
            Problem {
                source_name: variable.map_or(source, String::as_str).to_owned(),
                line: if variable.is_some() { None } else { problem::line_of_setting(text, field) },
                field: Some(field.to_owned()),
                what,
                allowed: problem::allowed(field),
            }
        };
        // A setting that cannot be read stands at its default here: what is said of it, or for it of another, is not of the file.
        let is_told = |field: &str| wrong.iter().any(|told| told.field.as_deref() == Some(field));
        let names_told = |what: &str| {
            let told = wrong.iter().filter_map(|told| told.field.as_deref()).filter(|field| field.contains('.'));
            told.into_iter().any(|field| what.contains(field))
        };
        let faults = settings.faults().into_iter().filter(|(field, what)| !is_told(field) && !names_told(what));
        let faults: Vec<Problem> = faults.map(problem).collect();
        wrong.extend(faults);
        if wrong.is_empty() { Ok(settings) } else { Err(Problems(wrong)) }
    }

    /// One environment variable as a layer: its value is read as TOML where that fits the setting, else as plain text,
    /// else as a list separated by commas.
    fn from_variable(name: &str, section: &str, key: &str, value: &str) -> Result<SettingsLayer, Problems> {
        let plain = toml::Value::String(value.to_owned());
        let list =
            toml::Value::Array(value.split(',').map(|part| toml::Value::String(part.trim().to_owned())).collect());
        let as_toml = format!("[{section}]\n{key} = {value}\n");
        let as_plain = format!("[{section}]\n{key} = {plain}\n");
        let as_list = format!("[{section}]\n{key} = {list}\n");
        let first = match toml::from_str::<toml::Table>(&as_toml) {
            Ok(_) if !value.contains('\n') => problem::read(name, &as_toml),
            _ => problem::read(name, &as_plain),
        };
        first
            .or_else(|wrong: Problems| {
                problem::read(name, &as_plain).or_else(|_| problem::read(name, &as_list)).map_err(|of_list| {
                    match problem::is_list(&format!("{section}.{key}")) {
                        true => Self::wrong_entries(name, section, key, value).unwrap_or(of_list),
                        false => wrong,
                    }
                })
            })
            .map_err(|wrong| Problems(wrong.0.into_iter().map(Problem::without_line).collect()))
    }

    /// The entries of a list separated by commas that cannot be read, each by itself.
    fn wrong_entries(name: &str, section: &str, key: &str, value: &str) -> Option<Problems> {
        let mut wrong = Vec::new();
        for entry in value.split(',').map(str::trim) {
            let alone = toml::Value::Array(vec![toml::Value::String(entry.to_owned())]);
            let read: Result<SettingsLayer, Problems> = problem::read(name, &format!("[{section}]\n{key} = {alone}\n"));
            let of_entry = |problem: Problem| Problem { what: format!("{entry:?}: {}", problem.what), ..problem };
            wrong.extend(read.err().into_iter().flat_map(|wrong| wrong.0).map(of_entry));
        }
        (!wrong.is_empty()).then_some(Problems(wrong))
    }

    /// Names of this environment that begin like a setting's and are none: whoever set them believes that they are heeded.
    pub fn unheeded() -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut unheeded: Vec<String> = names.filter(|name| is_unheeded(name)).collect();
        unheeded.sort_unstable();
        unheeded
    }

    /// What is in order and hardly meant, in words for whoever set it.
    pub fn odd(&self) -> Vec<String> {
        let (server, dir) = (&self.server, &self.data.dir);
        let mut odd = Vec::new();
        let is_heard_elsewhere = !server.listen.ip().is_loopback();
        if is_heard_elsewhere && server.tls_certificate_file.is_none() && server.trusted_proxies.is_empty() {
            odd.push(format!(
                "server.listen: {} is heard by other machines and there is no TLS: passwords, tokens and names can be read on the \
                 way. Give server.tls_certificate_file and tls_key_file, or listen on 127.0.0.1 behind a proxy that \
                 server.trusted_proxies names",
                server.listen
            ));
        }
        if self.clock.speed > 1 {
            odd.push(format!(
                "clock.speed: {} times as fast is for tests: a folder made with it is no hospital's, for ever, and a hospital's \
                 refuses it",
                self.clock.speed
            ));
        }
        if dir.components().any(|part| part.as_os_str() == "~") {
            odd.push(format!(
                "data.dir: nobody puts a home folder in place of ~ here, {} is a folder of that name: write the whole path",
                dir.display()
            ));
        }
        odd
    }

    /// Why a start would be refused that is not in the file: the data folder, for the user who asks.
    pub fn refused(&self) -> Option<String> {
        fitness::check(&self.data.dir, self.clock.speed > 1).err().map(|why| format!("data.dir: {why}"))
    }

    /// What a start would say of the machine that is not in the file.
    pub fn of_the_machine(&self) -> Vec<String> {
        let doubt = match (&self.server.tls_certificate_file, &self.server.tls_key_file) {
            (Some(certificate), Some(key)) => tls::doubt(certificate, key),
            _ => None,
        };
        doubt.map(|doubt| format!("{CERTIFICATE}: {doubt}")).into_iter().collect()
    }

    /// What is wrong with settings that can each be read: by field.
    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, field: &'static str, what: &str| {
            if !holds {
                faults.push((field, what.to_owned()));
            }
        };
        let (server, data, limits) = (&self.server, &self.data, &self.limits);
        let has_key = server.tls_key_file.is_some();
        let (given, missing) = if has_key { ("tls_key_file", CERTIFICATE) } else { ("tls_certificate_file", KEY) };
        must(
            server.tls_certificate_file.is_some() == has_key,
            missing,
            &format!("it belongs to server.{given}: give both or neither"),
        );
        must(server.public_origin.as_deref().is_none_or(is_origin), "server.public_origin", "this is no origin");
        must(Zone::named(&self.clock.house_zone).is_some(), "clock.house_zone", "there is no such zone");
        must(!data.dir.as_os_str().is_empty(), "data.dir", "it is empty: name a folder");
        must(data.last_reserve_mib < data.reserve_mib, "data.last_reserve_mib", "it must be below data.reserve_mib");
        must(limits.hello_bytes <= limits.frame_bytes, "limits.hello_bytes", "it must not exceed limits.frame_bytes");
        must(
            limits.outbox_bytes >= limits.frame_bytes,
            "limits.outbox_bytes",
            "it must not be below limits.frame_bytes: one frame has to fit",
        );
        if let (Some(certificate), Some(key)) = (&server.tls_certificate_file, &server.tls_key_file)
            && let Err(error) = tls::check(certificate, key)
        {
            faults.push((if error.is_of_key(certificate) { KEY } else { CERTIFICATE }, error.to_string()));
        }
        faults.extend(self.channel_faults());
        faults.extend(self.payment_faults());
        faults
    }
}

const CERTIFICATE: &str = "server.tls_certificate_file";
const KEY: &str = "server.tls_key_file";

/// Scheme, host and perhaps a port, as browsers state an origin.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    host.parse::<actix_web::http::uri::Authority>().is_ok() && !host.contains(['@', '/'])
}

impl ClockSettings {
    /// `jump_s` in milliseconds.
    pub fn jump_ms(&self) -> i64 {
        i64::try_from(self.jump_s).unwrap_or(i64::MAX).saturating_mul(1_000)
    }

    /// `house_zone`, as a zone.
    pub fn zone(&self) -> Zone {
        Zone::named(&self.house_zone).expect("invariant: it is checked when it is loaded")
    }

    /// `away_h` in milliseconds.
    pub fn away_ms(&self) -> i64 {
        i64::try_from(self.away_h).unwrap_or(i64::MAX).saturating_mul(3_600_000)
    }
}

impl DataSettings {
    /// Where the keys are.
    pub fn keys_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// Where the audit is.
    pub fn audit_dir(&self) -> PathBuf {
        self.dir.join("audit")
    }
}
