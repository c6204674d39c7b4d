//! `jiaohao sandbox`: the outside parties, played.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::Timestamp;

use super::serve::stop_signal;
use super::{Failure, print_result};
use crate::pay::sandbox as pay;
use crate::reach::sandbox::{Options, Sandbox};

/// A text message service, WeChat, a push service and a payment gateway for trying out: nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao sandbox all --callback http://127.0.0.1:8080    prints the settings that lead to it
  jiaohao sandbox sms --port 9401
  jiaohao sandbox pay --callback http://127.0.0.1:8080    a payment gateway: docs/payment.md

What came is on its page and, as JSON, under /sent. Numbers, openids and subscriptions that end in 0001 to 0009 misbehave:
docs/channels.md.")]
pub struct Args {
    /// Whom to play.
    #[arg(value_enum)]
    party: Party,
    /// On 127.0.0.1.
    #[arg(long, default_value_t = 9400)]
    port: u16,
    /// The server that is told what became of messages, as http://127.0.0.1:8080. Absent: nobody is told.
    #[arg(long)]
    callback: Option<String>,
    /// How long after a message its report comes, in milliseconds.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(..=600_000))]
    report_after_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Party {
    /// A text message service.
    Sms,
    /// WeChat.
    Wechat,
    /// A push service with browsers that subscribe.
    Push,
    /// These three.
    All,
    /// A payment gateway.
    Pay,
}

/// What is said of the settings that are printed.
const SETTINGS: &str = "Settings that lead there (a section stands once: put them under the one that the file has)";

/// Why it does not listen, and what to do.
fn not_bound(port: u16, error: &std::io::Error) -> Failure {
    let next = match error.kind() {
        std::io::ErrorKind::AddrInUse => ": choose another --port, or stop what has it (`ss -ltnp` names it)",
        std::io::ErrorKind::PermissionDenied => ": choose a --port from 1024 on",
        _ => "",
    };
    Failure::Failed(format!("127.0.0.1:{port}: {error}{next}"))
}

/// Plays until SIGTERM or Ctrl-C.
pub fn run(args: Args) -> Result<(), Failure> {
    if args.party == Party::Pay {
        return run_pay(args);
    }
    let port = args.port;
    let plays = |party: Party| args.party == party || args.party == Party::All;
    let options = Options {
        sms: plays(Party::Sms),
        wechat: plays(Party::Wechat),
        push: plays(Party::Push),
        callback: args.callback.clone(),
        report_after: Duration::from_millis(args.report_after_ms),
        ..Options::all((Ipv4Addr::LOCALHOST, args.port).into())
    };
    actix::System::new().block_on(async move {
        let wall = Arc::new(|| Timestamp(wall_ms()));
        let sandbox = Sandbox::start(options, wall).map_err(|error| not_bound(port, &error))?;
        let (at, settings) = (sandbox.address, sandbox.settings());
        print_result(&format!("# What came: http://{at}/. {SETTINGS}:\n{settings}"))?;
        stop_signal().await.map_err(Failure::failed)?;
        sandbox.stop().await;
        Ok(())
    })
}

/// The payment gateway alone: it is no way to reach anybody.
fn run_pay(args: Args) -> Result<(), Failure> {
    let port = args.port;
    let options = pay::Options {
        callback: args.callback,
        word_after: Duration::from_millis(args.report_after_ms),
        ..pay::Options::at((Ipv4Addr::LOCALHOST, args.port).into())
    };
    actix::System::new().block_on(async move {
        let wall = Arc::new(|| Timestamp(wall_ms()));
        let sandbox = pay::Sandbox::start(options, wall).map_err(|error| not_bound(port, &error))?;
        let (at, settings) = (sandbox.address, sandbox.settings());
        print_result(&format!("# What was paid: http://{at}/seen. {SETTINGS}:\n{settings}"))?;
        stop_signal().await.map_err(Failure::failed)?;
        sandbox.stop().await;
        Ok(())
    })
}
