//! Sockets are numbered upwards, one is wanted at a time, and each that is to be closed is let go within its grace.

use openclaw_proto::{ConnId, Output};

use super::Invariant;
use crate::watch::{Call, Chronicle, Socket, Step};

#[derive(Debug, Default)]
pub(super) struct SocketLife {
    newest: Option<ConnId>,
}

impl Invariant for SocketLife {
    fn name(&self) -> &'static str {
        "socket_life"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let mut sockets = known.sockets.clone();
        if let Call::Input { conn, input: openclaw_proto::Input::Closed { .. } | openclaw_proto::Input::Failed(_) } =
            step.call
        {
            sockets.remove(&conn);
        }
        for output in step.outputs {
            match output {
                Output::Dial { conn, deadline, .. } => {
                    if self.newest.replace(*conn).is_some_and(|newest| newest >= *conn) {
                        return Err(format!("{conn} is dialed again"));
                    }
                    if *deadline != step.now.mono.after(known.config.timeouts.dial) {
                        return Err(format!("{conn} may take until {deadline:?}"));
                    }
                    sockets.insert(*conn, Socket::Wanted);
                }
                Output::Close { conn, .. } => {
                    let until = step.now.mono.after(known.config.timeouts.close_grace);
                    if sockets.insert(*conn, Socket::Closing(until)) != Some(Socket::Wanted) {
                        return Err(format!("{conn} is to be closed, which is not open"));
                    }
                }
                Output::Abort { conn } if sockets.remove(conn).is_none() => {
                    return Err(format!("{conn} is to be dropped, which is gone"));
                }
                _ => {}
            }
        }
        let wanted = sockets.values().filter(|socket| **socket == Socket::Wanted).count();
        if wanted > 1 || sockets.len() > 2 {
            return Err(format!("{sockets:?} at once"));
        }
        for (conn, socket) in &sockets {
            let Socket::Closing(until) = socket else { continue };
            let older = known.sockets.get(conn) == Some(socket);
            if matches!(step.call, Call::Timeout) && older && *until <= step.now.mono {
                return Err(format!("{conn} outlives its close"));
            }
            if step.after.timeout.is_none_or(|(armed, _)| armed > *until) {
                return Err(format!("the end of {conn} at {until:?} is not armed"));
            }
        }
        Ok(())
    }
}
