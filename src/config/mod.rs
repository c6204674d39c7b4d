//! Configuration: `jiaohao.toml`, each setting also as `JIAOHAO_SECTION__KEY`. The fields' own docs are the commented
//! default, and a doc's sentence "Allowed: A to B." is the range that is checked when it is loaded.

use std::path::{Path, PathBuf};

use confique::{Config, Layer};

mod problem;
mod sections;
#[cfg(test)]
mod tests;

pub use problem::Problem;
pub use sections::*;

/// What begins the name of every environment variable that is a setting.
const ENVIRONMENT_PREFIX: &str = "JIAOHAO_";

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
    /// The hospitals that share patients.
    #[config(nested)]
    pub site_group: SiteGroupSettings,
    /// What is logged on stderr.
    #[config(nested)]
    pub log: LogSettings,
    /// Signing in.
    #[config(nested)]
    pub identity: IdentitySettings,
    /// Who saw and did what, in data/audit/.
    #[config(nested)]
    pub audit: AuditSettings,
    /// Waiting-room and door screens.
    #[config(nested)]
    pub screens: ScreenSettings,
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
    pub fn load(file: Option<&Path>) -> Result<Self, Problem> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Problem::of_source(path.display(), format!("cannot be read: {error}")))?,
        };
        let source = file.unwrap_or(Path::new("defaults")).display().to_string();
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_parts(&source, &text, environment)
    }

    /// Loads the text of a file named `source` under these environment variables.
    pub fn from_parts(
        source: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problem> {
        let mut layer = SettingsLayer::empty();
        for (name, value) in environment {
            // A setting's name has two parts; `JIAOHAO_TOKEN` and the like are not settings.
            let Some((section, key)) = name.strip_prefix(ENVIRONMENT_PREFIX).and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            layer = layer.with_fallback(Self::from_variable(&name, &section, &key, &value)?);
        }
        let file: SettingsLayer = problem::read(source, text)?;
        let settings = Self::from_layer(layer.with_fallback(file).with_fallback(SettingsLayer::default_values()))
            .map_err(|error| Problem::of_source(source, error))?;
        settings.together().map_err(|what| Problem::of_source(source, what))?;
        Ok(settings)
    }

    /// One environment variable as a layer: its value is read as TOML where that fits the setting, else as plain text,
    /// else as a list separated by commas.
    fn from_variable(name: &str, section: &str, key: &str, value: &str) -> Result<SettingsLayer, Problem> {
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
            .or_else(|wrong: Problem| {
                problem::read(name, &as_plain).or_else(|_| problem::read(name, &as_list)).map_err(|_| wrong)
            })
            .map_err(|wrong| wrong.without_line())
    }

    /// What must hold between settings.
    fn together(&self) -> Result<(), String> {
        if self.server.tls_certificate_file.is_some() != self.server.tls_key_file.is_some() {
            return Err(
                "server.tls_certificate_file and server.tls_key_file belong together: give both or neither".to_owned()
            );
        }
        if self.data.last_reserve_mib >= self.data.reserve_mib {
            return Err("data.last_reserve_mib must be below data.reserve_mib".to_owned());
        }
        if self.limits.hello_bytes > self.limits.frame_bytes {
            return Err("limits.hello_bytes must not exceed limits.frame_bytes".to_owned());
        }
        if self.limits.outbox_bytes < self.limits.frame_bytes {
            return Err("limits.outbox_bytes must not be below limits.frame_bytes: one frame has to fit".to_owned());
        }
        Ok(())
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
