//! `jiaohao board`: a waiting-room display in a terminal. Only what belongs to the command line; the display itself is
//! in `jiaohao-queue-display`.

use std::io::IsTerminal;

use jiaohao_domain::is_well_formed;
use jiaohao_queue_display::terminal::{Options, TerminalError, draw::Style, run as show};

use super::Failure;
use super::account::Token;

/// A waiting-room display in a terminal.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  JIAOHAO_TOKEN=$(jiaohao token issue --role screen --site renmin --screen renmin.s1 --board renmin.3f) \\
    jiaohao board --url http://localhost:8080 --board renmin.3f
  jiaohao board --url http://localhost:8080 --board renmin.3f --token-file screen.token
  jiaohao board --url http://localhost:8080 --board renmin.3f --once        one picture, for a look or a script")]
pub struct Args {
    /// Where the server is (http:// or https://; a certificate of the hospital's own authority is named in SSL_CERT_FILE).
    #[arg(long)]
    url: String,
    /// Which board.
    #[arg(long)]
    board: String,
    #[command(flatten)]
    token: Token,
    /// Columns; absent: those of the terminal as `COLUMNS` says, else 100.
    #[arg(long, env = "COLUMNS", default_value_t = 100)]
    width: u16,
    /// Show one complete picture and end.
    #[arg(long)]
    once: bool,
}

/// Shows the board until Ctrl-C. Exit code 2 for a wrong address or a missing token, 1 when the server refuses.
pub fn run(args: Args) -> Result<(), Failure> {
    if !is_well_formed(&args.board) {
        return Err(Failure::Usage(format!("{}: not a board's id", args.board)));
    }
    let style =
        Style { width: usize::from(args.width.clamp(40, 400)), colours: std::io::stdout().is_terminal() && !args.once };
    let options = Options { url: args.url, board: args.board, token: args.token.needed()?, style, once: args.once };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(async {
        tokio::select! {
            ended = show(options) => ended.map_err(|error| match error {
                TerminalError::Address(_) => Failure::Usage(error.to_string()),
                _ => Failure::failed(error),
            }),
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })
}
