//! Standard output, which may be slow, and which may be closed.

use std::future::{Future, pending};
use std::io::{self, Write as _};

use tokio::io::AsyncWriteExt;

use crate::commands::Halt;
use crate::exit::Exit;
use crate::failure::Failure;

/// Standard output. A reader that is slow does not hold up the connection.
pub(crate) struct Stdout(tokio::io::Stdout);

impl Stdout {
    pub(crate) fn new() -> Self {
        Self(tokio::io::stdout())
    }

    /// Writes a line.
    pub(crate) async fn line(&mut self, text: &str) -> Result<(), Halt> {
        let mut line = String::with_capacity(text.len() + 1);
        line.push_str(text);
        line.push('\n');
        let result = async {
            self.0.write_all(line.as_bytes()).await?;
            self.0.flush().await
        };
        result.await.map_err(|error| halt(&error))
    }
}

fn halt(error: &io::Error) -> Halt {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Halt::StdoutClosed,
        _ => Failure::output(error).into(),
    }
}

/// Writes lines for a command that has nothing else to do meanwhile.
pub(crate) fn print(text: &str) -> Result<Exit, Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        // A reader that has gone has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::output(&error)),
        _ => Ok(Exit::Success),
    }
}

/// Ends when nobody can read standard output any more. Without this, a program that waits for events would notice
/// only at the next one.
#[cfg(unix)]
pub(crate) fn closed() -> impl Future<Output = ()> {
    use rustix::event::{PollFd, PollFlags, poll};

    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let stdout = io::stdout();
        loop {
            let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) if fds.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP)) => {
                    let _ = tell.send(());
                    return;
                }
                _ => return,
            }
        }
    });
    async {
        if told.await.is_err() {
            pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn closed() -> impl Future<Output = ()> {
    pending()
}
