//! The thread that drives a client while nobody waits for it.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::crew::{Crew, Watch};
use crate::event_loop::Turn;

/// For so long nobody has led when the background thread takes over. A program that makes call after call leads again within
/// that time, and to fight with it for the lead would cost it more than the calls.
const LINGER: Duration = Duration::from_millis(1);

/// Starts the thread. It ends with the client.
pub(crate) fn start(crew: &Arc<Crew>) -> io::Result<()> {
    let shared = Arc::clone(crew);
    let thread = thread::Builder::new().name("openclaw-client".into()).spawn(move || run(&shared))?;
    crew.reactor().bell().set_background(thread.thread().clone());
    Ok(())
}

fn run(crew: &Crew) {
    let mut saw = None;
    loop {
        match crew.watch(&mut saw) {
            Watch::Lead(mut lead) => {
                while lead.turn(None) == Turn::Running {
                    lead.listen();
                    if lead.is_wanted() {
                        // What he asks is under way before he is awake.
                        lead.advance();
                        break;
                    }
                }
                // Whoever wanted it may need a moment to take it.
                saw = None;
            }
            Watch::Linger => thread::park_timeout(LINGER),
            Watch::LingerLong => thread::park_timeout(4 * LINGER),
            Watch::Sleep => thread::park(),
            Watch::End => return,
        }
    }
}
