//! How a command is let in at a running server: the token of an account or of a screen.

use std::path::PathBuf;

use super::Failure;

/// The token: of a file, or of the environment.
#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// A file that holds the token, safer where others can list processes; else JIAOHAO_TOKEN has it.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The token itself.
    #[arg(long, env = "JIAOHAO_TOKEN", hide = true, hide_env_values = true)]
    token: Option<String>,
}

impl Token {
    /// The token, if one is given.
    pub(super) fn if_given(&self) -> Result<Option<String>, Failure> {
        let token = match (&self.token, &self.token_file) {
            // What stands on the command line counts more than what stands in the environment.
            (_, Some(file)) => {
                std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?
            }
            (Some(token), None) => token.clone(),
            (None, None) => return Ok(None),
        };
        let token = token.trim().to_owned();
        if token.is_empty() { Err(Failure::Usage("the token is empty".into())) } else { Ok(Some(token)) }
    }

    /// The token, where there is no way without.
    pub(super) fn needed(&self) -> Result<String, Failure> {
        let missing = || Failure::Usage("a token is needed: JIAOHAO_TOKEN or --token-file".to_owned());
        self.if_given()?.ok_or_else(missing)
    }
}
