//! The `jiaohao` program: reads the command line and runs it.

fn main() -> std::process::ExitCode {
    jiaohao::cli::main()
}
