//! How a program ends.

use std::process::ExitCode;

use crate::signals::Interrupted;

/// The exit code of what a program did. An error is told; one that is a signal's has the code of that signal.
pub fn exit_code(result: anyhow::Result<ExitCode>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        anstream::eprintln!("{interrupted}");
        return ExitCode::from(interrupted.exit_code());
    }
    let red = anstyle::AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{red}error:{red:#} {error:#}");
    ExitCode::FAILURE
}
