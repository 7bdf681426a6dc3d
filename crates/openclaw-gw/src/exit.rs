//! Exit codes: what a script can tell apart.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Success = 0,
    /// The gateway answered, and its answer is a refusal.
    Refused = 1,
    /// No connection, or a connection that broke.
    Connection = 2,
    /// Time ran out.
    Timeout = 3,
    /// An operator has to approve the device first.
    Pairing = 4,
    /// The credential or the device was refused, or the gateway's certificate is not the pinned one.
    Authentication = 5,
    /// The command line, or a file it names, cannot be used (`EX_USAGE` of `sysexits.h`).
    Usage = 64,
    /// Standard output cannot be written (`EX_IOERR`); one that was closed is no error.
    Output = 74,
    /// Interrupted before it was done: 128 and the number of SIGINT, as shells count.
    Interrupted = 130,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_the_help_promises() {
        let all = [
            (Exit::Success, 0),
            (Exit::Refused, 1),
            (Exit::Connection, 2),
            (Exit::Timeout, 3),
            (Exit::Pairing, 4),
            (Exit::Authentication, 5),
            (Exit::Usage, 64),
            (Exit::Output, 74),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in all {
            assert_eq!(exit.code(), code);
            assert!(crate::cli::AFTER_HELP.contains(&format!("  {code:<4}")), "{code}");
        }
    }
}
